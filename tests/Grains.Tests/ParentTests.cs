using System.Collections.Immutable;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Domain.Operations.Parents;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>Work on many machines through the gate: bounded, resumed by whoever comes next, and each machine given once.</summary>
public sealed class ParentTests(World world) : IClassFixture<World>
{
    ParentState? Parent(string id) => world.ParentOf(id);

    Task<Ending> Finish(string id) => world.FinishParent(id);

    async Task Visible() => Assert.True(await world.Silo.Model.WaitFor(await world.Store.End(default), TimeSpan.FromSeconds(10), default));

    static ProvisionManyBody Wish(int count, params string[] machines) =>
        new("compute-v1", count, "debian", "pay-{n:000}", "payments", Machines: [.. machines]);

    [Fact]
    public async Task Many_are_inspected_a_few_at_a_time()
    {
        var servers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => world.Racked()));
        var most = 0;
        var id = await world.Begin(new ManyMachines(ChildVerbs.Inspect, null, [.. servers.Select(s => s.Id)]) { MaxParallel = 2 });
        var ending = await Finish(id);
        Assert.Equal(Ending.Succeeded, ending.Result);
        Assert.All(servers, s => Assert.IsType<MachineState.Spare>(world.State(s.Id)));
        ParentState? s = null;
        foreach (var e in world.Watch.Of($"parent-{id}").Cast<ParentEvent>())
            most = Math.Max(most, (s = Domain.Operations.Parents.Parent.Evolve(s, e))!.Stand.Count(c => c.State == ChildStage.Running));
        Assert.Equal(2, most);
    }

    [Fact]
    public async Task Two_parents_that_want_the_same_spares_share_them()
    {
        var servers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => world.Spare()));
        string[] ids = [.. servers.Select(s => s.Id)];
        await Visible();
        // Neither begins before both are accepted.
        var (accepted, appends) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new System.Collections.Concurrent.ConcurrentDictionary<string, int>());
        world.Store.Before = stream => stream.StartsWith("parent-", StringComparison.Ordinal) && appends.AddOrUpdate(stream, 1, (_, n) => n + 1) > 1 ? accepted.Task : Task.CompletedTask;
        var both = await Task.WhenAll(
            world.Begin(new ProvisionMany(Wish(2, ids[0], ids[1]) with { SubstituteMachines = [ids[2]] })),
            world.Begin(new ProvisionMany(Wish(2, ids[1], ids[0]) with { HostnamePattern = "db-{n}", SubstituteMachines = [ids[2]] })));
        accepted.SetResult();
        var endings = await Task.WhenAll(both.Select(Finish));
        world.Calm();

        // Three machines for four wishes: each was given once, and who came late says which one it did not get.
        Assert.All(servers, s => Assert.IsType<MachineState.Baremetal>(world.State(s.Id)));
        Assert.All(servers, s => Assert.Single(world.Watch.Of($"machine-{s.Id}").OfType<ProvisioningStarted>()));
        Assert.Contains(endings, e => e.Result == Ending.Failed);
        Assert.Equal(3, both.Sum(p => Parent(p)!.Stand.Count(c => c.State == ChildStage.Succeeded)));
        Assert.Equal(3, servers.Select(s => ((MachineState.Baremetal)world.State(s.Id)).Hostname).Distinct().Count());
    }

    [Fact]
    public async Task A_wish_that_cannot_be_met_is_refused_with_what_there_is()
    {
        await Visible();
        var answer = await world.Send(new ProvisionMany(Wish(50)));
        Assert.Equal(ProblemCodes.NoCapacity, answer.Problem?.Code);
    }

    [Fact]
    public async Task A_plan_names_the_machines_and_holds_until_they_move()
    {
        var servers = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => world.Spare()));
        string[] ids = [.. servers.Select(s => s.Id)];
        var plan = (await world.Send(new ProvisionMany(Wish(2, ids)), planOnly: true)).Plan!;
        Assert.Equal(ids, plan.Machines);
        Assert.Equal(2, plan.Effects.Count(e => e.Kind == "disk-write"));
        Assert.Contains(plan.Effects, e => e is { Kind: "hostname", Target: "pay-002" });
        var other = await world.Send(new ProvisionMany(Wish(2, ids) with { HostnamePattern = "x-{n}" }) { PlanHash = plan.Hash });
        Assert.Equal(ProblemCodes.PlanStale, other.Problem?.Code);
        Assert.Equal(Ending.Succeeded, (await Finish(await world.Begin(new ProvisionMany(Wish(2, ids)) { PlanHash = plan.Hash }))).Result);
    }

    [Fact]
    public async Task Asked_twice_with_one_key_it_is_one_operation_of_the_same_machines()
    {
        var server = await world.Spare();
        var wish = new ProvisionMany(Wish(1, server.Id));
        var first = await world.Send(wish, key: "one");
        Assert.Equal(Ending.Succeeded, (await Finish(first.Operation!)).Result);
        var again = await world.Send(wish, key: "one"); // by now the machine is no spare, and the question would be refused
        Assert.Equal((first.Operation, first.Position), (again.Operation, again.Position));
    }

    [Fact]
    public async Task Retiring_those_in_production_releases_them_first()
    {
        var (used, spare) = (await world.Baremetal(), await world.Spare());
        var id = await world.Begin(new ManyMachines(ChildVerbs.Retire, null, [used.Id, spare.Id]));
        Assert.Equal(Ending.Succeeded, (await Finish(id)).Result);
        Assert.IsType<MachineState.Retired>(world.State(used.Id));
        Assert.IsType<MachineState.Retired>(world.State(spare.Id));
        Assert.Single(world.Watch.Of($"machine-{used.Id}").OfType<ReleaseStarted>());
    }

    [Fact]
    public async Task A_cancel_half_way_lands_what_is_under_way_and_begins_no_more()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var servers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => world.Racked(s => s.Pause = at => at == Workflows.Steps.Inventory ? gate.Task : Task.CompletedTask)));
        var id = await world.Begin(new ManyMachines(ChildVerbs.Inspect, null, [.. servers.Select(s => s.Id)]) { MaxParallel = 2 });
        await world.Watch.For<ChildrenStarted>($"parent-{id}", "two began");
        await world.Done(new CancelOperation(id, "enough"));
        gate.SetResult();
        Assert.Equal(Ending.Cancelled, (await Finish(id)).Result);
        Assert.Equal(2, servers.Count(s => world.Watch.Of($"machine-{s.Id}").OfType<InspectionStarted>().Any()));
        Assert.All(servers, world.AtRest);
    }

    [Fact]
    public async Task A_list_is_racked_whole_or_not_at_all()
    {
        await Visible();
        var taken = await world.Racked();
        await world.Seen();
        var place = ((MachineState.Known)world.State(taken.Id)).About.Place!;
        ImmutableArray<RackMachineBody> rows = [new("SN-LIST-1", World.RackId, 60), new("SN-LIST-2", World.RackId, 61), new("SN-LIST-3", "blr1.nowhere", 1)];
        var wrong = await world.Send(new RackMany(rows));
        Assert.Equal((ProblemCodes.Invalid, "machines[2].rack"), (wrong.Problem?.Code, wrong.Problem?.Fields[0].Field));

        rows = rows.SetItem(2, new("SN-LIST-3", World.RackId, 60));
        Assert.Equal("Unit 60 of rack blr1.r1 is in row 1 already.", (await world.Send(new RackMany(rows))).Problem?.Fields[0].Message);

        // Taken in the moment between the look and the claim: every claim is given back, and nothing is racked.
        rows = rows.SetItem(2, new("SN-LIST-3", World.RackId, 63, Macs: ["02:00:00:00:99:01"]));
        var race = 0;
        world.Store.Before = stream => !stream.StartsWith("parent-", StringComparison.Ordinal) || Interlocked.Exchange(ref race, 1) == 1
            ? Task.CompletedTask
            : world.Inside(g => g.GetGrain<Contracts.Access.IClaimGrain>("mac:02:00:00:00:99:01").Take(taken.Id, world.Time.Now, new("t", "t", "t", "race", "")));
        var raced = await world.Begin(new RackMany(rows));
        var ending = await Finish(raced);
        world.Calm();
        Assert.Equal(Ending.Failed, ending.Result);
        Assert.Contains("Nothing was racked", ending.Why, StringComparison.Ordinal);
        Assert.All(rows, r => Assert.IsType<MachineState.Unknown>(world.State(MachineId.Of(r.Serial))));

        await world.Inside(g => g.GetGrain<Contracts.Access.IClaimGrain>("mac:02:00:00:00:99:01").Release(taken.Id, world.Time.Now, new("t", "t", "t", "race-over", "")));
        await world.Done(new RetryOperation(raced));
        Assert.Equal(Ending.Succeeded, (await Finish(raced)).Result);
        Assert.All(rows, r => Assert.IsType<MachineState.Racked>(world.State(MachineId.Of(r.Serial))));
        Assert.Equal(place, ((MachineState.Known)world.State(taken.Id)).About.Place);
    }

    [Fact]
    public async Task A_silo_that_dies_in_the_middle_is_followed_by_one_that_goes_on()
    {
        var servers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => world.Racked()));
        var id = await world.Begin(new ManyMachines(ChildVerbs.Inspect, null, [.. servers.Select(s => s.Id)]) { MaxParallel = 3 });
        for (var kills = 0; kills < 3; kills++)
        {
            await world.Watch.For<ChildrenStarted>($"parent-{id}", $"began {kills}", after: kills);
            await world.Restart();
            await Visible();
        }
        Assert.Equal(Ending.Succeeded, (await Finish(id)).Result);
        Assert.All(servers, s => Assert.IsType<MachineState.Spare>(world.State(s.Id)));
        Assert.All(servers, s => Assert.Single(world.Watch.Of($"machine-{s.Id}").OfType<InspectionStarted>()));
        Assert.All(servers, world.AtRest);
    }
}
