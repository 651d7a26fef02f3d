using Ppec.Cli.Output;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Disks;
using Ppec.Contracts.Gate;
using Ppec.Sdk;

namespace Ppec.Cli.Find;

/// <summary><c>ppec disk</c>.</summary>
static class DiskVerbs
{
    public static Verb Build(Shell shell)
    {
        var verb = new Verb("show", "A disk's life on one page: every machine it sat in, where it is now, and each wipe; for an auditor with who had it done, who agreed to which plan, and a proof.",
            "ppec disk show S6XANX0T100234", "ppec disk show S6XANX0T100234 --record -o json");
        var serial = verb.Takes("serial", "The disk's serial number.");
        var record = verb.Has<bool>("--record", "", "All that an auditor asks, whole; it takes audit.read everywhere.");
        return new Verb("disk", "Disks, by serial number.", "ppec disk show S6XANX0T100234").Under(
            verb.With(shell.Options.Reading).Does(shell, async call =>
            {
                if (call.Get(record)) return call.Show(await call.Client.Disks.RecordAsync(call.Get(serial), call.Cancellation), (r, _) => Page(r), r => [r.Disk.Serial]);
                var disk = await call.Client.Disks.GetAsync(call.Get(serial), call.Cancellation);
                var known = call.Format is "table" or "wide" ? await Record(call, call.Get(serial)) : null;
                return call.Show(disk, (d, _) => known is null ? Sheets(d) : Page(known), d => [d.Serial]);
            }));
    }

    /// <summary>Null for who is no auditor.</summary>
    static async Task<DiskRecord?> Record(Call call, string serial)
    {
        try { return (await call.Client.Disks.RecordAsync(serial, call.Cancellation)).Value; }
        catch (PpecException e) when (e.Code == ProblemCodes.Forbidden) { return null; }
    }

    static IEnumerable<Sheet> Page(DiskRecord record)
    {
        foreach (var sheet in Sheets(record.Disk)) yield return sheet;
        foreach (var w in record.Wipes.Each())
        {
            var sheet = new Sheet($"Wipe of {Words.Time(w.Wipe.FinishedAt)} in {w.Wipe.Machine}")
                .Fact("Method", $"{w.Wipe.Method}, class {w.Wipe.SanitizationClass}")
                .Fact("Verified", w.Wipe.Verified ? new($"yes, {w.Wipe.SamplesRead} samples read", Tone.Good) : new($"no{(w.Wipe.Error is { } error ? $": {error}" : "")}", Tone.Bad))
                .Fact("Operation", w.Wipe.Operation)
                .Fact("Had done by", w.Maker is { } maker ? $"{maker}{(w.BegunAt is { } at ? $", {Words.Time(at)}" : "")}" : new Cell("the log does not say", Tone.Bad))
                .Fact("Reason", w.Reason).Fact("Ticket", w.Ticket).Fact("Plan", w.PlanHash);
            if (w.Change is not { } change) sheet.Fact("Agreed by", new Cell("nobody else had to", Tone.Dim));
            else
            {
                sheet.Fact("Change", $"{change.Id}{(change.BreakGlass ? $", done at once without approval; review: {change.Review}" : "")}").Fact("Plan they saw", change.Plan.Hash);
                foreach (var effect in change.Plan.Effects.Each()) sheet.Fact("Effect", new Cell($"{effect.Kind} {effect.Target}: {effect.Detail}"));
                foreach (var a in change.Approvals.Each()) sheet.Fact("Agreed by", $"{a.By}, {Words.Time(a.At)}, to {a.Hash}{(a.Comment is { Length: > 0 } comment ? $": {comment}" : "")}");
            }
            yield return sheet.Fact("Event", w.Position).Fact("Proof", Proven(record.Disk.Serial, w, record.Head));
            if (w.Proof is not { } proof) continue;
            var path = new Sheet(null, "PATH TO THE ROOT");
            foreach (var hash in proof.Path.Each()) path.Add(hash);
            yield return path;
        }
        if (record.Head is { } head)
            yield return new Sheet("Signed head").Fact("Events", head.Size).Fact("Signed", Words.Time(head.Time)).Fact("Root", head.Root).Fact("Key", head.KeyFingerprint());
    }

    /// <summary>It is checked here; what the server says of it is not asked.</summary>
    static Cell Proven(string serial, WipeRecord w, TreeHead? head) =>
        w.Proof is not { } proof || head is null ? new("no signed head covers it yet; that takes ten minutes at most", Tone.Busy)
        : proof.Event.Stream != $"machine-{w.Wipe.Machine}" || !proof.Event.Data.Contains(w.Wipe.Operation, StringComparison.Ordinal) || !proof.Event.Data.Contains(serial, StringComparison.Ordinal) ? new("DOES NOT HOLD: it is of another event", Tone.Bad)
        : proof.Fault(head) is { } fault ? new($"DOES NOT HOLD: {fault}", Tone.Bad)
        : new($"holds: event number {proof.Index + 1} of {proof.Size}, hash {proof.Event.Hash}", Tone.Good);

    static IEnumerable<Sheet> Sheets(DiskView disk)
    {
        yield return new Sheet(null)
            .Fact("Serial", disk.Serial).Fact("Model", disk.Model).Fact("WWN", disk.Wwn).Fact("Bytes", disk.SizeBytes)
            .Fact("Now in", disk.Destroyed is { } end ? new($"destroyed {Words.Time(end.At)}: {end.Evidence}", Tone.Bad) : disk.Machine is { } machine ? machine : new Cell("no machine that was inspected since", Tone.Dim));
        var stays = new Sheet("Machines", "MACHINE", "SLOT", "FROM", "UNTIL", "LAST SEEN");
        foreach (var stay in disk.Stays) stays.Add(stay.Machine, stay.Slot, Words.Time(stay.From), stay.Until, Words.Time(stay.Seen));
        yield return stays;
        var wipes = new Sheet("Wipes", "WHEN", "MACHINE", "METHOD", "CLASS", "PROOF", "OPERATION");
        foreach (var wipe in disk.Wipes)
            wipes.Add(Words.Time(wipe.FinishedAt), wipe.Machine, wipe.Method, wipe.SanitizationClass, wipe.Verified ? new($"verified, {wipe.SamplesRead} samples", Tone.Good) : new(wipe.Error ?? "not verified", Tone.Bad), wipe.Operation);
        yield return wipes;
    }
}
