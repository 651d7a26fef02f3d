using System.Diagnostics;
using System.Globalization;
using Ppec.Contracts.Events;
using Ppec.Stores;
using Ppec.Stores.Conformance;
using Ppec.Stores.Conformance.Kurrent;
using Ppec.Stores.Conformance.Postgres;
using Ppec.Stores.Kurrent;
using Ppec.Stores.Postgres;
using Ppec.Stores.Sqlite;

namespace Ppec.Benchmarks;

/// <summary>
/// Each kind of store: raw appends, commands through the gate of an embedded node on it, and a subscriber that starts at the beginning of the log.
/// PostgreSQL is a server of the benchmark's own; EventStoreDB is the one that <c>PPEC_TEST_EVENTSTOREDB</c> names, or else the test server.
/// </summary>
static class StoreRates
{
    public static async Task Run(TimeSpan each, int rounds)
    {
        await Sqlite(each, rounds);
        if (PostgresServer.IsInstalled) await Postgres(each, rounds);
        else Row.Note("PostgreSQL: not installed (ops/packages test)");
        await EventStoreDb(each, rounds);
    }

    static async Task Sqlite(TimeSpan each, int rounds)
    {
        using var root = new Scratch();
        using var directory = DataDirectory.Lock(root.Data);
        await using var store = SqliteEventStore.Open(directory);
        await Measure("SQLite", store, null, each, rounds);
    }

    static async Task Postgres(TimeSpan each, int rounds)
    {
        await using var server = await PostgresServer.Start();
        await using var store = await PostgresEventStore.Open(await Database(), CancellationToken.None);
        await Measure("PostgreSQL", store, await Database(), each, rounds);

        async Task<string> Database() => server.Connection(PostgresServer.Application, await server.Database());
    }

    static async Task EventStoreDb(TimeSpan each, int rounds)
    {
        var given = Environment.GetEnvironmentVariable("PPEC_TEST_EVENTSTOREDB") is { Length: > 0 } address ? address : null;
        await using var test = given is null ? await new TestCluster { Log = new() { NoiseInterval = int.MaxValue } }.Start() : null;
        await using var store = await KurrentEventStore.Open(KurrentOptions.Parse(Log("raw")), CancellationToken.None);
        if (test is not null) Row.Note("EventStoreDB: the test server, in memory and in this process; what is measured is the adapter");
        await Measure(test is null ? "EventStoreDB" : "EventStoreDB (test server)", store, Log("node"), each, rounds);

        // A server keeps its logs from run to run.
        string Log(string name) => (given ?? test!.Address) is var server && server.Contains('?', StringComparison.Ordinal)
            ? $"{server}&streamPrefix=ppec-bench-{name}-{Guid.NewGuid():N}."
            : $"{server}?streamPrefix=ppec-bench-{name}-{Guid.NewGuid():N}.";
    }

    /// <param name="events">Where the node's log is: the same kind of store as <paramref name="store"/>, and another log.</param>
    static async Task Measure(string name, IEventStore store, string? events, TimeSpan each, int rounds)
    {
        using var root = new Scratch();
        await using (var node = await GateNode.Start(Path.Combine(root.Path, "node"), events))
            foreach (var callers in new[] { 1, 64 })
            {
                var (raw, through) = await GateRate.InTurns(store, node, callers, each, rounds);
                var by = callers == 1 ? "1 caller" : $"{callers} callers";
                raw.Print($"{name}: raw appends, {by}");
                through.Print($"{name}: commands through the gate, {by}");
                Row.Print("  of raw", through.Rate / raw.Rate * 100, "%");
            }
        var (seen, took) = await CatchUp(store);
        Row.Print(string.Create(CultureInfo.InvariantCulture, $"{name}: a subscriber catches up with {seen:N0} events"), seen / took.TotalSeconds, "/s");
    }

    static async Task<(long Seen, TimeSpan Took)> CatchUp(IEventStore store)
    {
        var (seen, since) = (0L, Stopwatch.GetTimestamp());
        await foreach (var item in store.Subscribe(LogPosition.Start, CancellationToken.None))
        {
            if (item.Event is null) break;
            seen++;
        }
        return (seen, Stopwatch.GetElapsedTime(since));
    }
}
