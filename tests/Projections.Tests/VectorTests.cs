using System.Globalization;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Queries;
using Ppec.Domain.Filters;
using Ppec.Domain.Machines;

namespace Ppec.Projections.Tests;

public sealed class VectorTests : IDisposable
{
    static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    readonly string _folder = Directory.CreateTempSubdirectory("ppec-vectors-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Filters_are_read_as_written_down()
    {
        foreach (var v in Vectors.All.Parsed) Assert.Equal([v.Text, .. v.Terms], [v.Text, .. Filter.Parse(v.Text).Select(Words)]);
    }

    [Fact]
    public void What_cannot_be_read_is_refused_with_the_term_and_what_would_be_right()
    {
        foreach (var v in Vectors.All.Refused)
        {
            var e = Assert.Throws<QueryException>(() => Filter.Parse(v.Text));
            Assert.Equal(v.Field, e.Field);
            foreach (var says in v.Says) Assert.Contains(says, e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Filters_find_what_is_written_down()
    {
        var logs = new Logs();
        foreach (var m in Vectors.All.Machines) await logs.Write($"machine-{m.Id}", [.. Life(m)]);
        using var model = await logs.Folded(Path.Combine(_folder, "read.db"));
        foreach (var v in Vectors.All.Found)
        {
            var page = model.List("machine", new(v.Text, null, 100, null));
            Assert.Equal([v.Text, .. v.Ids], [v.Text, .. page.Items.Select(Id)]);
            Assert.Equal(v.Ids.Length, page.Total);
            foreach (var sort in FilterKeys.Sort.SelectMany(k => (string[])[k, $"-{k}"]))
                Assert.Equal([sort, .. v.Ids], [sort, .. Walked(model, v.Text, sort).Order(StringComparer.Ordinal)]);
        }
    }

    static IEnumerable<string> Walked(ReadModel model, string filter, string sort)
    {
        for (string? cursor = null; ;)
        {
            var page = model.List("machine", new(filter, sort, 1, cursor));
            foreach (var item in page.Items) yield return Id(item);
            if ((cursor = page.NextCursor) is null) yield break;
        }
    }

    static string Id(ReadOnlyMemory<byte> body) => System.Text.Json.JsonDocument.Parse(body).RootElement.GetProperty("id").GetString()!;

    static IEnumerable<MachineEvent> Life(Vectors.Machine m)
    {
        yield return new MachineRacked(m.Id, m.Serial, new("blr1", "blr1.r1", m.Unit), null, null, [.. m.Macs], m.Name) { At = Noon };
        if (m.Note is not null) yield return new MachineDescribed(null, m.Note, null, null) { At = Noon };
        if (!m.Tags.IsEmpty) yield return new MachineTagged(m.Tags.ToDictionary().ToSorted(), []) { At = Noon };
        if (m.Stage != "racked")
        {
            var hardware = new Inventory(
                new("Maker", "Model", m.Serial, ""), new("", "", ""), new("", "", ""), [new("CPU.1", "cpu", m.Cores / 2, m.Cores), new("CPU.2", "cpu", m.Cores / 2, m.Cores)], [],
                [.. m.Disks.Select((d, i) => new Disk($"slot{i}", $"sd{i}", "model", d, "", 1, false, "sata", ""))],
                [.. m.Macs.Select((mac, i) => new Nic($"nic{i}", $"eno{i}", mac, "", true, 1000))], [], [], new(false, ""), m.MemoryMiB, "uefi");
            yield return new InspectionStarted("op1") { At = Noon };
            yield return new MachineInspected("op1", hardware, new([]), new(true, m.Type, "", [])) { At = Noon };
            if (m.Stage == "spare") yield return new MachinePromoted(m.Type!) { At = Noon };
        }
        if (m.Held) yield return new MachineHeld("operator", "x", null, null) { At = Noon };
    }

    static string Words(Term term) => (term.Negated ? "not " : "") + term switch
    {
        Term.Text t   => $"text {t.Part}",
        Term.Has t    => $"has {t.Key}",
        Term.In t     => $"{t.Key} in [{string.Join('|', t.Values)}]",
        Term.Number t => $"{t.Key} {t.Comparison} {t.Value}",
        Term.Time t   => $"{t.Key} {t.Comparison} {t.Value.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}",
        Term.Saved t  => $"saved {t.Name}",
        _             => term.ToString(),
    };
}
