using System.Collections.Immutable;
using CsCheck;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Domain.Access;
using Ppec.Domain.Changes;
using Ppec.Domain.Filters;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Samples;
using Directory = Ppec.Domain.Access.Directory;

namespace Ppec.Domain.Tests.Changes;

/// <summary>What takes one fact back, and that nobody's later word is undone with it.</summary>
public static class UndoTests
{
    const string Id = "sn-1";

    static MachineState Fold(MachineState state, params IEnumerable<MachineEvent> events) => events.Aggregate(state, Machine.Evolve);

    static readonly MachineState Racked = Fold(Machine.Initial, new MachineRacked(Id, "SN-1", new("blr1", "blr1.r1", 1), null, null, [], "first") { At = Start });

    static MachineState Carry(MachineState state, Command? command) => Fold(state, Machine.Decide(state, Assert.IsAssignableFrom<MachineCommand>(command) with { At = Start.AddHours(1) }).Events);

    static Dossier About(MachineState state) => Assert.IsAssignableFrom<MachineState.Known>(state).About;

    static MachineTagged Tagged(string key, string value) => new(ImmutableSortedDictionary<string, string>.Empty.Add(key, value), []);

    static readonly Gen<string> Key = Gen.OneOf("a", "b", "c"), Value = Gen.OneOf("1", "2", "3");
    static readonly Gen<ImmutableSortedDictionary<string, string>> Tags = Gen.Dictionary(Key, Value)[0, 3].Select(d => d.ToImmutableSortedDictionary(StringComparer.Ordinal));

    [Fact]
    public static void Tags_are_as_before_and_those_set_since_by_others_stay() =>
        Gen.Select(Tags, Tags, Key.List[0, 3]).Where((_, set, removed) => set.Count + removed.Count > 0).Sample((first, set, removed) =>
        {
            var before = Fold(Racked, new MachineTagged(first, []));
            var fact = new MachineTagged(set, [.. removed.Distinct().Except(set.Keys)]);
            var after = Fold(before, fact);
            var now = Fold(after, Tagged("theirs", "x"));
            var (command, problem) = Undo.Of(Id, fact, before, after, now);
            Assert.Null(problem);
            Assert.Equal(About(before).Tags.Add("theirs", "x"), About(Carry(now, command)).Tags);
        });

    [Fact]
    public static void What_was_changed_since_is_not_undone()
    {
        var after = Fold(Racked, Tagged("a", "1"));
        Assert.Equal(ProblemCodes.UndoMoved, Undo.Of(Id, Tagged("a", "1"), Racked, after, Fold(after, Tagged("a", "2"))).Problem?.Code);
        Assert.Equal(ProblemCodes.UndoMoved, Undo.Of(Id, Tagged("a", "1"), Racked, after, Racked).Problem?.Code); // undone already
    }

    [Fact]
    public static void Holds_are_lifted_and_put_back_as_they_were()
    {
        var held = new MachineHeld("operator", "fan", Start.AddDays(9), "machine.retire") { At = Start };
        var after = Fold(Racked, held);
        Assert.Empty(About(Carry(after, Undo.Of(Id, held, Racked, after, after).Command)).Holds);
        var lifted = new MachineUnheld("operator") { At = Start };
        var free = Fold(after, lifted);
        var again = About(Carry(free, Undo.Of(Id, lifted, after, free, free).Command)).Holds["operator"];
        Assert.Equal(("fan", Start.AddDays(9), "machine.retire"), (again.Why, again.ExpiresAt!.Value, again.LiftPermission));
        Assert.Equal(ProblemCodes.UndoMoved, Undo.Of(Id, lifted, after, free, after).Problem?.Code);
        var other = Fold(after, held with { Why = "disk", At = Start.AddMinutes(1) });
        Assert.Equal(ProblemCodes.UndoMoved, Undo.Of(Id, held, Racked, after, other).Problem?.Code);
    }

    [Fact]
    public static void A_description_is_what_it_was()
    {
        var fact = new MachineDescribed("second", "note", null, null);
        var after = Fold(Racked, fact);
        var undone = About(Carry(after, Undo.Of(Id, fact, Racked, after, after).Command));
        Assert.Equal(("first", true), (undone.Name, string.IsNullOrEmpty(undone.Note)));
        Assert.Equal(ProblemCodes.UndoMoved, Undo.Of(Id, fact, Racked, after, Fold(after, new MachineDescribed("third", null, null, null))).Problem?.Code);
    }

    [Fact]
    public static void What_no_command_takes_back_is_said_to_be_so()
    {
        var fact = new MachineMoved(new("blr1", "blr1.r2", 1));
        Assert.Equal(ProblemCodes.UndoImpossible, Undo.Of(Id, fact, Racked, Fold(Racked, fact), Fold(Racked, fact)).Problem?.Code);
        var password = new PasswordSet("admin", 1, false, "admin");
        var set = Directory.Evolve(Directory.Initial, password);
        Assert.Equal(ProblemCodes.UndoImpossible, Undo.Of("admin", password, Directory.Initial, set, set).Problem?.Code);
    }

