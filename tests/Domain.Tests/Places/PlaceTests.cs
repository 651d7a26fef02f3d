using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Domain.Access;
using Ppec.Domain.Profiles;
using Ppec.Domain.Racks;
using Ppec.Domain.Regions;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Places;

/// <summary>Regions, racks, profiles, names, credentials: the small deciders.</summary>
public static class PlaceTests
{
    static readonly CreateRack NewRack = new("blr1.r12", "blr1", 42, "A", "feed-1", "pair-1") { At = Start };
    static readonly RackState Rack12 = Fold(null, NewRack);
    static readonly RackState Full = Fold(Rack12, new OccupyUnits("blr1.r12", "m1", 10, 4) { At = Start });

    static RackState Fold(RackState? state, RackCommand command)
    {
        var decision = Rack.Decide(state, command);
        Assert.Null(decision.Problem);
        return decision.Events.Aggregate(state, Rack.Evolve)!;
    }

    static OccupyUnits Occupy(string machine, int unit, int height) => new("blr1.r12", machine, unit, height) { At = Start };

    [Fact]
    public static void A_rack_is_made_once()
    {
        Assert.Equal(new RackCreated("blr1.r12", "blr1", 42, "A", "feed-1", "pair-1") { At = Start }, Assert.Single(Rack.Decide(null, NewRack).Events));
        Assert.Empty(Rack.Decide(Rack12, NewRack).Events);
        Assert.Equal(ProblemCodes.RackExists, Rack.Decide(Rack12, NewRack with { Units = 48 }).Problem?.Code);
        Assert.Equal(ProblemCodes.RackUnknown, Rack.Decide(null, Occupy("m1", 1, 1)).Problem?.Code);
    }

