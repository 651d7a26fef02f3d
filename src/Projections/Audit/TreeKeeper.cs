using System.Collections.Immutable;
using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;

namespace Ppec.Projections.Audit;

/// <summary>Where heads go, and how often one is signed when anything was added.</summary>
/// <param name="File">Null: heads.jsonl in the data directory.</param>
/// <param name="Anchors">Each head is also sent to these, as JSON by POST.</param>
public sealed record HeadOptions(string? File, ImmutableArray<Uri> Anchors)
{
    public TimeSpan Every { get; init; } = TimeSpan.FromMinutes(10);
    public int Events { get; init; } = 10_000;
}

/// <summary>The key that signs heads. Nodes that see no secrets have none, and keep the tree without signing.</summary>
public sealed record HeadKey(ECDsa Key);

/// <summary>
/// Follows the log into its tree, and signs heads. Before each it looks whether its tree still begins with what the newest head says: a node never signs
/// for a log that is not the one it signed for before, it says so instead.
/// </summary>
public sealed class TreeKeeper(IEventStore store, ReadModel model, string path, HeadFile heads, HeadOptions options, TimeProvider time, ILogger<TreeKeeper> logger, HeadKey? key = null) : BackgroundService, ILogTree
{
    const int LargestBatch = 2_000;
    const int FlushEvery = 100_000;
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20);

    readonly Lock _signing = new();
    readonly DateTimeOffset _began = time.GetUtcNow();
    volatile TreeFile? _file;
    TaskCompletionSource _signed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    string? _refused;

    public long Size => _file?.Size ?? 0;

    public ImmutableArray<TreeHead> Heads => heads.Heads;

    /// <summary>Done when the next head is signed.</summary>
    public Task NextHead() => Volatile.Read(ref _signed).Task;

    public async Task<InclusionProof?> Prove(LogPosition position, long? size, CancellationToken cancellation)
    {
        if (_file is not { } file || file.IndexOf(position) is not { } index) return null;
        size ??= Heads.IsEmpty ? 0 : Heads[^1].Size;
        if (index >= size || size > file.Size) return null;
        var before = index == 0 ? LogPosition.Start : file.PositionOf(index - 1);
        await foreach (var e in store.ReadAll(before, cancellation))
            return new(ProvenEvent.Of(e, (await Previous(e, cancellation)).Span), index, size.Value, [.. file.Tree.Inclusion(index, size.Value).Select(h => Convert.ToHexStringLower(h))]);
        return null;
    }

    public ConsistencyProof? Consistency(long from, long to) =>
        _file is { } file && from >= 0 && from <= to && to <= file.Size ? new(from, to, [.. file.Tree.Consistency(from, to).Select(h => Convert.ToHexStringLower(h))]) : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await model.CaughtUp.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // until then it would only take the fold's time
        if (stoppingToken.IsCancellationRequested) return;
        await Task.WhenAll(Following(stoppingToken), Waiting(stoppingToken));
    }

    public override void Dispose()
    {
        _file?.Dispose();
        base.Dispose();
    }

    async Task Following(CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                await Follow(_file ??= await Open(cancellation), cancellation);
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { return; }
            catch (Exception e)
            {
                logger.TreeStopped(_file?.Position.ToString() ?? "the start", e);
                await Task.Delay(Pause, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    async Task Follow(TreeFile file, CancellationToken cancellation)
    {
        var (batch, flushed) = (new List<RecordedEvent>(), file.Size);
        await foreach (var item in store.Subscribe(file.Position, cancellation))
        {
            if (item.Event is { } e)
            {
                batch.Add(e);
                if (batch.Count < LargestBatch) continue;
            }
            if (batch.Count == 0) continue;
            file.Add(batch);
            batch.Clear();
            if (file.Size - flushed >= FlushEvery)
            {
                file.Flush();
                flushed = file.Size;
            }
            if (file.Size - Newest.Size >= options.Events) Sign();
            if (item.Event is null) await Task.Delay(Gather, cancellation); // so that the next has something to gather
        }
    }

    /// <summary>The file, when its last event is the log's: else it is of another log, or of one that was longer.</summary>
    async Task<TreeFile> Open(CancellationToken cancellation)
    {
        var file = TreeFile.Open(path);
        if (file.Size == 0) return file;
        var last = file.Size - 1;
        await foreach (var e in store.ReadAll(last == 0 ? LogPosition.Start : file.PositionOf(last - 1), cancellation))
        {
            if (e.Position == file.Position && Merkle.Leaf(e.Hash.Span).AsSpan().SequenceEqual(file.Tree.Complete(0, last))) return file;
            break;
        }
        file.Dispose();
        TreeFile.Remove(path);
        return TreeFile.Open(path);
    }

    async Task Waiting(CancellationToken cancellation)
    {
        using var turns = new PeriodicTimer(options.Every / 10, time);
        try
        {
            while (await turns.WaitForNextTickAsync(cancellation))
                if (Size > Newest.Size && time.GetUtcNow() - Newest.Time >= options.Every) Sign();
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { }
    }

    (long Size, DateTimeOffset Time) Newest => Heads is [.., var newest] ? (newest.Size, newest.Time) : (0, _began);

    void Sign()
    {
        if (key is null) return;
        lock (_signing)
        {
            try
            {
                var (file, newest, size) = (_file!, Heads is [.., var h] ? h : null, Size);
                if (size <= (newest?.Size ?? 0)) return;
                LogVerifier.CheckOrder(Heads);
                if (newest is not null && Convert.ToHexStringLower(file.Tree.Root(newest.Size)) != newest.Root)
                    throw new LogFaultException($"The first {newest.Size:N0} events of the log are not those that were signed at {newest.Time:u}. Nothing is signed until that is cleared up: ppec-silo verify says more. If another log was put here on purpose, move the heads' file away.");
                file.Flush();
                heads.Add(TreeHead.Sign(key.Key, size, file.Tree.Root(size), file.PositionOf(size - 1).ToString(), time.GetUtcNow(), newest));
                _refused = null;
                Interlocked.Exchange(ref _signed, new(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
            }
            catch (Exception e) when (e is LogFaultException or IOException or UnauthorizedAccessException)
            {
                if (_refused != e.Message) logger.NotSigned(e.Message); // once, and not every turn
                _refused = e.Message;
            }
        }
    }

    async Task<ReadOnlyMemory<byte>> Previous(RecordedEvent e, CancellationToken cancellation)
    {
        if (e.Version > 0)
            await foreach (var before in store.ReadStream(e.Stream, e.Version - 1, cancellation)) return before.Hash;
        return EventChain.Genesis;
    }
}

static partial class TreeLog
{
    [LoggerMessage(1, LogLevel.Error, "The log's tree stopped after position {Position}; it tries again")]
    public static partial void TreeStopped(this ILogger logger, string position, Exception exception);

    [LoggerMessage(2, LogLevel.Critical, "No tree head was signed: {Why}")]
    public static partial void NotSigned(this ILogger logger, string why);

    [LoggerMessage(3, LogLevel.Warning, "The tree head of {Size} events could not be sent to {Anchor}; it is tried again: {Why}")]
    public static partial void NotAnchored(this ILogger logger, long size, Uri anchor, string why);
}
