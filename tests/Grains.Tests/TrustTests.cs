using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Grains.Access;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>Who is believed: boot tokens, sessions, generations and beacons, each tried by someone who should not be.</summary>
public sealed class TrustTests(World world) : IClassFixture<World>
{
    const string Somewhere = "10.9.0.1";
    const string Nonce = "0123456789abcdef0123456789abcdef";

    [Fact]
    public async Task A_boot_token_buys_one_session_for_the_agent_that_asked_first()
    {
        var (server, id) = await Waiting();
        var token = await Token(server);
        var session = await Connected(server, token);

        // Its answer may have been lost on the way: the same agent gets the same one again, whichever node it asks.
        Assert.Equal(session.Credential, (await Connected(server, token)).Credential);
        Assert.NotNull((await world.MachineGate.NextTask(session.Credential, TimeSpan.Zero)).Value);
        Refused(await Connect(server, token, nonce: new string('x', 32)));
        await world.Restart();
        Assert.Equal(session.Credential, (await Connected(server, token)).Credential);
        Refused(await Connect(server, token, nonce: new string('x', 32)));

        // Whoever asked, there was one session.
        await world.Seen();
        Assert.Single(world.Watch.Of($"operation-{id}").OfType<AgentConnected>());
        await Over(id);
    }

    [Fact]
    public async Task A_boot_token_of_another_operation_is_refused()
    {
        var (server, id) = await Waiting();
        var (other, otherId) = await Waiting();
        var token = await Token(other);
        var answer = await world.Inside(g => g.GetGrain<IOperationGrain>(id).Connect(new(token, Nonce, server.Evidence, "test")));
        Refused(answer);

        // One of an operation of this very machine that has ended is no better.
        var old = await Token(server);
        await Over(id);
        var next = await world.Begin(new InspectMachine(server.Id));
        await AtAwaitPious(next);
        Refused(await Connect(server, old));
        await world.Seen();
        Assert.DoesNotContain(world.Watch.Of($"operation-{next}"), e => e is AgentConnected);
        Assert.DoesNotContain(world.Watch.Of($"operation-{id}"), e => e is AgentConnected);
        await Over(next);
        await Over(otherId);
    }

    [Fact]
    public async Task A_boot_token_that_expired_is_refused()
    {
        var (server, id) = await Waiting();
        var token = await Token(server);
        world.Time.Advance(TimeSpan.FromMinutes(31));
        Refused(await Connect(server, token));
        await Over(id);
    }

    [Fact]
    public async Task A_boot_token_altered_in_any_part_is_refused()
    {
        var (server, id) = await Waiting();
        var token = await Token(server);
        var parts = token.Split('.');
        for (var i = 0; i < parts.Length; i++)
        {
            var altered = (string[])parts.Clone();
            altered[i] = (altered[i][0] == '0' ? '1' : '0') + altered[i][1..];
            Refused(await Connect(server, string.Join('.', altered)));
        }
        Refused(await Connect(server, token + "0"));
        Refused(await Connect(server, token[..^1]));
        Assert.NotNull(await Connected(server, token)); // unaltered it is good
        await Over(id);
    }

    [Fact]
    public async Task An_agent_with_another_serial_is_refused_and_the_machine_is_held()
    {
        var (server, id) = await Waiting();
        var answer = await Connect(server, await Token(server), server.Evidence with { Serial = "SRV-OTHER" });
        Assert.Equal(ProblemCodes.MachineIdentityMismatch, answer.Problem?.Code);
        Assert.Null(answer.Value);
        var (held, _) = await world.Watch.For<MachineHeld>($"machine-{server.Id}", "it was held");
        Assert.Equal(Holds.Identity, held.Source);
        Assert.Contains("SRV-OTHER", held.Why, StringComparison.Ordinal);
        await world.Seen();
        Assert.DoesNotContain(world.Watch.Of($"operation-{id}"), e => e is AgentConnected);
        await Over(id);
    }

    [Fact]
    public async Task An_old_session_is_over_once_a_newer_one_is_there()
    {
        var (server, id) = await Waiting();
        var old = await Connected(server, await Token(server));
        var task = (await world.MachineGate.NextTask(old.Credential, TimeSpan.Zero)).Value!;
        var newer = await Connected(server, await Token(server));

        Assert.Equal(ProblemCodes.Unauthenticated, (await world.MachineGate.NextTask(old.Credential, TimeSpan.Zero)).Problem?.Code);
        Assert.Equal(ProblemCodes.Unauthenticated, (await world.MachineGate.Progress(old.Credential, task.Id, new(1, "", []))).Problem?.Code);
        Assert.Equal(ProblemCodes.Unauthenticated, (await world.MachineGate.Result(old.Credential, task.Id, new(null, Inventory: server.Hardware))).Problem?.Code);
        Assert.Equal(ProblemCodes.Unauthenticated, (await world.MachineGate.MayFetchImage(old.Credential, new string('a', 64)))?.Code);
        Assert.Equal(task.Id, (await world.MachineGate.NextTask(newer.Credential, TimeSpan.Zero)).Value?.Id);
        await Over(id);
    }

