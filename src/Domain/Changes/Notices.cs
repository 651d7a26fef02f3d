using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Ppec.Contracts.Changes;
using Ppec.Domain.Access;

namespace Ppec.Domain.Changes;

/// <summary>What people are told of a change, and who: when it is opened and when its time nearly is over, those who may decide; when it is decided, its maker too.</summary>
public static class Notices
{
    /// <summary>Null for what nobody need hear of.</summary>
    public static ChangeNotice? Of(string change, ChangeFacts f, ChangeEvent @event, Rights rights, DateTimeOffset now) => What(@event) is not var (what, why) ? null : new(
        change, what, f.Permission, f.Target, f.Maker, f.Reason, f.Ticket, f.Plan.Hash, [.. f.Plan.Effects.Select(e => $"{e.Kind} {e.Target}: {e.Detail}")], f.ApproveUntil, f.BreakGlass, why,
        [.. rights.Directory.Users.Keys.Where(u => !Checkers.CountsFor(rights, f, u, now).IsEmpty)]);

    /// <summary>Who is told by mail.</summary>
    public static ImmutableArray<string> Readers(ChangeNotice notice, string maker) =>
        notice.What is "opened" or "nears-expiry" ? notice.Checkers : [.. notice.Checkers.Append(maker).Distinct(StringComparer.Ordinal)];

    public static string Subject(ChangeNotice n) => n switch
    {
        { What: "opened", BreakGlass: true } => $"PPEC: {n.Maker} broke the glass for {n.Permission} on {n.Target}",
        { What: "opened" }                   => $"PPEC: {n.Maker} asks for {n.Permission} on {n.Target}",
        { What: "nears-expiry" }             => $"PPEC: still to be decided: {n.Permission} on {n.Target}",
        _                                    => $"PPEC: {n.What}: {n.Permission} on {n.Target}",
    };

    public static string Text(ChangeNotice n)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Change {n.Change}: {n.Permission} on {n.Target}").AppendLine(CultureInfo.InvariantCulture, $"Made by {n.Maker}");
        if (n.Reason is not null) text.AppendLine(CultureInfo.InvariantCulture, $"Reason: {n.Reason}");
        if (n.Ticket is not null) text.AppendLine(CultureInfo.InvariantCulture, $"Ticket: {n.Ticket}");
        if (n.What is not ("opened" or "nears-expiry")) text.AppendLine(CultureInfo.InvariantCulture, $"It is {n.What}{(n.Why is null ? "." : $": {n.Why}")}");
        text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"What it does (plan {n.PlanHash}):");
        foreach (var effect in n.Effects.Take(100)) text.AppendLine(CultureInfo.InvariantCulture, $"- {effect}");
        if (n.Effects.Length > 100) text.AppendLine(CultureInfo.InvariantCulture, $"- and {n.Effects.Length - 100} more");
        if (n.BreakGlass) text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"It was done without a second person. Somebody else reviews it: POST /api/v1/changes/{n.Change}/review");
        else if (n.What is "opened" or "nears-expiry") text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Decide before {n.ApproveUntil:yyyy-MM-dd HH:mm} UTC, after you have looked at the plan: GET /api/v1/changes/{n.Change}, then POST …/approve with the plan's hash, or …/reject");
        return text.ToString();
    }

    static (string What, string? Why)? What(ChangeEvent @event) => @event switch
    {
        ChangeOpened      => ("opened", null),
        ChangeNearsExpiry => ("nears-expiry", null),
        QuorumReached     => ("approved", null),
        ChangeRejected e  => ("rejected", e.Why),
        ChangeWithdrawn   => ("withdrawn", null),
        ChangeExpired e   => ("expired", e.Why),
        ChangeRecorded e  => (e.Result, e.Why),
        _                 => null,
    };
}
