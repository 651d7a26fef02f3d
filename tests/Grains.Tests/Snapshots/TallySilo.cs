using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Ppec.Contracts.Events;
using Ppec.Grains.Snapshots;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests.Snapshots;

/// <summary>A silo with nothing but tallies in it.</summary>
public sealed class TallySilo : IAsyncDisposable
{
    readonly IHost _host;

    TallySilo(IHost host) => _host = host;

    public TallyOptions Options => _host.Services.GetRequiredService<TallyOptions>();
    public CapturedLog Logs => _host.Services.GetRequiredService<CapturedLog>();
    public ISnapshotStore GrainStorage => ActivatorUtilities.CreateInstance<GrainStorageSnapshots>(_host.Services);

    public ITallyGrain Tally(string name) => _host.Services.GetRequiredService<IGrainFactory>().GetGrain<ITallyGrain>(name);

    /// <summary>Forgets all that is in memory.</summary>
    public Task<bool> End(string name) => _host.Services.GetRequiredService<Activations>().End(name);

    public static async Task<TallySilo> Start(IEventStore events, ISnapshotStore snapshots)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        var logs = new CapturedLog();
        builder.Logging.AddProvider(logs).SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton(events).AddSingleton(snapshots).AddSingleton<IEventCodec>(_ => TallyJson.Codec()).AddSingleton<Log>()
            .AddSingleton<TallyOptions>().AddSingleton(logs).AddSingleton<Activations>()
            .AddSingleton<IIncomingGrainCallFilter>(s => s.GetRequiredService<Activations>());
        builder.UseOrleans(silo =>
        {
            var port = FreePort();
            silo.UseLocalhostClustering(siloPort: port, gatewayPort: 0, primarySiloEndpoint: new IPEndPoint(IPAddress.Loopback, port));
            silo.Configure<EndpointOptions>(o => o.GatewayPort = 0);
            silo.AddMemoryGrainStorage(GrainStorageSnapshots.Provider);
        });
        var host = builder.Build();
        await host.StartAsync();
        return new(host);
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _host.StopAsync(patience.Token);
        _host.Dispose();
    }

    static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}

/// <summary>A log that remembers from where each stream was read: 0 is the whole of it.</summary>
public sealed class WatchedStore(IEventStore store) : IEventStore
{
    public ConcurrentQueue<long> ReadFrom { get; } = [];

    public IAsyncEnumerable<RecordedEvent> ReadStream(string stream, long fromVersion, CancellationToken cancellation)
    {
        ReadFrom.Enqueue(fromVersion);
        return store.ReadStream(stream, fromVersion, cancellation);
    }

    public Task<AppendResult> Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken cancellation) => store.Append(stream, expectedVersion, events, cancellation);
    public IAsyncEnumerable<RecordedEvent> ReadAll(LogPosition after, CancellationToken cancellation) => store.ReadAll(after, cancellation);
    public IAsyncEnumerable<FeedItem> Subscribe(LogPosition after, CancellationToken cancellation) => store.Subscribe(after, cancellation);
    public Task<LogPosition> End(CancellationToken cancellation) => store.End(cancellation);

    /// <summary>A long life, written a thousand events at a time: each of another command, so far apart. When it ends.</summary>
    public async Task<DateTimeOffset> Fill(string tally, int count, TimeSpan apart)
    {
        var codec = TallyJson.Codec();
        var (stream, last, at) = ($"tally-{tally}", EventChain.Genesis, new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        for (var version = 0; version < count;)
        {
            var batch = new NewEvent[Math.Min(1000, count - version)];
            var first = version;
            for (var i = 0; i < batch.Length; i++, version++)
            {
                var metadata = JsonSerializer.SerializeToUtf8Bytes(new EventMetadata($"fill-{version:x32}", "tester", "t", "10.0.0.1", at += apart, $"{version:x64}"), EventMetadataJson.Default.EventMetadata);
                var (type, data) = codec.Encode(new Counted($"machine-{version % 2000}", version));
                var id = Guid.NewGuid();
                var hash = EventChain.Hash(last.Span, stream, version, id, type, data, metadata);
                batch[i] = new(id, type, data, metadata, hash);
                last = hash;
            }
            Assert.True((await store.Append(stream, first, batch, default)).Appended);
        }
        return at;
    }
}

/// <summary>Snapshots in memory, as the test wants them.</summary>
public sealed class ScriptedSnapshots : ISnapshotStore
{
    public ConcurrentDictionary<string, byte[]> Kept { get; } = [];
    public Func<Task> Loading { get; set; } = () => Task.CompletedTask;
    public Func<Task> Saving { get; set; } = () => Task.CompletedTask;
    public int Begun;
    public int Ended;

    public async Task<ReadOnlyMemory<byte>?> Load(string stream, CancellationToken cancellation)
    {
        await Loading();
        return Kept.TryGetValue(stream, out var bytes) ? new ReadOnlyMemory<byte>(bytes) : default(ReadOnlyMemory<byte>?);
    }

    public async Task Save(string stream, ReadOnlyMemory<byte> snapshot, CancellationToken cancellation)
    {
        Interlocked.Increment(ref Begun);
        try
        {
            await Saving();
            Kept[stream] = snapshot.ToArray();
        }
        finally { Interlocked.Increment(ref Ended); }
    }
}
