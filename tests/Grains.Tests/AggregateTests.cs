using System.Collections.Immutable;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Events;
using Ppec.Domain.Machines;
using Ppec.Grains.Tests.Rig;
using Ppec.Stores.Codec;

namespace Ppec.Grains.Tests;

/// <summary>
/// Write, then remember. The mutants that must fail here: without <c>DeactivateOnIdle</c> or the re-read in <c>AggregateGrain.LookUp</c>;
/// without the remembered answers; with more than three decisions.
/// </summary>
public sealed class AggregateTests(World world) : IClassFixture<World>, IDisposable
{
    static Caller Caller(string command, string body = "") => new("tester", "t", "10.0.0.1", command, body);

    Task<Outcome> Tag(Server server, string value, Caller caller, long? ifVersion = null) => world.Inside(g => g.GetGrain<IMachineGrain>(server.Id).Execute(
        new TagMachine(server.Id, ImmutableDictionary<string, string>.Empty.Add("team", value), []) { At = world.Time.Now, IfVersion = ifVersion }, caller));

    int Tags(Server server) => world.Watch.Of($"machine-{server.Id}").OfType<MachineTagged>().Count();

    async Task Settled(Server server, int tags) => await world.Watch.For<MachineTagged>($"machine-{server.Id}", $"tag {tags}", _ => Tags(server) >= tags);

    [Fact]
    public async Task An_answer_lost_after_the_write_is_found_again()
    {
        var server = await world.Racked();
        var (lost, calls) = (0, 0);
        world.Store.Fails = stream => stream == $"machine-{server.Id}" && calls++ == 0 && ++lost == 1 ? Fault.LosesAnswer : Fault.None;

        var first = await Tag(server, "payments", Caller("c-1"));
        Assert.Null(first.Problem);
        Assert.Equal(1, lost);

        // The same command again answers as the first, from this activation and from the next.
        var again = await Tag(server, "payments", Caller("c-1"));
        Assert.Equal(first, again);
        await world.Silo.Activations.End(server.Id);
        Assert.Equal(first, await Tag(server, "payments", Caller("c-1")));
        await Settled(server, 1);
        Assert.Equal(1, Tags(server));
    }

    [Fact]
    public async Task An_answer_lost_while_the_store_is_away_is_unknown_and_the_repeat_is_right()
    {
        var server = await world.Racked();
        await Tag(server, "before", Caller("w-0"));
        world.Store.Fails = stream => stream == $"machine-{server.Id}" ? Fault.LosesAnswer : Fault.None;
        world.Store.Unreadable = stream => stream == $"machine-{server.Id}";

        Assert.Equal(ProblemCodes.OutcomeUnknown, (await Tag(server, "after", Caller("w-1"))).Problem?.Code);

        // The activation that does not know what it wrote is gone: it never answers from what it half remembers.
        world.Store.Fails = _ => Fault.None;
        world.Store.Unreadable = _ => false;
        var repeat = await Tag(server, "after", Caller("w-1"));
        Assert.Null(repeat.Problem);
        Assert.True(repeat.Position > LogPosition.Start);
        await Settled(server, 2);
        Assert.Equal(2, Tags(server));
        Assert.Equal(3, repeat.Version);
    }

    [Fact]
    public async Task A_store_that_refuses_writes_nothing_and_says_unknown()
    {
        var server = await world.Racked();
        var appends = 0;
        world.Store.Fails = stream => stream != $"machine-{server.Id}" ? Fault.None : ++appends > 0 ? Fault.Refuses : Fault.None;
        Assert.Equal(ProblemCodes.OutcomeUnknown, (await Tag(server, "a", Caller("r-1"))).Problem?.Code);
        Assert.Equal(ProblemCodes.OutcomeUnknown, (await Tag(server, "a", Caller("r-1"))).Problem?.Code);
        Assert.Equal(2, appends); // once a call: a store that refuses is not hammered

        world.Store.Fails = _ => Fault.None;
        Assert.Null((await Tag(server, "a", Caller("r-1"))).Problem);
        await Settled(server, 1);
        Assert.Equal(1, Tags(server));
    }

    [Fact]
    public async Task A_second_writer_is_met_by_deciding_again()
    {
        var server = await world.Racked();
        var rivals = 2;
        world.Store.Before = stream => stream == $"machine-{server.Id}" && rivals-- > 0 ? Rival(server) : Task.CompletedTask;
        var outcome = await Tag(server, "mine", Caller("v-1"));
        Assert.Null(outcome.Problem);
        Assert.Equal(4, outcome.Version);
    }

    [Fact]
    public async Task After_three_decisions_it_gives_up_with_a_word_to_send_again()
    {
        var server = await world.Racked();
        var appends = 0;
        world.Store.Before = stream => { if (stream != $"machine-{server.Id}") return Task.CompletedTask; appends++; return Rival(server); };
        var outcome = await Tag(server, "mine", Caller("v-2"));
        Assert.Equal(ProblemCodes.Unavailable, outcome.Problem?.Code);
        Assert.Equal(3, appends);
        world.Store.Before = _ => Task.CompletedTask;
        Assert.Null((await Tag(server, "mine", Caller("v-2"))).Problem);
    }

    [Fact]
    public async Task One_key_is_for_one_body()
    {
        var server = await world.Racked();
        Assert.Null((await Tag(server, "a", Caller("k-1", "body-a"))).Problem);
        Assert.Equal(ProblemCodes.KeyReused, (await Tag(server, "b", Caller("k-1", "body-b"))).Problem?.Code);
    }

    [Fact]
    public async Task A_version_that_has_moved_on_is_refused()
    {
        var server = await world.Racked();
        var seen = (await Tag(server, "a", Caller("i-1"))).Version;
        Assert.Null((await Tag(server, "b", Caller("i-2"), seen)).Problem);
        Assert.Equal(ProblemCodes.VersionStale, (await Tag(server, "c", Caller("i-3"), seen)).Problem?.Code);
        Assert.Null((await Tag(server, "b", Caller("i-2"), seen)).Problem); // the repeat of what was done is done
    }

    /// <summary>A zombie of the same grain elsewhere writes first.</summary>
    async Task Rival(Server server)
    {
        var log = new Log(world.Store.Log, EventNames.Codec());
        var (version, hash) = (0L, EventChain.Genesis);
        await foreach (var entry in log.Read($"machine-{server.Id}", 0)) (version, hash) = (entry.Version + 1, entry.Hash);
        var tagged = new MachineTagged(ImmutableSortedDictionary<string, string>.Empty.Add($"rival-{version}", "was here"), []) { At = world.Time.Now };
        await log.Append($"machine-{server.Id}", version, hash, [tagged], Log.Stamp(Caller($"rival-{server.Id}-{version}"), world.Time.Now));
    }

    public void Dispose() => world.Calm();
}
