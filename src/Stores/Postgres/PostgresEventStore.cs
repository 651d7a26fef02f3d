using System.Runtime.CompilerServices;
using System.Text;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Postgres;

/// <summary>
/// The log in PostgreSQL (15 or later), shared by any number of nodes. Positions count from 1 without a hole, in the order of commits: every append locks the one row that
/// says where the log ends. Each node commits its concurrent appends together. The chain of hashes is checked on every append and every read.
/// Connect directly or through a session-mode pooler: a pooler that shares sessions between transactions loses notifications, and the settings that bound a dead node's locks.
/// </summary>
public sealed class PostgresEventStore : IEventStore, IAsyncDisposable
{
    /// <summary>How many of the newest events have their chain checked at every start.</summary>
    public const int CheckedTail = 1_000;

    const int StreamBytes = 1_024; // it is a key of an index, whose entries are bounded
    const long AppendBytes = 64 << 20;
    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    readonly PostgresDatabase _database;
    readonly PostgresReader _reader;
    readonly PostgresWriter _writer;
    readonly PostgresFeed _feed;
    readonly LiveTail _tail;
    volatile bool _closed;

    PostgresEventStore(PostgresDatabase database, PostgresReader reader, ulong end)
    {
        (_database, _reader) = (database, reader);
        _tail = new(end);
        _writer = new(database, _tail);
        _feed = new(database, reader, _tail);
    }

