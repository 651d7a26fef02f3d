using System.Diagnostics;
using System.Globalization;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Stores.Conformance;
using Ppec.Stores.Sqlite;

namespace Ppec.Benchmarks;

/// <summary>How fast a log is proven: read from SQLite, every hash computed again, and its tree. A log of a million events, or the one that PPEC_BENCH_LOG names.</summary>
static class Verification
{
    public static async Task Run(int machines)
    {
        using var root = new Scratch();
        if (Environment.GetEnvironmentVariable("PPEC_BENCH_LOG") is not { Length: > 0 } data) await MachineLog.Write(data = root.Data, machines);
        await using var store = SqliteEventStore.OpenToRead(data);
        for (var round = 0; round < 2; round++)
        {
            var (since, verifier) = (Stopwatch.GetTimestamp(), new LogVerifier());
            await verifier.CheckAll(store.ReadAll(LogPosition.Start, CancellationToken.None));
            var took = Stopwatch.GetElapsedTime(since).TotalSeconds;
            Row.Print(string.Create(CultureInfo.InvariantCulture, $"verified: {verifier.Events:N0} events in {verifier.Streams:N0} streams in {took:N1} s"), verifier.Events / took, "events/s", "N0", "≥ 200,000");
            var (read, count) = (Stopwatch.GetTimestamp(), 0L);
            await foreach (var _ in store.ReadAll(LogPosition.Start, CancellationToken.None)) count++;
            Row.Print("  of which reading alone, with the store's own check", count / Stopwatch.GetElapsedTime(read).TotalSeconds, "events/s");
        }
    }
}
