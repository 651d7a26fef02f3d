using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Silo;
using Ppec.Stores;
using Ppec.Stores.Sqlite;

namespace Ppec.Benchmarks;

/// <summary>Durable commands through the gate, beside raw appends of the same size to the same kind of store on the same disk, in turns.</summary>
static class GateRate
{
    const int Callers = 64;
    const int Machines = 512;
    const int EventBytes = 130;    // a tag event and its metadata as the gate writes them
    const int MetadataBytes = 270;

    public static async Task Run(TimeSpan each, int rounds)
    {
        var root = Directory.CreateTempSubdirectory("ppec-bench-");
        try
        {
            using var directory = DataDirectory.Lock(Path.Combine(root.FullName, "raw"));
            await using var store = SqliteEventStore.Open(directory);
            await using var node = await Node.Start(NodeOptions.Read(["--data", Path.Combine(root.FullName, "node"), "--urls", "http://127.0.0.1:0"], ImmutableDictionary<string, string>.Empty), CancellationToken.None);
            var gate = node.Services.GetRequiredService<IGrainFactory>().GetGrain<IGateGrain>(0);
            var credential = (await File.ReadAllTextAsync(Path.Combine(root.FullName, "node", "admin-credential"))).Trim();
            await Furnish(gate, credential);

            var authors = Enumerable.Range(0, Callers).Select(i => new Author(store, $"raw-{i}")).ToArray();
            await Measure(TimeSpan.FromSeconds(1), caller => authors[caller].Append());
            await Measure(TimeSpan.FromSeconds(2), Tag(gate, credential)); // compiled and activated before it is measured
            var (raw, through) = (new Sample([], TimeSpan.Zero), new Sample([], TimeSpan.Zero));
            for (var round = 0; round < rounds; round++)
            {
                raw += await Measure(each / rounds, caller => authors[caller].Append());
                through += await Measure(each / rounds, Tag(gate, credential));
            }
            Row.Print("raw appends, 64 callers", raw.Rate, "/s");
            Row.Print("  p50", raw.P50, "ms", "N1");
            Row.Print("  p99", raw.P99, "ms", "N1");
            Row.Print("commands through the gate, 64 callers", through.Rate, "/s", "N0", "≥ 5,000");
            Row.Print("  p50", through.P50, "ms", "N1");
            Row.Print("  p99", through.P99, "ms", "N1");
            Row.Print("  of raw", through.Rate / raw.Rate * 100, "%", "N0", "≥ 50 %");
            Row.Print("  p99 / raw p99", through.P99 / raw.P99, "×", "N1", "≤ 2");
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    static async Task Furnish(IGateGrain gate, string credential)
    {
        await Send(gate, credential, new CreateRegion("bench", ""));
        for (var rack = 0; rack <= Machines / 100; rack++) await Send(gate, credential, new CreateRack($"bench.r{rack}", "bench", 100, "", "", ""));
        await Parallel.ForEachAsync(Enumerable.Range(0, Machines), async (i, _) =>
            await Send(gate, credential, new RackMachine(Id(i), $"BENCH{i:00000}", new("", $"bench.r{i / 100}", 1 + (i % 100), 1), null, null, [], null)));
    }

    static Func<int, Task> Tag(IGateGrain gate, string credential)
    {
        var turns = new int[Callers];
        return caller =>
        {
            var turn = turns[caller]++;
            var machine = Id((caller * (Machines / Callers)) + (turn % (Machines / Callers)));
            var tags = ImmutableDictionary<string, string>.Empty.Add("bench", Guid.NewGuid().ToString("N"));
            return Send(gate, credential, new TagMachine(machine, tags, []));
        };
    }

    static async Task Send(IGateGrain gate, string credential, Command command)
    {
        var answer = await gate.Execute(new(credential, Guid.CreateVersion7().ToString(), "127.0.0.1", command));
        if (answer.Problem is { } problem) throw new InvalidOperationException($"{command}: {problem.Message}");
    }

    static string Id(int i) => $"bench{i:00000}";

    static async Task<Sample> Measure(TimeSpan span, Func<int, Task> act)
    {
        var clock = Stopwatch.StartNew();
        var all = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var times = new List<double>();
            while (clock.Elapsed < span)
            {
                var since = Stopwatch.GetTimestamp();
                await act(caller);
                times.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
            }
            return times;
        })));
        return new([.. all.SelectMany(t => t).Order()], clock.Elapsed);
    }

    sealed record Sample(List<double> Sorted, TimeSpan Took)
    {
        public double Rate => Sorted.Count / Took.TotalSeconds;
        public double P50 => Row.Percentile(Sorted, 0.50);
        public double P99 => Row.Percentile(Sorted, 0.99);

        public static Sample operator +(Sample a, Sample b) => new([.. a.Sorted.Concat(b.Sorted).Order()], a.Took + b.Took);
    }

    /// <summary>Writes one stream, one event an append, as an aggregate would.</summary>
    sealed class Author(IEventStore store, string stream)
    {
        static readonly byte[] Data = [.. Enumerable.Repeat((byte)'d', EventBytes)];
        static readonly byte[] Metadata = [.. Enumerable.Repeat((byte)'m', MetadataBytes)];
        ReadOnlyMemory<byte> _last = EventChain.Genesis;
        long _version;

        public async Task Append()
        {
            var id = Guid.NewGuid();
            var hash = EventChain.Hash(_last.Span, stream, _version, id, "raw.v1", Data, Metadata);
            await store.Append(stream, _version++, [new(id, "raw.v1", Data, Metadata, hash)], CancellationToken.None);
            _last = hash;
        }
    }
}
