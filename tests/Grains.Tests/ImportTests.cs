using System.Collections.Immutable;
using System.Globalization;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Domain.Operations.Parents;
using Ppec.Domain.Racks;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>A site from a file: all that is wrong is told by line, every machine or none is racked, and whoever comes next goes on.</summary>
public sealed class ImportTests(World world) : IClassFixture<World>
{
    async Task Visible() => Assert.True(await world.Silo.Model.WaitFor(await world.Store.End(default), TimeSpan.FromSeconds(30), default));

    /// <summary>A region of its own with racks of fifty, a profile of three versions, and so many machines, each with a MAC and a BMC; a line each.</summary>
    static SiteFile Site(string region, int machines)
    {
        var (line, number) = (1, Math.Abs(region.GetHashCode(StringComparison.Ordinal)) % 0xffff);
        return new(
            [new(++line, new(region, "A site"))],
            [.. Enumerable.Range(1, (machines + 49) / 50).Select(r => new Row<RackBody>(++line, new($"{region}.r{r}", 50)))],
            [.. Enumerable.Range(1, 3).Select(v => new Row<ProfileRow>(++line, new($"{region}-kind", new(new CpuSpec(v)))))],
            [.. Enumerable.Range(0, machines).Select(i => new Row<MachineRow>(++line, new(
                $"{region}-{i:000}", $"{region}.r{1 + (i / 50)}", 1 + (i % 50), Profile: $"{region}-kind-v{1 + (i % 3)}", Macs: [string.Create(CultureInfo.InvariantCulture, $"02:11:{number >> 8:x2}:{number & 255:x2}:{i >> 8:x2}:{i & 255:x2}")],
                Bmc: new($"https://{region}-{i}.example", "admin", new SecretText($"secret-{i}")))))]);
    }

    static string Id(SiteFile file, int i) => MachineId.Of(file.Machines[i].Value.Serial);

    MachineState.Racked Racked(SiteFile file, int i) => Assert.IsType<MachineState.Racked>(world.State(Id(file, i)));

    [Fact]
    public async Task A_silo_that_dies_in_the_middle_of_two_hundred_is_followed_by_one_that_goes_on()
    {
        var file = Site("crash", 200);
        world.Store.Before = stream => stream.StartsWith("parent-", StringComparison.Ordinal) ? Task.Delay(80, TestContext.Current.CancellationToken) : Task.CompletedTask;
        var id = await world.Begin(new ImportMany(file) { MaxParallel = 16 });
        for (var kills = 1; kills <= 3; kills++)
        {
            await world.DriveParent(id, s => s.Stand.Sum(c => c.Attempt) >= kills * 60); // of 406 begins
            await world.Restart();
            await world.Seen();
            Assert.Null(world.ParentOf(id)!.Ending);
        }
        world.Calm();
        Assert.Equal((Ending.Succeeded, ""), await world.FinishParent(id) is var ending ? (ending.Result, ending.Why) : default);
        for (var i = 0; i < 200; i++)
        {
            var racked = Racked(file, i);
            Assert.Equal(($"crash-kind-v{1 + (i % 3)}", 1 + (i % 50)), (racked.About.Profile, racked.About.Place!.Unit));
            Assert.Equal($"secret-{i}", await world.Secrets.Get(racked.About.Bmc!.Secret, default));
            Assert.Single(world.Watch.Of($"machine-{Id(file, i)}").OfType<MachineRacked>());
        }
    }

