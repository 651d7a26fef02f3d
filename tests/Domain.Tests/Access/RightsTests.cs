using System.Collections.Immutable;
using System.Text;
using CsCheck;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;
using Xunit;
using Directory = Ppec.Domain.Access.Directory;

namespace Ppec.Domain.Tests.Access;

/// <summary>Who may do what, and that nobody comes to more than they were given.</summary>
public static class RightsTests
{
    static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);

    /// <summary>Where a grant may hold, and whether the machine below is there.</summary>
    static readonly string[] Scopes = ["global", "region:blr1", "rack:blr1.r1", "owner:payments", "tag:env=prod", "machine:m1", "region:fra1"];

    static readonly Resource Machine = new("machine", "m1", "blr1", "blr1.r1", "payments", Tags: ImmutableDictionary<string, string>.Empty.Add("env", "prod"));

    static readonly Resource Spare = new("machine", "m2", "blr1", "blr1.r2", "");

    [Fact]
    public static void Every_role_permission_and_scope_is_as_reviewed()
    {
        var text = new StringBuilder("What each role gives on a machine of payments in blr1.r1, tagged env=prod, by the scope it is granted on (1: yes).\nScopes: ").AppendJoin(", ", Scopes).Append('\n');
        foreach (var role in BuiltIn.Roles.Keys)
        {
            text.Append('\n').Append("== ").Append(role).Append('\n');
            foreach (var permission in Permissions.All)
            {
                var row = string.Concat(Scopes.Select(scope => May(role, scope, permission, permission.StartsWith("machine.", StringComparison.Ordinal) ? Machine : new(permission.Split('.')[0], "x")) ? '1' : '0'));
                if (row.Contains('1', StringComparison.Ordinal)) text.Append($"{permission,-26}{row}\n");
            }
        }
        Golden.Compare("roles.txt", text);
    }

    static bool May(string role, string scope, string permission, Resource on) => Of(role, scope).May(Principal.Of("ana"), permission, on, Now).Allowed;

    static Rights Of(string role, string scope, DateTimeOffset? expires = null) =>
        new(new[] { (AccessEvent)new UserCreated("ana", "person", null, "admin"), new Granted("g1", "user:ana", role, scope, expires, "admin") }.Aggregate(Directory.Initial, Directory.Evolve));

    [Fact]
    public static void Nothing_is_given_unless_it_was()
    {
        var rights = new Rights(Directory.Evolve(Directory.Initial, new UserCreated("ana", "person", null, "admin")));
        Assert.All(Permissions.All, p => Assert.False(rights.May(Principal.Of("ana"), p, Machine, Now).Allowed));
        Assert.All(Permissions.All, p => Assert.False(rights.May(Principal.Of("nobody"), p, Machine, Now).Allowed));
        Assert.All(Permissions.All, p => Assert.True(rights.May(Principal.Of("admin"), p, Machine, Now).Allowed));
    }

    [Fact]
    public static void A_grant_ends_when_it_said()
    {
        var rights = Of("operator", "global", Now);
        Assert.True(rights.May(Principal.Of("ana"), "machine.hold", Machine, Now.AddSeconds(-1)).Allowed);
        Assert.False(rights.May(Principal.Of("ana"), "machine.hold", Machine, Now).Allowed);
        Assert.Empty(rights.Reach(Principal.Of("ana"), "machine.read", Now)!.Value);
    }

    [Fact]
    public static void What_is_allowed_is_what_lists_reach()
    {
        // For every scope: a machine is in the list of those that may be read just when it may be read by its id.
        Gen.Select(Gen.OneOf(Scopes), Gen.OneOf(Machine, Spare)).Sample((scope, on) =>
        {
            var rights = Of("viewer", scope);
            var reach = rights.Reach(Principal.Of("ana"), "machine.read", Now);
            return rights.May(Principal.Of("ana"), "machine.read", on, Now).Allowed == (reach is null || reach.Value.Any(s => s.Covers(on)));
        });
    }

    [Fact]
    public static void A_credential_only_takes_away()
    {
        var limits = Gen.Select(Gen.OneOf("", "machine.read", "machine.*", "*.read"), Gen.OneOf("", "blr1", "fra1"), Gen.Bool, (p, r, t) =>
            new Limits(p.Length == 0 ? default : [p], r.Length == 0 ? default : [r], t ? ImmutableSortedDictionary<string, string>.Empty.Add("env", "prod") : null));
        Gen.Select(limits, Gen.OneOf(Scopes), Gen.OneOf("machine.read", "machine.hold", "region.read"), Gen.OneOf(Machine, Spare)).Sample((narrow, scope, permission, on) =>
        {
            var rights = Of("operator", scope);
            var with = rights.May(new("ana", narrow, "c", "ana"), permission, on, Now).Allowed;
            return !with || rights.May(Principal.Of("ana"), permission, on, Now).Allowed;
        });
    }

    [Fact]
    public static void Nobody_comes_to_more_by_any_sequence_of_commands()
    {
        // Bob may do a lot about access, and hold machines of one region. Whatever he and the service account he answers for do, that is all they ever can.
        var start = new AccessEvent[]
        {
            new UserCreated("bob", "person", null, "admin"), new UserCreated("eve", "person", null, "admin"), new UserCreated("robot", "service", "bob", "admin"),
            new RoleSet("clerk", "", ["user.*", "group.*", "role.*", "grant.*", "owner.*", "credential.*", "policy.*"], "admin"), new RoleSet("holder", "", ["machine.hold"], "admin"),
            new GroupSet("ops", "", [], [], "admin"), new Granted("g1", "user:bob", "clerk", "global", null, "admin"), new Granted("g2", "user:bob", "holder", "region:blr1", null, "admin"),
            new Granted("g3", "group:ops", "operator", "global", null, "admin"),
        }.Aggregate(Directory.Initial, Directory.Evolve);
        var who = Gen.OneOf("bob", "robot", "eve");
        var subject = Gen.OneOf("user:bob", "user:robot", "user:eve", "group:ops", "group:own", "owner:team");
        Gen<AccessCommand> command = Gen.OneOf(
            Gen.Select(subject, Gen.OneOf("clerk", "holder", "operator", "administrator", "mine"), Gen.OneOf("global", "region:blr1", "rack:blr1.r1", "region:fra1"), Gen.Int[0, 99]).Select(AccessCommand (x) => new CreateGrant($"n{x.Item4}", x.Item1, x.Item2, x.Item3, null)),
            Gen.Select(Gen.OneOf("ops", "own"), who).Select(AccessCommand (x) => new SetGroup(x.Item1, "", [x.Item2], [])),
            Gen.OneOf("*", "machine.*", "machine.hold", "grant.create", "role.set").Select(AccessCommand (p) => new SetRole("mine", "", [p])),
            Gen.OneOf("g1", "g2", "g3", "bootstrap").Select(AccessCommand (g) => new RevokeGrant(g)),
            who.Select(AccessCommand (u) => new SetOwner("team", "", [$"user:{u}"], [], null)),
            who.Select(AccessCommand (u) => new SetUser("robot", null, u)),
            Gen.Const<AccessCommand>(new SetUser("admin", true, null)),
            Gen.Const<AccessCommand>(new SetPassword("admin", null, 7)));
        Gen.Select(command.Array[1, 25], who).Sample((commands, by) =>
        {
            var directory = start;
            foreach (var c in commands)
            {
                if (!new Rights(directory).May(Principal.Of(by), c.Permission, new(c.Noun, c.Subject), Now).Allowed) continue; // as the gate asks
                var decided = DirectoryRules.Decide(directory, c with { By = by, At = Now });
                if (decided.Problem is null) directory = decided.Events.Aggregate(directory, Directory.Evolve);
            }
            var rights = new Rights(directory);
            return new[] { "bob", "robot", "eve" }.All(u =>
                !rights.May(Principal.Of(u), "machine.release", Machine, Now).Allowed && !rights.May(Principal.Of(u), "machine.hold", Machine with { Region = "fra1", Rack = "fra1.r1" }, Now).Allowed
                && !rights.May(Principal.Of(u), "change.approve", Machine, Now).Allowed)
                && directory.Users["admin"] is { Disabled: false, PasswordVersion: 0 } && rights.May(Principal.Of("admin"), "machine.release", Machine, Now).Allowed;
        }, iter: 3000);
    }

    [Fact]
    public static void Every_command_is_safe_to_repeat()
    {
        AccessCommand[] life =
        [
            new CreateUser("ana", "person", null), new CreateUser("ci", "service", "ana"), new SetGroup("ops", "on call", ["ana"], []), new SetRole("mine", "", ["machine.read"]),
            new CreateGrant("g9", "group:ops", "mine", "region:blr1", null), new SetOwner("team", "", ["group:ops"], [], ImmutableSortedDictionary<string, long>.Empty.Add("machines", 3)),
            new SetUser("ci", true, null),
        ];
        var directory = Directory.Initial;
        foreach (var c in life.Select(c => c with { By = "admin", At = Now }))
        {
            var first = DirectoryRules.Decide(directory, c);
            Assert.Null(first.Problem);
            directory = first.Events.Aggregate(directory, Directory.Evolve);
            Assert.Equal((null, 0), (DirectoryRules.Decide(directory, c).Problem, DirectoryRules.Decide(directory, c).Events.Length));
        }
        Assert.Equal("mine on region:blr1 through group:ops gives machine.read.", new Rights(directory).May(Principal.Of("ana"), "machine.read", Machine, Now).Why);
    }

    [Theory]
    [InlineData("mon-fri", 2, 12, true)]
    [InlineData("mon-fri", 0, 12, false)]
    [InlineData("sat-sun", 0, 12, true)]
    [InlineData("08:00-18:00", 0, 7, false)]
    [InlineData("22:00-06:00", 0, 23, true)]
    [InlineData("22:00-06:00", 0, 12, false)]
    [InlineData("fri-mon 08:00-18:00", 0, 12, true)]
    public static void A_window_is_days_and_hours(string window, int day, int hour, bool inside)
    {
        var sunday = new DateTimeOffset(2026, 11, 22, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(inside, Policies.Within(window, sunday.AddDays(day).AddHours(hour)));
        Assert.Null(Policies.Window("whenever"));
    }
}
