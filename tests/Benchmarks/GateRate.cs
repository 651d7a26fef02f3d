using Ppec.Contracts.Events;
using Ppec.Stores;
using Ppec.Stores.Conformance;
using Ppec.Stores.Sqlite;

namespace Ppec.Benchmarks;

/// <summary>Durable commands through the gate, beside raw appends of the same size to the same kind of store on the same disk, in turns.</summary>
static class GateRate
{
    const int Callers = 64;

    public static async Task Run(TimeSpan each, int rounds)
    {
        using var root = new Scratch();
        using var directory = DataDirectory.Lock(Path.Combine(root.Path, "raw"));
        await using var store = SqliteEventStore.Open(directory);
        await using var node = await GateNode.Start(Path.Combine(root.Path, "node"));
        var (raw, through) = await InTurns(store, node, Callers, each, rounds);
        raw.Print("raw appends, 64 callers");
        Row.Print("  CPU of the process each", raw.Cpu.TotalMicroseconds / raw.Sorted.Count, "µs");
        through.Print("commands through the gate, 64 callers", "≥ 5,000");
        Row.Print("  CPU of the process each, read model and caller included", through.Cpu.TotalMicroseconds / through.Sorted.Count, "µs");
        Row.Print("  of raw", through.Rate / raw.Rate * 100, "%", "N0", "≥ 50 %");
        Row.Print("  p99 / raw p99", through.P99 / raw.P99, "×", "N1", "≤ 2");
    }

    /// <summary>Both for <paramref name="each"/>, a part of it in each round: what else the machine does meets both.</summary>
    public static async Task<(Sample Raw, Sample Through)> InTurns(IEventStore store, GateNode node, int callers, TimeSpan each, int rounds)
    {
        var authors = Enumerable.Range(0, callers).Select(i => new Author(store, $"raw{callers}-{i}")).ToArray();
        var tag = node.Tag(callers);
        await Sample.Measure(callers, TimeSpan.FromSeconds(1), caller => authors[caller].Append());
        await Sample.Measure(callers, each, tag); // compiled and activated before it is measured
        var (raw, through) = (Sample.None, Sample.None);
        for (var round = 0; round < rounds; round++)
        {
            raw += await Sample.Measure(callers, each / rounds, caller => authors[caller].Append());
            through += await Sample.Measure(callers, each / rounds, tag);
        }
        return (raw, through);
    }
}
