using System.Text;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Grains.Access;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>What the gate lets in, what it answers to a repeat, and what never leaves it.</summary>
public sealed class GateTests(World world) : IClassFixture<World>, IDisposable
{
    [Fact]
    public async Task A_credential_altered_in_any_place_is_refused()
    {
        for (var i = 0; i < world.Token.Length; i++)
        {
            var altered = world.Token[..i] + (world.Token[i] == 'x' ? 'y' : 'x') + world.Token[(i + 1)..];
            Assert.Equal(ProblemCodes.Unauthenticated, await Try(altered));
        }
        Assert.Equal(ProblemCodes.Unauthenticated, await Try(Tokens.New("pat", "test"))); // well formed, another secret
        Assert.Equal(ProblemCodes.Unauthenticated, await Try(Tokens.New("agt", "test")));
        Assert.Equal(ProblemCodes.Unauthenticated, await Try(""));
        Assert.Null(await Try(world.Token));
        Assert.Contains(world.Attempts.All, a => a.Attempt is { Actor: null, Credential: null, Source: "10.9.9.9", Permission: "machine.read", Problem: ProblemCodes.Unauthenticated });

        async Task<string?> Try(string token) => (await world.Gate.Sight(new(token, "10.9.9.9", "machine.read"))).Problem?.Code;
    }

    [Fact]
    public async Task The_same_key_is_answered_with_the_same_operation()
    {
        var server = await world.Racked();
        var first = await world.Send(new InspectMachine(server.Id), key: "inspect-1");
        var again = await world.Send(new InspectMachine(server.Id), key: "inspect-1");
        Assert.NotNull(first.Operation);
        Assert.Equal(first, again);
        Assert.Equal(Ending.Succeeded, (await world.Finish(first.Operation)).Result);

        // Also once it is over, and from an activation that was not there then.
        Assert.Equal(first, await world.Send(new InspectMachine(server.Id), key: "inspect-1"));
        await world.Silo.Activations.End(server.Id);
        Assert.Equal(first, await world.Send(new InspectMachine(server.Id), key: "inspect-1"));
        await world.Seen();
        Assert.Single(world.Watch.Of($"machine-{server.Id}").OfType<InspectionStarted>());

        // The key is for that request alone.
        Assert.Equal(ProblemCodes.KeyReused, (await world.Send(server.Provision(), key: "inspect-1")).Problem?.Code);
        Assert.IsType<MachineState.Spare>(world.State(server.Id));
    }

    [Fact]
    public async Task A_plan_that_is_no_longer_what_would_happen_is_refused()
    {
        var server = await world.Spare();
        var plan = (await world.Send(server.Provision(), planOnly: true)).Plan!;
        await world.Seen();
        Assert.Empty(world.Watch.Of($"machine-{server.Id}").OfType<ProvisioningStarted>());

        Assert.Equal(ProblemCodes.PlanStale, (await world.Send(server.Provision("web-2") with { PlanHash = plan.Hash })).Problem?.Code);
        Assert.Equal(ProblemCodes.PlanStale, (await world.Send(server.Provision() with { PlanHash = new string('0', 64) })).Problem?.Code);

        // The disk was exchanged since, and an inspection saw it.
        server.Hardware = server.Hardware with { Disks = [server.Hardware.Disks[0] with { Serial = "NV-NEW" }] };
        await world.Finish(await world.Begin(new InspectMachine(server.Id)));
        Assert.Equal(ProblemCodes.PlanStale, (await world.Send(server.Provision() with { PlanHash = plan.Hash })).Problem?.Code);
        await world.Seen();
        Assert.Empty(world.Watch.Of($"machine-{server.Id}").OfType<ProvisioningStarted>());

        var fresh = (await world.Send(server.Provision(), planOnly: true)).Plan!;
        Assert.Null((await world.Send(server.Provision() with { PlanHash = fresh.Hash })).Problem);
    }

    [Fact]
    public async Task A_BMC_password_is_in_no_event_and_no_line_of_the_log()
    {
        const string Planted = "tr0ub4dor-and-3-planted";

        // Good use, a BMC that refuses the password, a store that is away, and a repeat that is refused: every way it could be told.
        var good = await world.Baremetal();
        Assert.Equal(Ending.Succeeded, (await world.Finish(await world.Begin(new ReleaseMachine(good.Id)))).Result);
        var server = new Server(world, 90);
        server.PlugIn();
        world.Store.Fails = stream => stream == $"machine-{server.Id}" ? Fault.Refuses : Fault.None;
        var answer = await world.Send(server.Rack("compute"), key: "rack-90", secret: new SecretText(Planted));
        Assert.Equal(ProblemCodes.OutcomeUnknown, answer.Problem?.Code);
        Assert.DoesNotContain(Planted, $"{answer}", StringComparison.Ordinal);
        world.Calm();
        await world.Done(server.Rack("compute"), new SecretText(Planted));
        var twice = await world.Send(server.Rack("compute") with { Serial = "SRV-OTHER" }, secret: new SecretText(Planted));
        Assert.NotNull(twice.Problem);
        Assert.DoesNotContain(Planted, $"{twice}", StringComparison.Ordinal);
        Assert.Equal(Ending.Failed, (await world.Finish(await world.Begin(new InspectMachine(server.Id)))).Result);

        var told = new[] { Planted, World.BmcPassword }
            .SelectMany(p => new[] { p, Convert.ToBase64String(Encoding.UTF8.GetBytes(p)), Convert.ToHexStringLower(Encoding.UTF8.GetBytes(p)) }).ToList();
        var events = 0;
        await foreach (var e in world.Store.Log.ReadAll(LogPosition.Start, default))
        {
            events++;
            var text = Encoding.UTF8.GetString(e.Data.Span) + Encoding.UTF8.GetString(e.Metadata.Span);
            Assert.All(told, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        }
        Assert.True(events > 50, $"only {events}: the log is not what was searched");
        Assert.NotEmpty(world.Logs.Lines);
        foreach (var line in world.Logs.Lines)
            Assert.All(told, secret => Assert.DoesNotContain(secret, line, StringComparison.Ordinal));
    }

    public void Dispose() => world.Calm();
}
