using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Ppec.Drivers.Bmc;
using Ppec.Grains.Access;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>A world whose machines are looked at every two minutes.</summary>
public sealed class WatchedWorld : IAsyncLifetime
{
    public static readonly TimeSpan Every = TimeSpan.FromMinutes(2);

    public World World { get; } = new();

    public async ValueTask InitializeAsync()
    {
        World.Options = World.Options with { WatchEvery = Every };
        await World.InitializeAsync();
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();
}

/// <summary>Drift is noticed within an interval, noted once, cleared once, and nothing is ever sent for it.</summary>
public sealed class DriftTests(WatchedWorld watched) : IClassFixture<WatchedWorld>
{
    readonly World world = watched.World;

    [Fact]
    public async Task Power_flipped_by_hand_is_noted_once_within_an_interval_and_cleared_when_it_is_back()
    {
        var server = await world.Spare();
        var from = Facts(server).Count;
        var asked = server.Bmc.Journal.Count;

        server.Bmc.Turn(PowerState.On);
        await Look(server);
        await world.Watch.For<DriftNoted>(Stream(server), "a spare that is on is noted", after: from);
        await Look(server);
        server.Bmc.Turn(PowerState.Off);
        await Look(server);
        await world.Watch.For<DriftCleared>(Stream(server), "it is cleared", after: from);
        await Look(server);

        await world.Seen();
        Assert.Equal([new DriftNoted("power", "off", "on"), new DriftCleared("power")], Facts(server).Skip(from).Cast<MachineEvent>().Select(e => e with { At = default }));
        OnlyLookedAt(server, asked);
    }

    [Fact]
    public async Task A_machine_in_production_that_goes_off_is_left_off()
    {
        var server = await world.Baremetal();
        var (from, asked) = (Facts(server).Count, server.Bmc.Journal.Count);
        server.Bmc.Turn(PowerState.Off);
        await Look(server);
        var (noted, _) = await world.Watch.For<DriftNoted>(Stream(server), "a machine in production that is off is noted", after: from);
        Assert.Equal(("power", "on", "off"), (noted.Kind, noted.Expected, noted.Found));
        await Look(server);
        OnlyLookedAt(server, asked);
        Assert.Equal(PowerState.Off, server.Bmc.Power);
    }

    [Fact]
    public async Task Nothing_is_looked_at_while_an_operation_works_on_it()
    {
        var server = await world.Racked(s => s.Silent = step => step == "await-pious");
        await Look(server);
        var operation = await world.Begin(new InspectMachine(server.Id));
        await world.Watch.For<Domain.Operations.StepStarted>($"operation-{operation}", "it waits for PIOUS", e => e.Step == Workflows.Steps.AwaitPious);
        var (looks, from) = (Looks(server), Facts(server).Count);
        await Pass(WatchedWorld.Every);
        await Pass(WatchedWorld.Every);
        Assert.Equal(looks, Looks(server));
        await world.Seen();
        Assert.Equal(from, Facts(server).Count);
    }

    [Fact]
    public async Task A_BMC_that_stays_silent_is_drift_after_three_looks_and_is_then_asked_less_often()
    {
        var server = await world.Spare();
        var (from, asked) = (Facts(server).Count, server.Bmc.Journal.Count);
        server.Bmc.Broken = BmcFailure.Unreachable;
        for (var i = 0; i < 3; i++) await Tried(server);
        var (noted, _) = await world.Watch.For<DriftNoted>(Stream(server), "a silent BMC is noted", after: from);
        Assert.Equal("bmc-unreachable", noted.Kind);
        Assert.Equal(3, server.Bmc.Journal.Count - asked);
        for (var i = 0; i < 14; i++) await Pass(WatchedWorld.Every);
        Assert.InRange(server.Bmc.Journal.Count - asked, 4, 8); // 3, then after 1, 2, 4 and 8 intervals: not one in each of them

        server.Bmc.Broken = null;
        var silent = Looks(server);
        for (var i = 0; i < 10 && Looks(server) == silent; i++) await Pass(WatchedWorld.Every);
        await world.Watch.For<DriftCleared>(Stream(server), "it answers again", after: from);
        await world.Seen();
        Assert.Equal(2, Facts(server).Count - from);
    }

    [Fact]
    public async Task A_BMC_that_speaks_for_another_machine_names_both()
    {
        var (server, other) = (await world.Spare(), await world.Racked());
        var from = Facts(server).Count;
        server.Bmc.Identity = other.Bmc.Identity;
        await Look(server);
        var (noted, _) = await world.Watch.For<DriftNoted>(Stream(server), "the other machine is noted", after: from);
        Assert.Equal("bmc", noted.Kind);
        Assert.Contains(server.Serial, noted.Expected, StringComparison.Ordinal);
        Assert.EndsWith($"that is {other.Id}", noted.Found, StringComparison.Ordinal);
        server.Bmc.Identity = new(server.Serial, server.Uuid, "Dell Inc.", "R650");
    }

