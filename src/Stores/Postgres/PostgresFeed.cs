using System.Globalization;
using Npgsql;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Postgres;

/// <summary>
/// Hears of what other nodes append, and reads it once for all subscribers of this one. A notification is only a hint to look, since any role can send one,
/// and one that is lost costs a second: behind it the head is read that often. After an interruption the listener goes on from the position it had reached.
/// </summary>
sealed class PostgresFeed : IAsyncDisposable
{
    static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    readonly CancellationTokenSource _closing = new();
    readonly PostgresDatabase _database;
    readonly PostgresReader _reader;
    readonly LiveTail _tail;
    readonly Task _running;
    readonly ChainCheck _chain = new();

    public PostgresFeed(PostgresDatabase database, PostgresReader reader, LiveTail tail)
    {
        (_database, _reader, _tail) = (database, reader, tail);
        _running = Task.Run(Run);
    }

    public static EventLogCorruptException Shorter(string where, ulong end, ulong heard) => PostgresErrors.Corrupt(where,
        $"it ends at position {end}, but position {heard} had been acknowledged. If this is a backup restored on purpose, or a standby promoted without the last commits, restart every node");

    public async ValueTask DisposeAsync()
    {
        if (_closing.IsCancellationRequested) return;
        await _closing.CancelAsync();
        await _running;
        _closing.Dispose();
    }

    async Task Run()
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                await using var connection = await _database.Open(_closing.Token);
                await Listen(connection);
            }
            catch (Exception) when (_closing.IsCancellationRequested) { return; }
            catch (Exception e) when (_database.Translate(e, "be read") is EventLogCorruptException damage)
            {
                _tail.Close(damage);
                return;
            }
            catch (Exception) // the server is away: appends and reads say so to their callers, and this tries until it is back
            {
                try { await Task.Delay(Pause, _closing.Token); }
                catch (OperationCanceledException) { return; }
            }
        }
    }

    async Task Listen(NpgsqlConnection connection)
    {
        ulong told = 0;
        connection.Notification += (_, notification) =>
        {
            if (ulong.TryParse(notification.Payload, NumberStyles.None, CultureInfo.InvariantCulture, out var position)) told = Math.Max(told, position);
        };
        await using (var listen = new NpgsqlCommand($"LISTEN {AppendTransaction.Channel}", connection)) await listen.ExecuteNonQueryAsync(_closing.Token);
        while (true)
        {
            await Look(connection);
            // What this node appended itself is known already.
            while (await connection.WaitAsync(Poll, _closing.Token) && told <= _tail.End) { }
            told = 0;
        }
    }

    async Task Look(NpgsqlConnection connection)
    {
        var heard = _tail.End; // before asking: it may grow meanwhile
        var end = await PostgresReader.End(connection, _closing.Token);
        if (end < heard) throw Shorter(_database.Where, end, heard);
        while (_tail.HasSubscribers && _tail.End is var known && known < end)
        {
            var page = await _reader.ReadAll((long)known, (long)end, _chain, _closing.Token);
            _tail.Publish(page, page[^1].Position.Commit);
        }
        _tail.Publish([], end);
    }
}
