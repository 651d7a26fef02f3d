using Ppec.Cli.Output;
using Ppec.Contracts.Changes;
using Ppec.Sdk;

namespace Ppec.Cli.Changes;

/// <summary>A change as its checker reads it.</summary>
static class ChangeSheets
{
    public static int Show(Call call, Answer<ChangeView> answer) => call.Show(answer, Of, change => [change.Id]);

    public static Sheet Table(IEnumerable<ChangeView> changes, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["ID", "STATE", "WHAT", "ON", "MAKER", "OPENED", "UNTIL", "AGREED", "RISKS", "REASON"] : ["ID", "STATE", "WHAT", "ON", "MAKER", "UNTIL", "AGREED"]);
        foreach (var c in changes)
            sheet.Add(wide
                ? [c.Id, State(c), c.Permission, c.Target, c.Maker, Words.Time(c.OpenedAt), Until(c), Agreed(c), string.Join(' ', c.Risks.Each()), c.Reason ?? ""]
                : [c.Id, State(c), c.Permission, c.Target, c.Maker, Until(c), Agreed(c)]);
        return sheet;
    }

    public static IEnumerable<Sheet> Of(ChangeView c, bool wide)
    {
        yield return new Sheet(null).Fact("Change", c.Id).Fact("State", State(c)).Fact("What", $"{c.Permission} on {c.Target}").Fact("Maker", c.Maker).Fact("Reason", c.Reason).Fact("Ticket", c.Ticket)
            .Fact("Opened", Words.Time(c.OpenedAt)).Fact("Approve by", Until(c)).Fact("Risks", string.Join(", ", c.Risks.Each())).Fact("Ended", c.EndedAt is { } ended ? $"{Words.Time(ended)} by {c.EndedBy}" : null)
            .Fact("Because", c.Why).Fact("Moved", string.Join("; ", c.Moved.Each())).Fact("Operation", c.Operation)
            .Fact("Without approval", c.BreakGlass ? "the glass was broken" : null).Fact("Review", c.Review is null ? null : c.ReviewUntil is { } by && c.Review == "due" ? $"due by {Words.Time(by)}" : c.Review);
        foreach (var sheet in PlanSheets.Of(c.Plan, wide)) yield return sheet;
        var stages = new Sheet("Needs", "STAGE", "POLICY", "APPROVERS", "QUORUM", "AGREED");
        foreach (var s in c.Stages.Each())
            stages.Add(s.Turn, s.Policy, s.Approvers.Each().Any() ? string.Join(' ', s.Approvers.Each()) : "whoever has change.approve", s.Quorum, string.Join(' ', s.ApprovedBy.Each()));
        if (stages.Rows.Count > 0) yield return stages;
        var approvals = new Sheet("Agreed", "WHO", "TIME", "PLAN", "COMMENT");
        foreach (var a in c.Approvals.Each()) approvals.Add(a.By, Words.Time(a.At), a.Hash, a.Comment ?? "");
        if (approvals.Rows.Count > 0) yield return approvals;
    }

    public static IEnumerable<Sheet> Now(ChangeNow now, bool wide)
    {
        yield return new Sheet(null).Fact("At", Words.Time(now.At)).Fact("Stands", now.Stands ? "yes: approved now, it would do just what was planned" : "no").Fact("Refused now", now.Problem);
        var moved = new Sheet("Differs", "WHAT");
        foreach (var line in now.Moved.Each()) moved.Add(line);
        if (moved.Rows.Count > 0) yield return moved;
        if (now.Plan is not { } plan) yield break;
        foreach (var sheet in PlanSheets.Of(plan, wide)) yield return sheet;
    }

    static Cell State(ChangeView c) => new(c.State, c.State switch { "executed" => Tone.Good, "failed" or "superseded" or "rejected" => Tone.Bad, _ => Tone.Plain });

    static string Until(ChangeView c) => Words.Time(c.State == "approved" && c.ExecuteUntil is { } until ? until : c.ApproveUntil);

    static string Agreed(ChangeView c) => string.Join(' ', c.Stages.Each().Select(stage => $"{stage.ApprovedBy.Each().Count()}/{stage.Quorum}"));
}