    /// <summary>
    /// Connects as the application's role. Checked first: that what the server acknowledges is durable, that the schema is this program's, that the role cannot alter events,
    /// that the log ends where it says, and the chain of its last 1,000 events; <see cref="Verify"/> checks all.
    /// </summary>
    /// <param name="connectionString">Npgsql's. Time-outs and session settings are this store's own.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    /// <exception cref="PostgresUnfitException">The server's settings, the schema's version or the role's rights are not right; the message says what to do.</exception>
    /// <exception cref="EventLogCorruptException">The log is not what was written. It is left as it is.</exception>
    /// <exception cref="EventStoreUnavailableException">The server cannot be reached.</exception>
    public static async Task<PostgresEventStore> Open(string connectionString, CancellationToken cancellation)
    {
        var database = new PostgresDatabase(connectionString);
        try
        {
            await Check(database, cancellation);
            var reader = new PostgresReader(database);
            var end = await reader.ProvenEnd(cancellation);
            await Walk(reader, end > CheckedTail ? end - CheckedTail : 0, end, null, cancellation);
            return new(database, reader, end);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    static async Task Check(PostgresDatabase database, CancellationToken cancellation)
    {
        try
        {
            await using var connection = await database.Open(cancellation);
            await ServerChecks.CheckSettings(connection, database.Where, cancellation);
            await PostgresSchema.Check(connection, database.Where, cancellation);
            await ServerChecks.CheckRole(connection, database.Where, cancellation);
        }
        catch (Exception e) when (e is not (OperationCanceledException or PostgresUnfitException)) { throw database.Translate(e, "be opened"); }
    }

    /// <inheritdoc/>
    public Task<AppendResult> Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        try
        {
            AppendRules.CheckArguments(stream, expectedVersion, events);
            CheckFits(stream, events);
        }
        catch (ArgumentException e) { return Task.FromException<AppendResult>(e); }
        return _writer.Append(new(stream, expectedVersion, events), cancellation);
    }

    // Found here, because an error of the server would fail everything that is written together.
    static void CheckFits(string stream, IReadOnlyList<NewEvent> events)
    {
        if (Utf8.GetByteCount(stream) > StreamBytes) throw new ArgumentException($"A stream's name may have at most {StreamBytes} bytes.", nameof(stream));
        if (stream.Contains('\0', StringComparison.Ordinal)) throw new ArgumentException("PostgreSQL's text holds no NUL, so a stream's name may not.", nameof(stream));
        long bytes = 0;
        foreach (var e in events)
        {
            Utf8.GetByteCount(e.Type); // throws on half a character
            if (e.Type.Contains('\0', StringComparison.Ordinal)) throw new ArgumentException("PostgreSQL's text holds no NUL, so an event's type may not.", nameof(events));
            bytes += e.Data.Length + e.Metadata.Length;
        }
        if (bytes > AppendBytes) throw new ArgumentException($"An append to {stream} holds {bytes} bytes; it may hold at most {AppendBytes}.", nameof(events));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RecordedEvent> ReadStream(string stream, long fromVersion, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fromVersion);
        RecordedEvent? last = null;
        do
        {
            (var page, last) = await _reader.ReadStream(stream, fromVersion, last, cancellation);
            foreach (var e in page) yield return e;
            fromVersion += page.Count;
        }
        while (last is not null);
    }

    /// <summary>Every event after <paramref name="after"/>, up to the end of the log as this node knows it: all that it has acknowledged or answered itself, and what it has heard of other nodes' appends (at most a second late; <see cref="End"/> asks for it now).</summary>
    public IAsyncEnumerable<RecordedEvent> ReadAll(LogPosition after, CancellationToken cancellation) => ReadTo((long)after.Commit, (long)_tail.End, patient: false, cancellation);

    /// <summary>A patient reader waits for a server that is away, and goes on where it was.</summary>
    async IAsyncEnumerable<RecordedEvent> ReadTo(long after, long end, bool patient, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var chain = new ChainCheck();
        while (after < end)
        {
            List<RecordedEvent> page;
            try { page = await _reader.ReadAll(after, end, chain, cancellation); }
            catch (EventStoreUnavailableException) when (patient && !_closed)
            {
                await Task.Delay(Pause, cancellation);
                continue;
            }
            foreach (var e in page) yield return e;
            after += page.Count;
        }
    }

    /// <summary>As the port says. A subscription outlives an outage of the server: it waits, and goes on with no gap and no duplicate.</summary>
    public async IAsyncEnumerable<FeedItem> Subscribe(LogPosition after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        if (after.Commit > _tail.End) await End(cancellation); // a position learned from another node may be ahead of what this one has heard
        await foreach (var item in _tail.Follow(after, (from, stop) => ReadTo((long)from.Commit, (long)_tail.End, patient: true, stop), cancellation)) yield return item;
    }

    /// <summary>Where the log ends now, on whichever node it was written last. Reads that follow on this node reach at least there.</summary>
    public async Task<LogPosition> End(CancellationToken cancellation)
    {
        var end = await _reader.End(cancellation);
        _tail.Publish([], end);
        return new(end);
    }

    /// <summary>Walks the whole log while it is in use: positions, and the hash of every event.</summary>
    /// <param name="progress">Told the position reached, every 512 events.</param>
    /// <param name="cancellation">Ends the walk.</param>
    /// <returns>The position up to which everything is proven.</returns>
    /// <exception cref="EventLogCorruptException">Says what is wrong and where.</exception>
    public async Task<LogPosition> Verify(IProgress<LogPosition>? progress, CancellationToken cancellation)
    {
        var end = await _reader.ProvenEnd(cancellation);
        await Walk(_reader, 0, end, progress, cancellation);
        return new(end);
    }

    static async Task Walk(PostgresReader reader, ulong after, ulong end, IProgress<LogPosition>? progress, CancellationToken cancellation)
    {
        var chain = new ChainCheck();
        while (after < end)
        {
            after += (ulong)(await reader.ReadAll((long)after, (long)end, chain, cancellation)).Count;
            progress?.Report(new(after));
        }
    }

    /// <summary>Writes what is queued, ends subscriptions and disconnects. Later calls are answered <see cref="EventStoreUnavailableException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        _closed = true;
        _tail.Close(PostgresErrors.Closed());
        await _feed.DisposeAsync();
        await _writer.DisposeAsync();
        await _database.DisposeAsync();
    }
}
