using Ppec.Cli.Output;
using Ppec.Contracts.Access;
using Ppec.Sdk;

namespace Ppec.Cli.Access;

/// <summary><c>ppec policy</c>: which commands need a second person.</summary>
static class PolicyVerbs
{
    public static Verb Build(Shell shell) => new Verb("policy", "Policies: which commands need a second person, and whose word counts.", "ppec policy set prod-release --permission machine.release --scope tag:env=prod --approver role:approver", "ppec policy list")
        .Under(
            new Verb("list", "List policies.", "ppec policy list").With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Policies, Table, policy => policy.Id)),
            TeamVerbs.Show(shell, "policy", "prod-release", call => call.Client.Policies, Show), Set(shell), TeamVerbs.Delete(shell, "policy", "prod-release", (call, id) => call.Client.Policies.DeleteAsync(id, call.Mutation(), call.Cancellation))).Under(PastVerbs.Of(shell, "policy", "prod-release", call => call.Client.Policies));

    static Verb Set(Shell shell)
    {
        var verb = new Verb("set", "Make a policy, or replace the one of that name. Nobody weakens one alone.",
            "ppec policy set prod-release --permission machine.release --permission machine.retire --scope tag:env=prod --approver role:approver",
            "ppec policy set many-wipes --permission 'machine.*' --min-disks 20 --quorum 2 --approver group:seniors --severe --window 'mon-fri 08:00-18:00'",
            "ppec policy set end-of-life --permission machine.retire --second-approver group:finance --second-quorum 1 --approve-within 2880 --execute-within 120");
        var id = verb.Takes("policy", "The policy's name, a short slug.");
        var permissions = verb.Has<string[]>("--permission", "PERMISSION", "Of which commands: machine.release, machine.*; may be repeated.", required: true);
        var scope = verb.Has<string?>("--scope", "SCOPE", "Where: global (the default), region:blr1, tag:env=prod and so on.");
        var quorum = verb.Has<int?>("--quorum", "N", "How many different persons must agree; 1 when left out.");
        var approvers = verb.Has<string[]>("--approver", "WHO", "group:NAME or role:NAME; may be repeated. Left out: whoever has change.approve there.");
        var minCount = verb.Has<int?>("--min-count", "N", "Only what touches at least so many things.");
        var minDisks = verb.Has<int?>("--min-disks", "N", "Only what wipes or overwrites at least so many disks.");
        var window = verb.Has<string?>("--window", "TIMES", "Only then, UTC: 'mon-fri 08:00-18:00'.");
        var approveWithin = verb.Has<int?>("--approve-within", "MINUTES", "How long it may wait; a day when left out.");
        var executeWithin = verb.Has<int?>("--execute-within", "MINUTES", "How long after approval it may begin; an hour when left out.");
        var secondQuorum = verb.Has<int?>("--second-quorum", "N", "How many must agree in a second stage, once the first is complete.");
        var secondApprovers = verb.Has<string[]>("--second-approver", "WHO", "Whose word counts in the second stage; may be repeated.");
        var severe = new System.CommandLine.Option<bool>("--severe") { Description = "Who agrees must have signed in within five minutes." };
        var description = verb.Has<string?>("--description", "TEXT", "Why there is this policy, for people.");
        return verb.With(severe).With(shell.Options.Changing).Does(shell, async call =>
        {
            var second = call.Get(secondQuorum) is null && call.Get(secondApprovers) is not { Length: > 0 } ? null : new PolicyStage(call.Get(secondQuorum) ?? 1, [.. call.Get(secondApprovers) ?? []]);
            var body = new PolicyBody(call.Get(id), [.. call.Get(permissions)!], call.Get(scope) ?? "global", call.Get(quorum) ?? 1, [.. call.Get(approvers) ?? []], call.Get(description) ?? "",
                call.Get(minCount) ?? 0, call.Get(minDisks) ?? 0, call.Get(window), call.Get(approveWithin) ?? 24 * 60, call.Get(executeWithin) ?? 60, second, call.Get(severe));
            return Show(call, await call.Client.Policies.SetAsync(body, call.Mutation(), call.Cancellation));
        });
    }

    static int Show(Call call, Answer<PolicyView> answer) => call.Show(answer, (policy, wide) => [Table([policy], wide)], policy => [policy.Id]);

    static Sheet Table(IEnumerable<PolicyView> policies, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["NAME", "COMMANDS", "SCOPE", "NEEDS", "SECOND", "FROM", "WINDOW", "WAITS", "BEGINS WITHIN", "DESCRIPTION"] : ["NAME", "COMMANDS", "SCOPE", "NEEDS", "SECOND", "FROM"]);
        foreach (var p in policies)
        {
            Cell[] row = [p.Id, string.Join(' ', p.Permissions.Each()), p.Scope, Needs(new(p.Quorum, p.Approvers)) + (p.Severe ? ", severe" : ""), p.SecondStage is { } second ? Needs(second) : "", From(p)];
            sheet.Add(wide ? [.. row, p.Window ?? "", $"{p.ApproveWithinMinutes} min", $"{p.ExecuteWithinMinutes} min", p.Description] : row);
        }
        return sheet;
    }

    static string Needs(PolicyStage stage) => $"{stage.Quorum} of {(stage.Approvers.Each().Any() ? string.Join(' ', stage.Approvers.Each()) : "whoever may")}";

    static string From(PolicyView p) => string.Join(", ", new[] { p.MinCount > 0 ? $"{p.MinCount} things" : null, p.MinDisks > 0 ? $"{p.MinDisks} disks" : null }.Where(part => part is not null));
}
