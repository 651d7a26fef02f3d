using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;
using Xunit;
using static Ppec.Domain.Tests.Samples;
using Directory = Ppec.Domain.Access.Directory;

namespace Ppec.Domain.Tests.Access;

/// <summary>People whom an identity provider vouches for.</summary>
public static class AdmittingTests
{
    const string Subject = "https://id.example.net#17";

    static Directory Fold(Directory directory, params IEnumerable<AccessEvent> events) => events.Aggregate(directory, Directory.Evolve);

    static Decision<AccessEvent> Admit(Directory d, string user, params string[] groups) => DirectoryRules.Decide(d, new AdmitPerson(user, Subject, [.. groups]) { At = Start });

    static Directory With(params string[] groups) => Fold(Directory.Initial, groups.Select(g => new GroupSet(g, "", [], [], "ada") { At = Start }));

    [Fact]
    public static void Somebody_new_is_a_person_with_nothing_granted_and_known_again_whatever_the_name_becomes()
    {
        var after = Fold(Directory.Initial, Admit(Directory.Initial, "alice").Events);
        Assert.Equal(("person", Subject, false), (after.Users["alice"].Kind, after.Users["alice"].OidcSubject, after.Users["alice"].Disabled));
        Assert.Empty(new Rights(after).Powers("alice"));
        Assert.Empty(Admit(after, "alice").Events);
        Assert.Empty(Admit(after, "alice-married").Events);
        Assert.DoesNotContain("alice-married", after.Users.Keys);
    }

    [Fact]
    public static void A_name_that_is_taken_here_stays_its_owners_until_an_administrator_says_it_is_the_same_person()
    {
        var refused = Admit(Directory.Initial, BuiltIn.Administrator);
        Assert.Equal(ProblemCodes.Unauthenticated, refused.Problem?.Code);
        Assert.Contains($"ppec user set {BuiltIn.Administrator} --oidc-subject '{Subject}'", refused.Problem!.Message, StringComparison.Ordinal);
        var linked = Fold(Directory.Initial, DirectoryRules.Decide(Directory.Initial, new SetUser(BuiltIn.Administrator, null, null, Subject) { By = BuiltIn.Administrator, At = Start }).Events);
        Assert.Equal(BuiltIn.Administrator, Admitting.Known(linked, Subject)?.Id);
        Assert.Null(Admit(linked, "whatever").Problem);
        Assert.Equal(ProblemCodes.NameTaken, DirectoryRules.Decide(Fold(linked, new UserCreated("eve", "person", null, "ada")), new SetUser("eve", null, null, Subject) { By = BuiltIn.Administrator, At = Start }).Problem?.Code);
    }

    [Fact]
    public static void Who_is_disabled_here_is_not_let_in_by_anybody_else()
    {
        var disabled = Fold(Directory.Initial, new UserCreated("alice", "person", null, AdmitPerson.Actor, Subject), new UserSet("alice", true, null, "ada"));
        Assert.Equal(ProblemCodes.Unauthenticated, Admit(disabled, "alice").Problem?.Code);
    }

    [Fact]
    public static void The_providers_groups_are_as_it_says_at_each_sign_in_and_no_others_are_touched()
    {
        var d = With("oidc-ops", "oidc-net", "ops");
        d = Fold(d, Admit(d, "alice", "ops", "unheard-of").Events);
        Assert.Equal((true, false, false), (d.Groups["oidc-ops"].Members.Contains("alice"), d.Groups["oidc-net"].Members.Contains("alice"), d.Groups["ops"].Members.Contains("alice")));
        Assert.DoesNotContain("oidc-unheard-of", d.Groups.Keys);
        d = Fold(d, Admit(d, "alice", "net").Events);
        Assert.Equal((false, true), (d.Groups["oidc-ops"].Members.Contains("alice"), d.Groups["oidc-net"].Members.Contains("alice")));
        Assert.Equal(ProblemCodes.Invalid, DirectoryRules.Decide(d, new SetGroup("oidc-net", null, ["admin"], []) { By = BuiltIn.Administrator, At = Start }).Problem?.Code);
        Assert.Null(DirectoryRules.Decide(d, new SetGroup("oidc-new", "theirs", [], []) { By = BuiltIn.Administrator, At = Start }).Problem);
    }

    [Theory]
    [InlineData("alice", "alice"), InlineData("Alice.Smith@example.net", "alice-smith"), InlineData("", null), InlineData(null, null), InlineData("@x", null), InlineData("ÄÖ", null), InlineData("../../etc", "etc")]
    public static void A_name_is_made_of_what_the_provider_says(string? said, string? name) => Assert.Equal(name, Admitting.Name(said));
}
