using Ppec.Cli.Output;
using Ppec.Contracts.Disks;

namespace Ppec.Cli.Find;

/// <summary><c>ppec disk</c>.</summary>
static class DiskVerbs
{
    public static Verb Build(Shell shell)
    {
        var verb = new Verb("show", "A disk's life: every machine it sat in, each wipe with its proof, and where it is now.", "ppec disk show S6XANX0T100234");
        var serial = verb.Takes("serial", "The disk's serial number.");
        return new Verb("disk", "Disks, by serial number.", "ppec disk show S6XANX0T100234").Under(
            verb.With(shell.Options.Reading).Does(shell, async call =>
                call.Show(await call.Client.Disks.GetAsync(call.Get(serial), call.Cancellation), (disk, _) => Sheets(disk), disk => [disk.Serial])));
    }

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
