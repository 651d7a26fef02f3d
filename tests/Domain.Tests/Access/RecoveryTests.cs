using Ppec.Domain.Access;
using Ppec.Domain.Alerts;
using Xunit;
using static Ppec.Domain.Tests.Samples;
using Directory = Ppec.Domain.Access.Directory;

namespace Ppec.Domain.Tests.Access;

/// <summary>An administrator is made again by just what is missing, and it is always said.</summary>
public static class RecoveryTests
{
    static Directory Fold(Directory directory, params IEnumerable<AccessEvent> events) => events.Aggregate(directory, Directory.Evolve);

    [Fact]
    public static void Whoever_is_missing_disabled_or_without_the_grant_is_an_enabled_administrator_after()
    {
        foreach (var before in (Directory[])
        [
            Directory.Initial,
            Fold(Directory.Initial, new UserSet("admin", true, null, "eve"), new GrantRevoked(BuiltIn.FirstGrant, "eve")),
        ])
        foreach (var user in (string[])["admin", "ada"])
        {
            var events = Recovery.Of(before, user, "nobody is left", "g", Start);
            Assert.Equal(new Recovered(user, "nobody is left", Recovery.Actor) { At = Start }, events[^1]);
            var after = Fold(before, events);
            Assert.Equal((false, "person"), (after.Users[user].Disabled, after.Users[user].Kind));
            Assert.Contains(after.Grants.Values, g => g.Subject == $"user:{user}" && g.Role == BuiltIn.AdministratorRole && g.Scope == "global");
            Assert.Equal(typeof(Recovered), Assert.Single(Recovery.Of(after, user, "again", "g2", Start)).GetType());
            Assert.Equal("critical", Assert.IsType<Contracts.Alerts.RaiseAlert>(Raising.From("access-directory", events[^1], new(9))).Cause.Severity);
        }
    }

    [Fact]
    public static void A_grant_that_ends_is_not_enough_and_a_service_account_is_no_administrator()
    {
        var ending = Fold(Directory.Initial, new GrantRevoked(BuiltIn.FirstGrant, "eve"), new Granted("x", "user:admin", BuiltIn.AdministratorRole, "global", Start.AddDays(1), "eve"));
        Assert.Equal([typeof(Granted), typeof(Recovered)], Recovery.Of(ending, "admin", "w", "g", Start).Select(e => e.GetType()));
        var service = Fold(Directory.Initial, new UserCreated("ci", "service", "admin", "eve"));
        Assert.Throws<ArgumentException>(() => Recovery.Of(service, "ci", "w", "g", Start));
    }
}
