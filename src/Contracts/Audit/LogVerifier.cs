using System.Collections.Immutable;
using Ppec.Contracts.Events;

namespace Ppec.Contracts.Audit;

/// <summary>The log is not what was written, or not what was signed; the message names the event.</summary>
public sealed class LogFaultException(string message) : Exception(message);

/// <summary>
/// Follows a log from its first event and finds the first that is not what was written: every hash is computed again, versions and positions follow one another,
/// and the tree is compared with each signed head. It trusts no store. Chains alone can be computed anew by who alters a log; a head that is kept elsewhere cannot.
/// </summary>
public sealed class LogVerifier
{
    const int FewEvents = 64;
    const int LargestBatch = 2_000;

    readonly Dictionary<string, (long Version, ReadOnlyMemory<byte> Hash)> _streams = new(StringComparer.Ordinal);
    readonly CompactRange _tree = new();
    readonly ImmutableArray<(TreeHead Head, bool Kept)> _heads;
    int _next;
    LogPosition _last;

    /// <param name="own">The heads that lie with the log, in the order they were signed.</param>
    /// <param name="kept">Heads that were kept elsewhere.</param>
    /// <param name="key">The public key that all must be signed with; null = whatever key each names.</param>
    /// <exception cref="LogFaultException">A head is not signed, not with the key, or does not follow the one before it.</exception>
    public LogVerifier(IReadOnlyList<TreeHead>? own = null, IReadOnlyList<TreeHead>? kept = null, ReadOnlyMemory<byte>? key = null)
    {
        (own, kept) = (own ?? [], kept ?? []);
        CheckOrder(own);
        _heads = [.. own.Except(kept).Select(h => (h, false)).Concat(kept.Distinct().Select(h => (h, true))).OrderBy(h => h.Item1.Size)];
        if (_heads.Select(h => h.Head.Fault(key)).FirstOrDefault(f => f is not null) is { } fault) throw new LogFaultException($"{char.ToUpperInvariant(fault[0])}{fault[1..]}.");
    }

    public long Events => _tree.Size;

    public int Streams => _streams.Count;

    /// <summary>How many heads the log was found to agree with.</summary>
    public int Agreed => _next;

    /// <summary>The newest of them.</summary>
    public TreeHead? Newest => _next > 0 ? _heads[_next - 1].Head : null;

    /// <summary>Heads as one node wrote them, oldest first: each must follow the one before it.</summary>
    /// <exception cref="LogFaultException">One was left out, altered or put in.</exception>
    public static void CheckOrder(IReadOnlyList<TreeHead> heads)
    {
        for (var i = 1; i < heads.Count; i++)
            if (heads[i].Previous != heads[i - 1].Hash() || heads[i].Size <= heads[i - 1].Size)
                throw new LogFaultException($"The head of {heads[i].Size:N0} events ({heads[i].Time:u}) does not follow the one before it, of {heads[i - 1].Size:N0}: a head was altered or taken out.");
    }

    /// <summary>The next events, in log order.</summary>
    /// <exception cref="LogFaultException">Names the first event that is wrong.</exception>
    public void Check(IReadOnlyList<RecordedEvent> batch)
    {
        var (previous, leaves) = (new ReadOnlyMemory<byte>[batch.Count], new byte[batch.Count][]);
        // What each continues is known without hashing anything; then the hashes are computed on all cores.
        var good = Order(batch, previous, out var fault);
        var broken = Hash(batch, good, previous, leaves);
        for (var i = 0; i < Math.Min(good, broken ?? good); i++) Add(batch[i], leaves[i]);
        if (broken is { } at) throw Fault(batch[at], "it does not continue the stream's hash chain: it, or the one before it, was altered");
        if (fault is not null) throw fault;
    }