    static PolicySet Policy(int quorum) => new("p", "d", ["machine.release"], "tag:env=prod", quorum, [], 0, 0, null, 60, 60, null, false, "admin");

    static OwnerSet Team(string description, string member, params string[] quotas) => new("team", description, [member], quotas.ToImmutableSortedDictionary(q => q, _ => 3L, StringComparer.Ordinal), "admin");

    static readonly Dictionary<string, (AccessEvent[] Before, AccessEvent Fact)> Access = new()
    {
        ["a grant"] = ([], new Granted("g", "user:ada", "viewer", "global", null, "admin")),
        ["a grant taken back"] = ([new Granted("g", "user:ada", "viewer", "global", null, "admin")], new GrantRevoked("g", "admin")),
        ["a group"] = ([], new GroupSet("ops", "d", ["ada"], [], "admin")),
        ["members"] = ([new GroupSet("ops", "d", ["ada"], [], "admin")], new GroupSet("ops", "e", ["bob"], ["ada"], "admin")),
        ["a group's end"] = ([new GroupSet("ops", "d", ["ada"], [], "admin")], new GroupDeleted("ops", "admin")),
        ["a role"] = ([new RoleSet("r", "d", ["machine.read"], "admin")], new RoleSet("r", "e", ["machine.hold"], "admin")),
        ["a role's end"] = ([new RoleSet("r", "d", ["machine.read"], "admin")], new RoleDeleted("r", "admin")),
        ["an owner"] = ([Team("d", "user:ada", "machines")], Team("e", "user:bob")),
        ["an owner's beginning"] = ([], Team("e", "user:bob")),
        ["a policy"] = ([Policy(2)], Policy(1)),
        ["a policy's end"] = ([Policy(2)], new PolicyDeleted("p", "admin")),
        ["a user's end"] = ([], new UserSet("bob", true, null, "admin")),
    };

    public static TheoryData<string> Facts() => [.. Access.Keys];

    [Theory, MemberData(nameof(Facts))]
    public static void Who_may_do_what_is_as_before(string what)
    {
        var (first, fact) = Access[what];
        IEnumerable<AccessEvent> people =
        [
            .. ((string[])["ada", "bob", "cy", "di"]).Select(u => new UserCreated(u, "person", null, "admin")),
            .. ((string[])["bob", "cy", "di"]).Select(u => new Granted($"a-{u}", $"user:{u}", BuiltIn.AdministratorRole, "global", null, "admin")),
        ];
        var before = people.Concat(first).Aggregate(Directory.Initial, (d, e) => Directory.Evolve(d, e with { At = Start }));
        var after = Directory.Evolve(before, fact with { At = Start });
        var now = Directory.Evolve(after, new UserCreated("someone", "person", null, "admin") { At = Start }); // others went on
        var (command, problem) = Undo.Of("x", fact, before, after, now);
        Assert.Null(problem);
        var stamped = Assert.IsAssignableFrom<AccessCommand>(command is CreateGrant grant ? grant with { Grant = "again" } : command) with { By = "admin", At = Start };
        var decision = DirectoryRules.Decide(now, stamped);
        Assert.Null(decision.Problem);
        var undone = decision.Events.Aggregate(now, Directory.Evolve);
        Assert.Equal(Told(before), Told(undone));
        Assert.Equal(ProblemCodes.UndoMoved, Undo.Of("x", fact, before, after, undone).Problem?.Code); // once is enough

        static string Told(Directory d) => string.Join('\n', [
            .. d.Grants.Values.Select(g => $"{g.Subject} {g.Role} {g.Scope} {g.ExpiresAt}").Order(StringComparer.Ordinal), .. d.Groups.Values.Select(g => $"{g.Id} {g.Description} {string.Join(',', g.Members)}"),
            .. d.Roles.Values.Select(r => $"{r.Id} {r.Description} {string.Join(',', r.Permissions)}"), .. d.Owners.Values.Select(o => $"{o.Id} {o.Description} {string.Join(',', o.Members)} {string.Join(',', o.Quotas)}"),
            .. d.Policies.Values.Select(p => $"{p.Id} {p.Quorum} {p.Scope}"), .. d.Users.Values.Where(u => u.Id != "someone").Select(u => $"{u.Id} {u.Disabled}")]);
    }

    [Fact]
    public static void A_saved_filter_is_what_it_was()
    {
        var (before, after) = (new SavedFilterState("a:1", "ada", Start), new SavedFilterState("a:2", "ada", Start.AddHours(1)));
        Assert.Equal(new Contracts.Filters.SaveFilter("f", "a:1"), Undo.Of("f", new FilterSaved("f", "a:2", "ada"), before, after, after).Command);
        Assert.Equal(new Contracts.Filters.DeleteFilter("f"), Undo.Of("f", new FilterSaved("f", "a:1", "ada"), null, before, before).Command);
        Assert.Equal(new Contracts.Filters.SaveFilter("f", "a:1"), Undo.Of("f", new FilterDeleted(), before, null, null).Command);
        Assert.Equal(ProblemCodes.UndoMoved, Undo.Of("f", new FilterDeleted(), before, null, after).Problem?.Code);
    }
}