    [Fact]
    public async Task The_result_of_an_older_generation_changes_nothing()
    {
        var (server, id) = await Waiting();
        var stream = $"operation-{id}";
        var session = await Connected(server, await Token(server));
        var old = (await world.MachineGate.NextTask(session.Credential, TimeSpan.Zero)).Value!;

        // It takes too long; the machine is booted again and has the task anew.
        await world.Pass(id, old.Deadline);
        var (failed, number) = await world.Watch.For<StepFailed>(stream, "the task was given up");
        await world.Pass(id, failed.RetryAt!.Value);
        await world.Watch.For<StepStarted>(stream, "it was booted again", s => s.Step == Workflows.Steps.AwaitPious, number);
        var newer = await Connected(server, await Token(server));
        var task = (await world.MachineGate.NextTask(newer.Credential, TimeSpan.Zero)).Value!;
        Assert.True(task.Generation > old.Generation);

        var before = await Version(id);
        Assert.Equal(ProblemCodes.OperationStale, (await world.MachineGate.Result(newer.Credential, old.Id, new(null, Inventory: server.Hardware))).Problem?.Code);
        Assert.Equal(ProblemCodes.OperationStale, (await world.MachineGate.Progress(newer.Credential, old.Id, new(1, "", []))).Problem?.Code);
        Assert.Equal(ProblemCodes.Unauthenticated, (await world.MachineGate.Result(session.Credential, old.Id, new("late"))).Problem?.Code);
        Assert.Equal(before, await Version(id));
        Assert.Equal(task.Id, (await world.MachineGate.NextTask(newer.Credential, TimeSpan.Zero)).Value?.Id);
        await Over(id);
    }

    [Theory, InlineData("serial"), InlineData("board"), InlineData("image"), InlineData("disk"), InlineData("memory"), InlineData("id"), InlineData("token")]
    public async Task A_beacon_that_is_not_of_what_was_installed_is_not_believed(string wrong)
    {
        var server = await world.Spare(s => s.Calls = b => wrong switch
        {
            "serial" => b with { Evidence = b.Evidence with { Serial = "SRV-OTHER" } },
            "board" => b with { Evidence = b.Evidence with { BoardSerial = "B-OTHER" } },
            "image" => b with { Image = "debian@9" },
            "disk" => b with { DiskSerials = [] },
            "memory" => b with { MemoryMiB = 1 },
            "id" => b with { Machine = "srv-other" },
            _ => b with { Token = b.Token[..^1] + (b.Token[^1] == '0' ? '1' : '0') },
        });
        var id = await world.Begin(server.Provision());

        // A stranger's beacon is no news of this machine: it goes on waiting for its own.
        var stranger = wrong is "id" or "token";
        var ended = await world.Finish(id, silent: step => stranger && step == Workflows.Steps.AwaitFirstBoot);
        Assert.Equal(Ending.Failed, ended.Result);
        if (stranger) Assert.Contains(server.Refusals, p => p.Code == ProblemCodes.BootTokenRefused);
        world.AtRest(server);
        Assert.Equal("inventory", world.State(server.Id).Stage);
        Assert.Contains(Holds.Dirty, world.HoldsOf(server));
        Assert.DoesNotContain(world.Watch.Of($"machine-{server.Id}"), e => e is MachineProvisioned);
    }

    /// <summary>A racked server whose inspection waits for PIOUS, which does not come: the test answers in its place.</summary>
    async Task<(Server Server, string Operation)> Waiting()
    {
        var server = await world.Racked(s => s.Silent = step => step == Workflows.Steps.AwaitPious);
        var id = await world.Begin(new InspectMachine(server.Id));
        await AtAwaitPious(id);
        return (server, id);
    }

    Task AtAwaitPious(string id) => world.Watch.For<StepStarted>($"operation-{id}", "it waits for PIOUS", s => s.Step == Workflows.Steps.AwaitPious);

    async Task<string> Token(Server server) => (await world.MachineGate.Boot(server.Mac, server.Uuid, server.Serial, Somewhere)).Token!;

    /// <summary>Asks as an agent does: again, while the power-on is still being recorded.</summary>
    async Task<AgentAnswer<SessionGranted>> Connect(Server server, string token, MachineEvidence? evidence = null, string nonce = Nonce)
    {
        while (true)
        {
            var answer = await world.MachineGate.Connect(new(token, nonce, evidence ?? server.Evidence, "test"), Somewhere);
            if (answer.Problem?.Code != ProblemCodes.Unavailable) return answer;
        }
    }

    async Task<SessionGranted> Connected(Server server, string token)
    {
        var answer = await Connect(server, token);
        Assert.True(answer.Problem is null, $"{answer.Problem}");
        return answer.Value!;
    }

    static void Refused(AgentAnswer<SessionGranted> answer)
    {
        Assert.Null(answer.Value);
        Assert.Equal(ProblemCodes.BootTokenRefused, answer.Problem?.Code);
    }

    async Task<long> Version(string id) => (await world.Inside(g => g.GetGrain<IOperationGrain>(id).Read()))!.Version;

    async Task Over(string id)
    {
        await world.Done(new CancelOperation(id, "the test is over"));
        await world.Finish(id);
    }
}
