using System.Diagnostics;
using System.Globalization;
using Ppec.Contracts.Events;
using Ppec.Stores.Conformance.Kurrent;
using Ppec.Stores.Conformance.Postgres;
using Ppec.Stores.Kurrent;
using Ppec.Stores.Postgres;
using Ppec.Stores.Sqlite;

namespace Ppec.Stores.Conformance;

/// <summary>
/// Measures; asserts nothing. <c>Ppec.Stores.Conformance --rate [directory] [appenders] [events per append] [seconds] [subscribers]</c>; in place of the directory <c>postgres</c>
/// (a server of its own), <c>kurrent</c> (the test server, in this process) or the connection string of an EventStoreDB.
/// </summary>
static class Rate
{
    public static async Task<int> Run(string[] args)
    {
        var path = args.Length > 0 ? args[0] : Path.Combine(Path.GetTempPath(), "ppec-rate-" + Guid.NewGuid().ToString("N"));
        if (path == "postgres")
        {
            await using var server = await PostgresServer.Start();
            await using var postgres = await PostgresEventStore.Open(server.Connection(PostgresServer.Application, await server.Database()), default);
            await Measure(postgres, args);
        }
        else if (path == "kurrent" || path.Contains("://", StringComparison.Ordinal))
        {
            await using var server = path == "kurrent" ? await new TestCluster().Start() : null;
            await using var kurrent = await KurrentEventStore.Open(KurrentOptions.Parse(server?.Address ?? path), default);
            await Measure(kurrent, args);
        }
        else
        {
            using var directory = DataDirectory.Lock(path);
            await using var sqlite = SqliteEventStore.Open(directory);
            await Measure(sqlite, args);
        }
        return 0;
    }

    static async Task Measure(IEventStore store, string[] args)
    {
        int Number(int index, int otherwise) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
        var (appenders, per, seconds, subscribers) = (Number(1, 64), Number(2, 1), Number(3, 5), Number(4, 0));
        using var stop = new CancellationTokenSource();
        var followers = Enumerable.Range(0, subscribers).Select(_ => Follow(store, stop.Token)).ToArray();
        var clock = Stopwatch.StartNew();
        var latencies = await Task.WhenAll(Enumerable.Range(0, appenders).Select(i => Task.Run(() => Append(store, $"rate-{Guid.NewGuid():N}-{i}", per, clock, seconds))));
        var events = latencies.Sum(l => l.Count) * per;
        var elapsed = clock.Elapsed.TotalSeconds;
        await stop.CancelAsync();
        var seen = (await Task.WhenAll(followers)).Sum();
        var sorted = latencies.SelectMany(l => l).Order().ToArray();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{appenders} appenders x {per}: {events / elapsed:F0} events/s, append p50 {sorted[sorted.Length / 2]:F2} ms p99 {sorted[(int)(sorted.Length * 0.99)]:F2} ms; {events} events; {subscribers} subscribers saw {seen}; {GC.GetTotalAllocatedBytes() / Math.Max(events, 1)} B allocated per event (load included)"));
        var reading = Stopwatch.StartNew();
        long read = 0;
        await foreach (var _ in store.ReadAll(LogPosition.Start, default)) read++;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"read all, chain checked: {read / reading.Elapsed.TotalSeconds:F0} events/s"));
    }

    static async Task<List<double>> Append(IEventStore store, string stream, int per, Stopwatch clock, int seconds)
    {
        var author = new StreamAuthor(store, stream);
        var latencies = new List<double>();
        while (clock.Elapsed.TotalSeconds < seconds)
        {
            var events = author.Next(per, 256);
            var start = clock.Elapsed;
            await author.Append(events);
            latencies.Add((clock.Elapsed - start).TotalMilliseconds);
        }
        return latencies;
    }

    static async Task<long> Follow(IEventStore store, CancellationToken stop)
    {
        long seen = 0;
        try
        {
            await foreach (var item in store.Subscribe(await store.End(default), stop)) if (item.Event is not null) seen++;
        }
        catch (OperationCanceledException) { }
        return seen;
    }
}