    [Fact]
    public async Task A_spare_that_asks_what_to_boot_is_noted_at_once_and_boots_its_disk()
    {
        var server = await world.Spare();
        var from = Facts(server).Count;
        for (var i = 0; i < 3; i++) Assert.Null((await world.MachineGate.Boot(server.Mac, server.Uuid, server.Serial, "10.9.0.1")).Token);
        var (noted, _) = await world.Watch.For<DriftNoted>(Stream(server), "a spare that asked is noted", after: from);
        Assert.Equal(("power", "off", "on"), (noted.Kind, noted.Expected, noted.Found));
        await world.Seen();
        Assert.Equal(1, Facts(server).Count - from);
    }

    [Fact]
    public async Task A_later_boot_of_another_image_is_drift_although_its_token_is_long_spent()
    {
        Beacon home = null!;
        var server = await world.Baremetal(s => s.Calls = beacon => home = beacon);
        var from = Facts(server).Count;
        world.Time.Advance(TimeSpan.FromDays(3));
        Assert.Null((await world.MachineGate.Beacon(home, "10.9.0.77")).Problem);
        Assert.Null((await world.MachineGate.Beacon(home with { Image = "other@7" }, "10.9.0.77")).Problem);
        var (noted, _) = await world.Watch.For<DriftNoted>(Stream(server), "another image is noted", e => e.Kind == "image", after: from);
        Assert.Equal(("debian@1", "other@7"), (noted.Expected, noted.Found));
        Assert.Null((await world.MachineGate.Beacon(home, "10.9.0.77")).Problem);
        await world.Watch.For<DriftCleared>(Stream(server), "the right one clears it", e => e.Kind == "image", after: from);

        Assert.Equal(ProblemCodes.BootTokenRefused, (await world.MachineGate.Beacon(home with { Token = home.Token[..^4] + "0000" }, "10.9.0.77")).Problem?.Code);
        Assert.Equal(ProblemCodes.BootTokenRefused, (await world.MachineGate.Beacon(home with { Machine = "srv9999" }, "10.9.0.77")).Problem?.Code);
        Assert.Equal(ProblemCodes.Invalid, (await world.MachineGate.Beacon(home with { Image = new string('x', 300) }, "10.9.0.77")).Problem?.Code);
    }

    [Fact]
    public async Task Every_machine_has_its_turn_once_in_an_interval_wherever_the_beat_falls()
    {
        var start = world.Time.Now;
        foreach (var machine in Enumerable.Range(0, 2000).Select(i => $"sn-{i:x8}"))
        {
            var turns = 0;
            var since = start;
            foreach (var beat in Enumerable.Range(1, 600).Select(i => start + TimeSpan.FromMilliseconds(i * 1000 + (i % 7 * 130))))
            {
                if (Watching.Turns.Has(machine, since, beat, WatchedWorld.Every)) turns++;
                since = beat;
            }
            Assert.InRange(turns, 5, 6);
        }
        var busiest = Enumerable.Range(0, 120).Max(s => Enumerable.Range(0, 12000).Count(i => Watching.Turns.Has($"sn-{i:x8}", start + TimeSpan.FromSeconds(s), start + TimeSpan.FromSeconds(s + 1), WatchedWorld.Every)));
        Assert.InRange(busiest, 100, 150); // 100 a second on average
        await Task.CompletedTask;
    }

    static string Stream(Server server) => $"machine-{server.Id}";

    List<Contracts.Events.IDomainEvent> Facts(Server server) => [.. world.Watch.Of(Stream(server))];

    static int Looks(Server server) => server.Bmc.Journal.Count(j => j == "look");

    static void OnlyLookedAt(Server server, int from) => Assert.All(server.Bmc.Journal.Skip(from), j => Assert.Contains(j, new[] { "open 0", "look" }));

    Task Look(Server server) => Until(() => Looks(server));

    Task Tried(Server server) => Until(() => server.Bmc.Journal.Count);

    /// <summary>Lets time pass until the machine had its turn: an interval, and the beat in which its end falls.</summary>
    async Task Until(Func<int> count)
    {
        await world.Seen();
        Assert.True(await world.Silo.Model.WaitFor(await world.Store.End(default), TimeSpan.FromSeconds(30), default));
        var (before, since) = (count(), world.Time.Now);
        while (count() == before)
        {
            Assert.True(world.Time.Now - since <= WatchedWorld.Every * 1.3, "Nobody looked within the interval.");
            await Step();
        }
        await Task.Delay(50); // its report is on its way
    }

    async Task Pass(TimeSpan time)
    {
        for (var end = world.Time.Now + time; world.Time.Now < end;) await Step();
    }

    /// <summary>A tenth of an interval, and a moment for the beat to be heard.</summary>
    async Task Step()
    {
        world.Time.Advance(WatchedWorld.Every / 10);
        await Task.Delay(40);
    }
}