    /// <summary>A whole log, to its end. One batch is read while the one before it is checked.</summary>
    /// <param name="log">Every event, from the first.</param>
    /// <param name="also">What else is checked of each batch, after it was found to be what was written.</param>
    /// <param name="reached">Told how many events were found good, after each batch.</param>
    public async Task CheckAll(IAsyncEnumerable<RecordedEvent> log, Action<IReadOnlyList<RecordedEvent>>? also = null, Action<long>? reached = null)
    {
        var (batch, checking) = (new List<RecordedEvent>(LargestBatch), Task.CompletedTask);
        try
        {
            await foreach (var e in log)
            {
                batch.Add(e);
                if (batch.Count == LargestBatch) await Next();
            }
            await Next();
        }
        finally
        {
            await checking.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (checking.IsFaulted) await checking; // an earlier event is wrong than the one that reading stopped at
        }
        await checking;
        End();

        async Task Next()
        {
            await checking;
            var read = batch;
            batch = new(LargestBatch);
            checking = Task.Run(() =>
            {
                Check(read);
                also?.Invoke(read);
                reached?.Invoke(Events);
            });
        }
    }

    /// <summary>The log ends here. A head of a larger one shows that its end was cut off.</summary>
    public void End()
    {
        if (_next < _heads.Length)
            throw new LogFaultException($"The log ends after {Events:N0} events (position {_last}), but {_heads[^1].Head.Size:N0} were signed for at {_heads[^1].Head.Time:u}: the events after number {Events:N0} are gone.");
    }

    public static LogFaultException Fault(RecordedEvent e, string what) => new($"Fault at version {e.Version} of {e.Stream} (position {e.Position}): {what}.");

    /// <summary>How many of the batch stand where they belong; the fault of the one after them.</summary>
    int Order(IReadOnlyList<RecordedEvent> batch, ReadOnlyMemory<byte>[] previous, out LogFaultException? fault)
    {
        fault = null;
        var last = _last;
        for (var i = 0; i < batch.Count; i++)
        {
            var e = batch[i];
            var (version, hash) = _streams.TryGetValue(e.Stream, out var head) ? head : (0, EventChain.Genesis);
            if (e.Position <= last) fault = Fault(e, $"it follows position {last}, and does not lie behind it");
            else if (e.Version != version) fault = Fault(e, e.Version > version ? $"version {version} of the stream belongs here: it, or more, is missing" : $"version {version} of the stream belongs here");
            if (fault is not null) return i;
            (previous[i], last) = (hash, e.Position);
            _streams[e.Stream] = (version + 1, e.Hash);
        }
        return batch.Count;
    }

    /// <summary>The first event whose hash is not its own.</summary>
    static int? Hash(IReadOnlyList<RecordedEvent> batch, int count, ReadOnlyMemory<byte>[] previous, byte[][] leaves)
    {
        var broken = int.MaxValue;
        if (count < FewEvents) for (var i = 0; i < count; i++) One(i);
        else Parallel.For(0, count, One);
        return broken < int.MaxValue ? broken : null;

        void One(int i)
        {
            if (EventChain.Continues(previous[i].Span, batch[i])) leaves[i] = Merkle.Leaf(batch[i].Hash.Span);
            else for (var known = broken; i < known; known = broken) Interlocked.CompareExchange(ref broken, i, known);
        }
    }

    void Add(RecordedEvent e, byte[] leaf)
    {
        _tree.Add(leaf);
        _last = e.Position;
        for (; _next < _heads.Length && _heads[_next].Head.Size == _tree.Size; _next++)
            if (Convert.ToHexStringLower(_tree.Root()) != _heads[_next].Head.Root) throw Rewritten(e, _heads[_next].Head, _heads[_next].Kept);
    }

    /// <summary>Between which numbers the fault lies. Who altered the log may have signed the heads that lie with it: of a kept one only other kept ones count.</summary>
    LogFaultException Rewritten(RecordedEvent e, TreeHead head, bool kept)
    {
        var good = _heads.Take(_next).LastOrDefault(h => (h.Kept || !kept) && h.Head.Size < head.Size).Head?.Size ?? 0;
        return new($"The log up to version {e.Version} of {e.Stream} (position {e.Position}) is not the one that was signed at {head.Time:u}: of its events number {good + 1:N0} to {head.Size:N0} at least one was altered, put in, taken out or moved, and the chains computed anew.");
    }
}