    [Fact]
    public async Task What_is_taken_in_the_middle_gives_every_claim_back_and_a_retry_brings_all()
    {
        var file = Site("race", 60);
        var contested = $"mac:{file.Machines[41].Value.Macs[0]}";
        var once = 0;
        world.Store.Before = stream => !stream.StartsWith("parent-", StringComparison.Ordinal) || Interlocked.Exchange(ref once, 1) == 1
            ? Task.CompletedTask
            : world.Inside(g => g.GetGrain<IClaimGrain>(contested).Take("somebody", world.Time.Now, new("t", "t", "t", "race-import", "")));
        var id = await world.Begin(new ImportMany(file) { MaxParallel = 8 });
        var ending = await world.FinishParent(id);
        world.Calm();
        Assert.Equal(Ending.Failed, ending.Result);
        Assert.Contains("Nothing was racked", ending.Why, StringComparison.Ordinal);
        for (var i = 0; i < 60; i++)
        {
            Assert.IsType<MachineState.Unknown>(world.State(Id(file, i)));
            if (i != 41) Assert.Null(await world.Inside(g => g.GetGrain<IClaimGrain>($"mac:{file.Machines[i].Value.Macs[0]}").Owner()));
        }
        foreach (var rack in file.Racks)
            Assert.Empty(world.Watch.Of($"rack-{rack.Value.Id}").Cast<RackEvent>().Aggregate((RackState?)null, Domain.Racks.Rack.Evolve)!.Machines);

        await world.Inside(g => g.GetGrain<IClaimGrain>(contested).Release("somebody", world.Time.Now, new("t", "t", "t", "race-import-over", "")));
        await world.Done(new RetryOperation(id));
        Assert.Equal(Ending.Succeeded, (await world.FinishParent(id)).Result);
        Assert.All(Enumerable.Range(0, 60), i => Racked(file, i));
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_told_at_once_and_by_line()
    {
        await Visible();
        var file = new SiteFile(
            [new(2, new("wrong", "")), new(3, new("wrong", ""))],
            [new(4, new("wrong.r1", 10)), new(5, new("nowhere.r1")), new(6, new(World.RackId, 7)), new(7, new("Wrong R", 42))],
            [new(8, new("wrong-kind", new(new CpuSpec(1)), 2)), new(9, new("compute", new(new CpuSpec(8)), 1))],
            [
                new(10, new("WRONG-1", "wrong.r1", 1, Macs: ["02:22:00:00:00:01"])),
                new(11, new("WRONG-1", "wrong.r1", 2)),
                new(12, new("WRONG-2", "wrong.r1", 1)),
                new(14, new("WRONG-3", "wrong.r1", 3, Macs: ["02:22:00:00:00:01"])),
                new(15, new("WRONG-4", "wrong.r1", 11)),
                new(16, new("WRONG-5", "wrong.r9", 1)),
                new(17, new("000000", "wrong.r1", 4)),
                new(18, new("WRONG-6", "wrong.r1", 5, Macs: ["nonsense"], Bmc: new("ftp://x", "", new SecretText("")))),
                new(19, new("WRONG-7", "wrong.r1", 6, Profile: "never")),
                new(20, new("WRONG-8", "wrong.r1", 7)),
            ]);
        var problem = (await world.Send(new ImportMany(file), planOnly: true)).Problem!;
        Assert.Equal(ProblemCodes.Invalid, problem.Code);
        Assert.Equal(
            [
                "regions[1].id@3", "racks[1].id@5", "racks[2].id@6", "racks[3].id@7", "profiles[0].version@8", "profiles[1].spec@9",
                "machines[1].serial@11", "machines[2].unit@12", "machines[3].macs@14", "machines[4].unit@15", "machines[5].rack@16", "machines[6].serial@17",
                "machines[7]", "machines[8].profile@19",
            ],
            problem.Fields.Select(f => f.Field.StartsWith("machines[7]", StringComparison.Ordinal) ? "machines[7]" : $"{f.Field}@{f.Message.Split(':')[0][5..]}").Distinct());
        Assert.Contains("MAC 02:22:00:00:00:01 is in line 10 already", problem.Fields.Single(f => f.Field == "machines[3].macs").Message, StringComparison.Ordinal);
        Assert.StartsWith($"{problem.Fields.Length} problems in 14 of 18 rows", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_there_with_the_same_values_is_left_and_a_new_version_follows_the_old()
    {
        var file = Site("again", 2);
        Assert.Equal(Ending.Succeeded, (await world.FinishParent(await world.Begin(new ImportMany(file)))).Result);
        await Visible();
        var more = file with { Profiles = file.Profiles.Add(new(99, new("again-kind", new(new CpuSpec(9)), 4))), Machines = [new(100, new("again-new", "again.r1", 40, Profile: "again-kind-v4"))] };
        var id = await world.Begin(new ImportMany(more));
        Assert.Equal(Ending.Succeeded, (await world.FinishParent(id)).Result);
        Assert.Equal([ChildVerbs.CreateProfile, ChildVerbs.Claim], world.ParentOf(id)!.Children.Select(c => c.Verbs[0]));
        await Visible();
        Assert.Equal(ProblemCodes.NothingChosen, (await world.Send(new ImportMany(more with { Machines = [] }))).Problem?.Code);
    }
}
