using System.Runtime.CompilerServices;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Sqlite;

/// <summary>
/// The embedded log: one SQLite file, WAL, <c>synchronous=FULL</c>, one writer that commits concurrent appends together. Positions count from 1 without a hole.
/// The chain of hashes is checked on every append and every read.
/// </summary>
public sealed class SqliteEventStore : IEventStore, IAsyncDisposable, IDisposable
{
    readonly LogReaders _readers;
    readonly LogWriter? _writer; // null: opened to read
    readonly LiveTail _tail;

    SqliteEventStore(string directory, long end, DataDirectory? writes)
    {
        Path = System.IO.Path.Combine(directory, LogFile.Name);
        _tail = new((ulong)end);
        _readers = new(Path);
        if (writes is not null) _writer = new(writes, end, _tail);
    }

    /// <summary>Full path of the file.</summary>
    public string Path { get; }

    /// <summary>
    /// Opens the log in <paramref name="directory"/> (dispose the store before it), making it when there is none. Checked first: SQLite's own structure, that no position is missing,
    /// that everything once acknowledged is there, and the chain of the last 1,000 events; <see cref="Verify"/> checks all.
    /// </summary>
    /// <exception cref="EventLogCorruptException">The log is not what was written. It is left as it is.</exception>
    /// <exception cref="EventStoreUnavailableException">The file cannot be opened.</exception>
    public static SqliteEventStore Open(DataDirectory directory) => new(directory.Path, LogFile.Prepare(directory), directory);

    /// <summary>Whether there is a log in <paramref name="directory"/>, in whatever state.</summary>
    public static bool Exists(string directory) => File.Exists(System.IO.Path.Combine(directory, LogFile.Name));

    /// <summary>
    /// Opens the log in <paramref name="directory"/> to read it as it is now, with the same checks, while a node may be writing it: what is appended later is not seen,
    /// everything acknowledged before is. Appending is refused.
    /// </summary>
    /// <exception cref="EventLogCorruptException">The log is not what was written.</exception>
    /// <exception cref="EventStoreUnavailableException">There is none, or the file cannot be opened.</exception>
    public static SqliteEventStore OpenToRead(string directory)
    {
        directory = System.IO.Path.GetFullPath(directory);
        return new(directory, LogFile.Inspect(directory), null);
    }

    /// <inheritdoc/>
    public Task<AppendResult> Append(string stream, long expectedVersion, IReadOnlyList<NewEvent> events, CancellationToken cancellation)
    {
        try { AppendRules.CheckArguments(stream, expectedVersion, events); }
        catch (ArgumentException e) { return Task.FromException<AppendResult>(e); }
        return _writer?.Append(new(stream, expectedVersion, events), cancellation)
            ?? Task.FromException<AppendResult>(new EventStoreUnavailableException($"The event log {Path} was opened only to be read."));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RecordedEvent> ReadStream(string stream, long fromVersion, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fromVersion);
        ReadOnlyMemory<byte>? previous = null;
        var more = true;
        while (more)
        {
            (var page, more) = await _readers.Read(reader => reader.ReadStream(stream, fromVersion, ref previous), cancellation);
            foreach (var e in page) yield return e;
            fromVersion += page.Count;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<RecordedEvent> ReadAll(LogPosition after, CancellationToken cancellation) => ReadTo((long)after.Commit, (long)_tail.End, cancellation);

    async IAsyncEnumerable<RecordedEvent> ReadTo(long after, long end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var chain = new ChainCheck();
        while (after < end)
        {
            var from = after;
            var page = await _readers.Read(reader => reader.ReadAll(from, end, chain), cancellation);
            foreach (var e in page) yield return e;
            after += page.Count;
        }
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<FeedItem> Subscribe(LogPosition after, CancellationToken cancellation) => _tail.Follow(after, ReadAll, cancellation);

    /// <inheritdoc/>
    public Task<LogPosition> End(CancellationToken cancellation) => Task.FromResult(new LogPosition(_tail.End));

    /// <summary>
    /// Walks the whole log while it is in use: SQLite's full integrity check (indexes against rows), positions, and the hash of every event.
    /// </summary>
    /// <param name="progress">Told the position reached, about every 512 events.</param>
    /// <param name="cancellation">Ends the walk.</param>
    /// <returns>The position up to which everything is proven.</returns>
    /// <exception cref="EventLogCorruptException">Says what is wrong and where.</exception>
    public Task<LogPosition> Verify(IProgress<LogPosition>? progress, CancellationToken cancellation) => _readers.Read(reader =>
    {
        LogFile.CheckStructure(reader.Connection, Path, full: true);
        var end = LogFile.CheckPositions(reader.Connection, Path);
        LogFile.Walk(reader, 0, end, reached =>
        {
            cancellation.ThrowIfCancellationRequested();
            progress?.Report(new((ulong)reached));
        });
        return new LogPosition((ulong)end);
    }, cancellation);

    /// <summary>What reading every event does not show: SQLite's full integrity check (indexes against rows), and that no position is missing.</summary>
    /// <exception cref="EventLogCorruptException">Says what is wrong.</exception>
    public Task VerifyStructure(CancellationToken cancellation) => _readers.Read(reader =>
    {
        LogFile.CheckStructure(reader.Connection, Path, full: true);
        return LogFile.CheckPositions(reader.Connection, Path);
    }, cancellation);

    /// <summary>Writes what is queued, ends subscriptions and closes the file. Later calls are answered <see cref="EventStoreUnavailableException"/>.</summary>
    public void Dispose()
    {
        _tail.Close(new EventStoreUnavailableException("The event store has been closed."));
        _readers.Dispose(); // before the writer: whoever closes last empties the WAL, and a reader cannot
        _writer?.Dispose();
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));
}
