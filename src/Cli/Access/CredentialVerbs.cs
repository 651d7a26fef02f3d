using System.Collections.Immutable;
using Ppec.Cli.Output;
using Ppec.Contracts.Access;
using Ppec.Sdk;

namespace Ppec.Cli.Access;

/// <summary><c>ppec credential</c>.</summary>
static class CredentialVerbs
{
    const string Example = "7h2k9q4m1x";

    public static Verb Build(Shell shell) => new Verb("credential", "Credentials: tokens that may do part of what their user may, for a while.", "ppec credential create ci-blr1 --user ci --permission machine.read --region blr1 --days 30", "ppec credential list")
        .Under(
            new Verb("list", "List credentials: everyone's for whoever may see them, otherwise one's own.", "ppec credential list --filter user:ci").With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Credentials, Table, credential => credential.Id)),
            TeamVerbs.Show(shell, "credential", Example, call => call.Client.Credentials, Show), Create(shell), Rotate(shell), Revoke(shell));

    static Verb Create(Shell shell)
    {
        var verb = new Verb("create", "Make a credential of oneself, or of a service account. Its token is printed this once.",
            "ppec credential create laptop --days 7", "ppec credential create ci-blr1 --user ci --permission machine.read --permission 'operation.*' --region blr1 --tag team=payments --network 10.1.0.0/16 --until 2026-12-31T00:00Z");
        var name = verb.Takes("name", "What it is called, for people.");
        var user = verb.Has<string?>("--user", "USER", "Whose; one's own when left out.");
        var permissions = verb.Has<string[]>("--permission", "PERMISSION", "Only these of its user's permissions; may be repeated.");
        var regions = verb.Has<string[]>("--region", "REGION", "Only in these regions; may be repeated.");
        var tags = verb.Has<string[]>("--tag", "KEY=VALUE", "Only things that have all of these tags; may be repeated.");
        var networks = verb.Has<string[]>("--network", "CIDR", "Honoured only from these networks; may be repeated.");
        var days = verb.Has<int?>("--days", "N", "How many days it lives, 1 to 366; 30 when left out.");
        var until = SharedOptions.Moment("--until", "When it ends, in place of --days.");
        var file = verb.Has<string?>("--token-file", "FILE", "Write the token there, for this user alone, and do not print it.");
        return verb.With(until).With(shell.Options.Changing).Does(shell, async call =>
        {
            var made = await call.Client.Credentials.CreateAsync(
                new(call.Get(name), call.Get(user), [.. call.Get(permissions) ?? []], [.. call.Get(regions) ?? []], Tags(call.Get(tags) ?? []), [.. call.Get(networks) ?? []], call.Get(days) ?? 30, call.Get(until)), call.Mutation(), call.Cancellation);
            return Made(call, made, call.Get(file));
        });
    }

    static Verb Rotate(Shell shell)
    {
        var verb = new Verb("rotate", "Give a credential a new secret, printed this once; the old one is honoured for a while.", $"ppec credential rotate {Example} --overlap 60", $"ppec credential rotate {Example} --token-file ./token --until 2026-12-31T00:00Z");
        var id = verb.Takes("credential", "The credential's id.");
        var overlap = verb.Has<int?>("--overlap", "MINUTES", "How long the old secret is honoured: 0 to 7 days; a day when left out.");
        var until = SharedOptions.Moment("--until", "When it ends; stays when left out.");
        var file = verb.Has<string?>("--token-file", "FILE", "Write the token there, for this user alone, and do not print it.");
        return verb.With(until).With(shell.Options.Changing).Does(shell, async call =>
            Made(call, await call.Client.Credentials.RotateAsync(call.Get(id), new(call.Get(overlap) ?? 24 * 60, call.Get(until)), call.Mutation(), call.Cancellation), call.Get(file)));
    }

    static Verb Revoke(Shell shell)
    {
        var verb = new Verb("revoke", "End a credential for good, within a second.", $"ppec credential revoke {Example} --reason 'was in a log'");
        var id = verb.Takes("credential", "The credential's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call => Show(call, await call.Client.Credentials.RevokeAsync(call.Get(id), call.Mutation(), call.Cancellation)));
    }

    static ImmutableSortedDictionary<string, string>? Tags(string[] tags) => tags.Length == 0 ? null : tags.Select(tag =>
        tag.IndexOf('=', StringComparison.Ordinal) is > 0 and var at ? KeyValuePair.Create(tag[..at], tag[(at + 1)..]) : throw new UsageException($"'{tag}' is no tag. Write KEY=VALUE.")).ToImmutableSortedDictionary(StringComparer.Ordinal);

    static int Made(Call call, Answer<CredentialMade> answer, string? file)
    {
        if (file is null) return call.Show(answer, (made, _) => [new Sheet(null).Fact("Credential", made.Id).Fact("User", made.User).Fact("Token", made.Token).Fact("Until", made.ExpiresAt)], made => [made.Id]);
        Contexts.CredentialStore.Write(file, answer.Value.Token);
        call.Screen.Line(answer.Value.Id);
        return ExitCodes.Done;
    }

    static int Show(Call call, Answer<CredentialView> answer) => call.Show(answer, (credential, wide) => [Table([credential], wide)], credential => [credential.Id]);

    static Sheet Table(IEnumerable<CredentialView> credentials, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["ID", "NAME", "USER", "KIND", "UNTIL", "LAST USED", "STATE", "LIMITS", "ISSUED", "BY"] : ["ID", "NAME", "USER", "KIND", "UNTIL", "LAST USED", "STATE", "LIMITS"]);
        foreach (var c in credentials)
        {
            Cell[] row = [c.Id, c.Name, c.User, c.Kind, c.ExpiresAt, c.LastUsedAt, c.RevokedAt is null ? "" : new Cell("revoked", Tone.Bad), Limits(c.Limits)];
            sheet.Add(wide ? [.. row, Words.Time(c.IssuedAt), c.IssuedBy] : row);
        }
        return sheet;
    }

    static string Limits(Limits limits) => string.Join(' ', limits.Permissions.Each().Concat(limits.Regions.Each().Select(region => $"in:{region}")).Concat((limits.Tags ?? ImmutableSortedDictionary<string, string>.Empty).Select(tag => $"{tag.Key}={tag.Value}")).Concat(limits.Networks.Each().Select(network => $"from:{network}")));
}
