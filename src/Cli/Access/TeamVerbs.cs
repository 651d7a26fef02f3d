using System.Collections.Immutable;
using System.Globalization;
using Ppec.Cli.Output;
using Ppec.Contracts.Access;
using Ppec.Sdk;

namespace Ppec.Cli.Access;

/// <summary><c>ppec group</c> and <c>ppec owner</c>: people taken together, and teams that things belong to.</summary>
static class TeamVerbs
{
    public static Verb Groups(Shell shell) => new Verb("group", "Groups: users who are granted things together.", "ppec group set ops --add alice --add bob", "ppec group list")
        .Under(
            new Verb("list", "List groups.", "ppec group list").With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Groups, GroupTable, group => group.Id)),
            Show(shell, "group", "ops", call => call.Client.Groups, Show), SetGroup(shell), Delete(shell, "group", "ops", (call, id) => call.Client.Groups.DeleteAsync(id, call.Mutation(), call.Cancellation))).Under(PastVerbs.Of(shell, "group", "ops", call => call.Client.Groups));

    public static Verb Owners(Shell shell) => new Verb("owner", "Owners: teams that machines belong to, and how much each may have.", "ppec owner set payments --add group:payments-devs --quota machines=20", "ppec owner list")
        .Under(
            new Verb("list", "List owners.", "ppec owner list").With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Owners, OwnerTable, owner => owner.Id)),
            Show(shell, "owner", "payments", call => call.Client.Owners, Show), SetOwner(shell), Delete(shell, "owner", "payments", (call, id) => call.Client.Owners.DeleteAsync(id, call.Mutation(), call.Cancellation))).Under(PastVerbs.Of(shell, "owner", "payments", call => call.Client.Owners));

    /// <summary>Shows one of a noun, now or as it was.</summary>
    public static Verb Show<T>(Shell shell, string noun, string example, Func<Call, NounClient<T>> client, Func<Call, Answer<T>, int> show)
    {
        var verb = new Verb("show", $"Show one {noun}, now or as it was.", $"ppec {noun} show {example}", $"ppec {noun} show {example} --at 2026-01-31T12:00Z");
        var id = verb.Takes(noun, $"The {noun}'s id.");
        return verb.With(shell.Options.At).With(shell.Options.Reading).Does(shell, async call => show(call, await client(call).GetAsync(call.Get(id), new() { At = call.Get(shell.Options.At) }, call.Cancellation)));
    }

    /// <summary>Deletes one of a noun.</summary>
    public static Verb Delete(Shell shell, string noun, string example, Func<Call, string, Task> delete, string name = "delete", string description = "Delete")
    {
        var verb = new Verb(name, $"{description} one {noun}; its history stays.", $"ppec {noun} {name} {example}", $"ppec {noun} {name} {example} --plan");
        var id = verb.Takes(noun, $"The {noun}'s id.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            await delete(call, call.Get(id));
            return ExitCodes.Done;
        });
    }

    static Verb SetGroup(Shell shell)
    {
        var verb = new Verb("set", "Make a group, or add and remove members of one.", "ppec group set ops --add alice --add bob --description 'the night shift'", "ppec group set ops --remove bob --plan");
        var id = verb.Takes("group", "The group's name, a short slug.");
        var (add, remove) = (verb.Has<string[]>("--add", "USER", "A user who becomes a member; may be repeated."), verb.Has<string[]>("--remove", "USER", "A user who is a member no more; may be repeated."));
        var description = verb.Has<string?>("--description", "TEXT", "What it is, for people.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            Show(call, await call.Client.Groups.SetAsync(new(call.Get(id), call.Get(description), [.. call.Get(add) ?? []], [.. call.Get(remove) ?? []]), call.Mutation(), call.Cancellation)));
    }

    static Verb SetOwner(Shell shell)
    {
        var verb = new Verb("set", "Make a team, or change its members and quotas. Quotas that are given replace all of them.",
            "ppec owner set payments --add group:payments-devs --quota machines=20 --quota machines:compute-v3=12", "ppec owner set payments --remove user:alice");
        var id = verb.Takes("owner", "The team's name, a short slug.");
        var add = verb.Has<string[]>("--add", "MEMBER", "user:NAME or group:NAME; may be repeated.");
        var remove = verb.Has<string[]>("--remove", "MEMBER", "user:NAME or group:NAME that is a member no more; may be repeated.");
        var quota = verb.Has<string[]>("--quota", "WHAT=N", "At most so many: machines=20, machines:TYPE=12; may be repeated.");
        var noQuotas = new System.CommandLine.Option<bool>("--no-quotas") { Description = "Take all quotas away." };
        var description = verb.Has<string?>("--description", "TEXT", "What it is, for people.");
        return verb.With(noQuotas).With(shell.Options.Changing).Does(shell, async call =>
        {
            if (call.Get(quota) is { Length: > 0 } && call.Get(noQuotas)) throw new UsageException("--quota or --no-quotas: not both.");
            var quotas = call.Get(quota) is { Length: > 0 } given ? given.Select(Quota).ToImmutableSortedDictionary(StringComparer.Ordinal) : call.Get(noQuotas) ? ImmutableSortedDictionary<string, long>.Empty : null;
            return Show(call, await call.Client.Owners.SetAsync(new(call.Get(id), call.Get(description), [.. call.Get(add) ?? []], [.. call.Get(remove) ?? []], quotas), call.Mutation(), call.Cancellation));
        });
    }

    static KeyValuePair<string, long> Quota(string text) =>
        text.LastIndexOf('=') is > 0 and var at && long.TryParse(text.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? KeyValuePair.Create(text[..at], count)
            : throw new UsageException($"'{text}' is no quota. Write machines=20 or machines:compute-v3=12.");

    static int Show(Call call, Answer<GroupView> answer) => call.Show(answer, (group, wide) => [GroupTable([group], wide)], group => [group.Id]);

    static int Show(Call call, Answer<OwnerView> answer) => call.Show(answer, (owner, wide) => [OwnerTable([owner], wide)], owner => [owner.Id]);

    static Sheet GroupTable(IEnumerable<GroupView> groups, bool wide)
    {
        var sheet = new Sheet(null, "NAME", "MEMBERS", "DESCRIPTION");
        foreach (var g in groups) sheet.Add(g.Id, string.Join(' ', g.Members.Each()), g.Description);
        return sheet;
    }

    static Sheet OwnerTable(IEnumerable<OwnerView> owners, bool wide)
    {
        var sheet = new Sheet(null, "NAME", "MEMBERS", "QUOTAS", "DESCRIPTION");
        foreach (var o in owners) sheet.Add(o.Id, string.Join(' ', o.Members.Each()), string.Join(' ', (o.Quotas ?? ImmutableSortedDictionary<string, long>.Empty).Select(quota => $"{quota.Key}={quota.Value}")), o.Description);
        return sheet;
    }
}