    [Theory]
    [InlineData(10, 1), InlineData(13, 1), InlineData(9, 2), InlineData(13, 2), InlineData(8, 10), InlineData(11, 2), InlineData(1, 42)]
    public static void Units_never_overlap(int unit, int height)
    {
        var problem = Rack.Decide(Full, Occupy("m2", unit, height)).Problem;
        Assert.Equal(ProblemCodes.RackUnitTaken, problem?.Code);
        Assert.Contains("m1", problem!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(9, 1), InlineData(14, 1), InlineData(1, 9), InlineData(14, 29)]
    public static void Neighbours_touch(int unit, int height) => Assert.Single(Rack.Decide(Full, Occupy("m2", unit, height)).Events);

    [Theory]
    [InlineData(0, 1), InlineData(-3, 1), InlineData(42, 2), InlineData(43, 1), InlineData(1, 0), InlineData(5, -1), InlineData(int.MaxValue, 2), InlineData(2, int.MaxValue)]
    public static void Nothing_stands_outside_the_rack(int unit, int height) =>
        Assert.Equal(ProblemCodes.RackUnitOutside, Rack.Decide(Rack12, Occupy("m2", unit, height)).Problem?.Code);

    [Fact]
    public static void A_machine_stands_in_one_place_and_leaves_it_once()
    {
        Assert.Equal(ProblemCodes.RackUnitTaken, Rack.Decide(Full, Occupy("m1", 11, 4)).Problem?.Code);
        Assert.Empty(Rack.Decide(Full, Occupy("m1", 10, 4)).Events);
        var left = Fold(Full, new VacateUnits("blr1.r12", "m1") { At = Start });
        Assert.Empty(left.Machines);
        Assert.Empty(Rack.Decide(left, new VacateUnits("blr1.r12", "m1")).Events);
    }

    [Fact]
    public static void A_machine_that_moves_stands_twice_for_a_moment_and_then_where_it_moved()
    {
        var moving = Fold(Full, Occupy("m1", 12, 4) with { Moving = true });
        Assert.Equal([10, 12], moving.Machines.Keys);
        Assert.Equal(ProblemCodes.RackUnitTaken, Rack.Decide(moving, Occupy("m2", 10, 1)).Problem?.Code);
        var moved = Fold(moving, new VacateUnits("blr1.r12", "m1", 10) { At = Start });
        Assert.Equal([12], moved.Machines.Keys);
        Assert.Empty(Rack.Decide(moved, new VacateUnits("blr1.r12", "m1", 10)).Events);
        Assert.Single(Rack.Decide(moved, Occupy("m2", 10, 2)).Events);
        Assert.Equal(ProblemCodes.RackUnitTaken, Rack.Decide(Fold(moved, Occupy("m2", 10, 2)), Occupy("m1", 11, 4) with { Moving = true }).Problem?.Code);
        Assert.Equal(2, Fold(moved, Occupy("m1", 12, 2) with { Moving = true }).Machines[12].Height);
    }

    [Fact]
    public static void A_rack_is_described_and_never_made_smaller_than_what_stands_in_it()
    {
        var set = new SetRack("blr1.r12", null, "B", null, null) { At = Start };
        Assert.Equal(new RackDescribed(42, "B", "feed-1", "pair-1") { At = Start }, Assert.Single(Rack.Decide(Full, set).Events));
        Assert.Empty(Rack.Decide(Fold(Full, set), set).Events);
        Assert.Single(Rack.Decide(Full, set with { Units = 13 }).Events);
        Assert.Equal(ProblemCodes.RackUnitOutside, Rack.Decide(Full, set with { Units = 12 }).Problem?.Code);
        Assert.Equal(ProblemCodes.NotFound, Rack.Decide(null, set).Problem?.Code);
    }

    [Fact]
    public static void A_rack_retires_empty_and_its_id_is_free()
    {
        var refused = Rack.Decide(Full, new RetireRack("blr1.r12")).Problem;
        Assert.Equal(ProblemCodes.RackNotEmpty, refused?.Code);
        Assert.Contains("m1", refused!.Message, StringComparison.Ordinal);
        var retired = Rack.Decide(Rack12, new RetireRack("blr1.r12") { At = Start });
        Assert.Equal(new RackRetired { At = Start }, Assert.Single(retired.Events));
        Assert.Null(Rack.Evolve(Rack12, retired.Events[0]));
        Assert.Empty(Rack.Decide(null, new RetireRack("blr1.r12")).Events);
        Assert.Single(Rack.Decide(null, NewRack with { Units = 48 }).Events);
    }

    [Fact]
    public static void A_region_is_described()
    {
        var state = Region.Evolve(null, Region.Decide(null, new CreateRegion("blr1", "Bangalore") { At = Start }).Events[0]);
        var set = new SetRegion("blr1", "Bengaluru") { At = Start };
        state = Region.Evolve(state, Assert.Single(Region.Decide(state, set).Events));
        Assert.Equal("Bengaluru", state?.Description);
        Assert.Empty(Region.Decide(state, set).Events);
        Assert.Equal(ProblemCodes.NotFound, Region.Decide(null, set).Problem?.Code);
    }

    [Fact]
    public static void A_region_is_made_once()
    {
        var made = Region.Decide(null, new CreateRegion("blr1", "Bangalore") { At = Start });
        var state = Region.Evolve(null, made.Events[0]);
        Assert.Empty(Region.Decide(state, new CreateRegion("blr1", "Bangalore")).Events);
        Assert.Equal(ProblemCodes.RegionExists, Region.Decide(state, new CreateRegion("blr1", "Elsewhere")).Problem?.Code);
    }

    [Fact]
    public static void A_changed_profile_is_a_new_version_and_the_same_is_none()
    {
        var state = Profile.Initial;
        var once = Profile.Decide(state, new CreateProfileVersion("compute", Ordered) { At = Start }).Events.Aggregate(state, Profile.Evolve);
        Assert.Equal(ProblemCodes.ProfileUnchanged, Profile.Decide(once, new CreateProfileVersion("compute", Ordered)).Problem?.Code);
        foreach (var spec in (ProfileSpec[])[Ordered, Ordered with { Dimms = [.. Ordered.Dimms] }, new ProfileSpec(), new ProfileSpec(), Ordered])
            state = Profile.Decide(state, new CreateProfileVersion("compute", spec) { At = Start }).Events.Aggregate(state, Profile.Evolve);
        Assert.Equal(["compute-v1", "compute-v2", "compute-v3"], state.Versions.Select(v => v.Version.Id));
        Assert.Equal(Facts.Text(Ordered), Facts.Text(state.Versions[0].Version.Spec));
    }

    [Fact]
    public static void A_name_has_one_owner()
    {
        var taken = Claim.Take(Claim.Initial, "mac:aa", "m1", Start).Events.Aggregate(Claim.Initial, Claim.Evolve);
        Assert.Empty(Claim.Take(taken, "mac:aa", "m1", Start).Events);
        var refused = Claim.Take(taken, "mac:aa", "m2", Start).Problem;
        Assert.Equal(ProblemCodes.NameTaken, refused?.Code);
        Assert.Contains("m1", refused!.Message, StringComparison.Ordinal);
        Assert.Empty(Claim.Release(taken, "mac:aa", "m2", Start).Events);
        var free = Claim.Release(taken, "mac:aa", "m1", Start).Events.Aggregate(taken, Claim.Evolve);
        Assert.Empty(Claim.Release(free, "mac:aa", "m1", Start).Events);
        Assert.Single(Claim.Take(free, "mac:aa", "m2", Start).Events);
    }

    [Fact]
    public static void A_credential_is_issued_once()
    {
        var issue = new IssueCredential("c1", "ana", "00ff") { At = Start };
        var state = Credential.Evolve(null, Assert.Single(Credential.Decide(null, issue).Events));
        Assert.Empty(Credential.Decide(state, issue).Events);
        Assert.Equal(ProblemCodes.CredentialExists, Credential.Decide(state, issue with { Sha256 = "11" }).Problem?.Code);
    }
}
