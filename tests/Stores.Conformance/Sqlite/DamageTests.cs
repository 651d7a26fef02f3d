using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;
using Ppec.Stores.Sqlite;
using Xunit;

namespace Ppec.Stores.Conformance.Sqlite;

/// <summary>A log whose bytes were altered is refused or found out with a clear sentence; never is a wrong event handed out, never is it shortened silently.</summary>
public sealed class DamageTests(ITestOutputHelper output) : IAsyncLifetime
{
    const int Events = 600;
    readonly Scratch _scratch = new();
    List<Guid> _ids = [];

    public async ValueTask InitializeAsync()
    {
        using var directory = DataDirectory.Lock(_scratch.Data);
        await using var store = SqliteEventStore.Open(directory);
        for (var i = 0; i < 20; i++) await new StreamAuthor(store, $"damage-{i:00}").Append(Events / 20, 300);
        _ids = (await store.ReadAll(LogPosition.Start, default).All()).ConvertAll(e => e.Id);
    }

    public ValueTask DisposeAsync()
    {
        _scratch.Dispose();
        return default;
    }

    /// <summary>Opens, reads and verifies everything; the events, if nothing was found wrong.</summary>
    static async Task<List<Guid>> Use(string path)
    {
        using var directory = DataDirectory.Lock(path);
        await using var store = SqliteEventStore.Open(directory);
        var ids = (await store.ReadAll(LogPosition.Start, default).All()).ConvertAll(e => e.Id);
        foreach (var i in Enumerable.Range(0, 20)) await store.ReadStream($"damage-{i:00}", 0, default).All();
        await store.Verify(null, default);
        return ids;
    }

    static void Open(string path)
    {
        using var directory = DataDirectory.Lock(path);
        SqliteEventStore.Open(directory).Dispose();
    }

    static void AssertClear(Exception? error, string file)
    {
        Assert.IsType<EventLogCorruptException>(error);
        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains("restore it from a backup", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flipped_byte_anywhere_never_yields_a_wrong_event()
    {
        var random = new Random(20_260_801);
        var length = new FileInfo(Path.Combine(_scratch.Data, "events.db")).Length;
        var (refused, harmless) = (0, 0);
        for (var i = 0; i < 150; i++)
        {
            var path = _scratch.Copy("flipped");
            var offset = i < 30 ? i * 3 : random.NextInt64(length); // the file's header, then anywhere
            Flip(Path.Combine(path, "events.db"), offset, (byte)random.Next(1, 256));
            try
            {
                Assert.Equal(_ids, await Use(path)); // free space, or a field nobody reads
                harmless++;
            }
            catch (EventLogCorruptException e)
            {
                AssertClear(e, path);
                refused++;
            }
            Directory.Delete(path, recursive: true);
        }
        output.WriteLine($"{refused} refused, {harmless} harmless");
        Assert.True(refused > 75, $"only {refused} of 150 flips were found");
    }

    [Theory]
    [InlineData("the middle of the events", 0.5)]
    [InlineData("the end", 0.98)]
    [InlineData("the beginning", 0.02)]
    public async Task An_overwritten_page_is_refused(string where, double place)
    {
        var path = _scratch.Copy("page");
        var file = Path.Combine(path, "events.db");
        var page = (long)(new FileInfo(file).Length * place) / 4096;
        using (var stream = File.OpenWrite(file))
        {
            stream.Position = page * 4096;
            stream.Write(new byte[4096]);
        }
        output.WriteLine($"{where}: {(await Assert.ThrowsAsync<EventLogCorruptException>(() => Use(path))).Message}");
    }

    [Theory]
    [InlineData(0L), InlineData(100L), InlineData(4096L), InlineData(40_960L), InlineData(-4096L), InlineData(-1L)]
    public void A_truncated_file_is_refused_at_the_start(long length)
    {
        var path = _scratch.Copy("truncated");
        var file = Path.Combine(path, "events.db");
        using (var stream = File.OpenWrite(file)) stream.SetLength(length >= 0 ? length : stream.Length + length);
        var before = File.ReadAllBytes(file);
        AssertClear(Record.Exception(() => Open(path)), file);
        Assert.Equal(before, File.ReadAllBytes(file)); // and left as it is
    }

    [Theory]
    [InlineData("DELETE FROM events WHERE position = 300", "events are missing")]
    [InlineData("DELETE FROM events WHERE position = 1", "events are missing")]
    [InlineData("DELETE FROM events WHERE position = 600", "had been acknowledged")]
    [InlineData("DELETE FROM events", "had been acknowledged")]
    [InlineData("UPDATE events SET data = (SELECT e.data FROM events e WHERE e.position = 401 - events.position + 200) WHERE position IN (200, 401)", "hash chain")]
    [InlineData("UPDATE events SET data = x'00' WHERE position = 17", "hash chain")]
    [InlineData("UPDATE events SET metadata = x'00' WHERE position = 600", "hash chain")]
    [InlineData("UPDATE events SET type = 'other.happened.v1' WHERE position = 42", "hash chain")]
    [InlineData("UPDATE events SET version = version + 1000 WHERE position = 42", "hash chain")]
    [InlineData("UPDATE events SET stream = 'another' WHERE stream = 'damage-07'", "hash chain")]
    [InlineData("PRAGMA application_id = 7", "not an event log")]
    [InlineData("PRAGMA user_version = 9", "format is 9")]
    [InlineData("DROP TABLE events", "no such table")]
    public void A_log_altered_with_SQL_is_refused_at_the_start(string sql, string said)
    {
        // 600 events are within the tail whose chain is checked at every start
        var path = _scratch.Copy("altered");
        var file = Path.Combine(path, "events.db");
        Execute(file, sql);
        var error = Record.Exception(() => Open(path));
        AssertClear(error, file);
        Assert.Contains(said, error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_old_event_altered_is_found_by_each_read_and_by_verification()
    {
        using (var directory = DataDirectory.Lock(_scratch.Data))
        {
            await using var store = SqliteEventStore.Open(directory);
            await new StreamAuthor(store, "newer-1").Append(LogTail, 16); // now the damage lies before what is checked at the start
        }
        var file = Path.Combine(_scratch.Data, "events.db");
        Execute(file, "UPDATE events SET data = x'00' WHERE position = 31"); // damage-01, version 0
        using var again = DataDirectory.Lock(_scratch.Data);
        await using var opened = SqliteEventStore.Open(again);
        AssertClear(await Record.ExceptionAsync(() => opened.Verify(null, default)), file);
        AssertClear(await Record.ExceptionAsync(() => opened.ReadAll(LogPosition.Start, default).All()), file);
        AssertClear(await Record.ExceptionAsync(() => opened.ReadStream("damage-01", 0, default).All()), file);
        AssertClear(await Record.ExceptionAsync(() => opened.Subscribe(LogPosition.Start, default).All()), file);
        Assert.Contains("position 31", (await Assert.ThrowsAsync<EventLogCorruptException>(() => opened.Verify(null, default))).Message, StringComparison.Ordinal);
        Assert.Equal(30, (await opened.ReadStream("damage-02", 0, default).All()).Count);
    }

    const int LogTail = 1_000;

    [Theory]
    [InlineData("flipped"), InlineData("truncated"), InlineData("removed")]
    public async Task A_damaged_WAL_is_not_taken_for_a_short_log(string how)
    {
        string path, sound;
        using (var directory = DataDirectory.Lock(_scratch.Data))
        {
            await using var store = SqliteEventStore.Open(directory);
            for (var i = 0; i < 20; i++) await new StreamAuthor(store, $"wal-{i}").Append(2);
            (path, sound) = (_scratch.Copy("wal"), _scratch.Copy("sound")); // as a kill would leave it
        }
        var wal = Path.Combine(path, "events.db-wal");
        if (how == "removed") File.Delete(wal);
        else if (how == "flipped") Flip(wal, new FileInfo(wal).Length / 2, 0x10);
        else using (var stream = File.OpenWrite(wal)) stream.SetLength(stream.Length / 2);

        var error = Record.Exception(() => Open(path));
        AssertClear(error, "events.db");
        Assert.Contains("position 640 had been acknowledged", error!.Message, StringComparison.Ordinal);

        // while a WAL with a torn, never acknowledged end is normal
        using (var stream = File.Open(Path.Combine(sound, "events.db-wal"), FileMode.Append)) stream.Write(new byte[5_000]);
        using var again = DataDirectory.Lock(sound);
        await using var recovered = SqliteEventStore.Open(again);
        Assert.Equal(new LogPosition(640), await recovered.Verify(null, default));
    }

    [Fact]
    public void A_log_that_is_gone_is_not_begun_anew()
    {
        File.Delete(Path.Combine(_scratch.Data, "events.db"));
        AssertClear(Record.Exception(() => Open(_scratch.Data)), "events.db");
        Assert.False(File.Exists(Path.Combine(_scratch.Data, "events.db")));
    }

    [Fact]
    public async Task An_older_copy_is_refused_until_its_restoring_is_confirmed()
    {
        var old = File.ReadAllBytes(Path.Combine(_scratch.Data, "events.db"));
        using (var directory = DataDirectory.Lock(_scratch.Data))
        {
            await using var store = SqliteEventStore.Open(directory);
            await new StreamAuthor(store, "newer-1").Append();
        }
        File.WriteAllBytes(Path.Combine(_scratch.Data, "events.db"), old);
        var error = Record.Exception(() => Open(_scratch.Data));
        AssertClear(error, "events.db");
        Assert.Contains("remove events.head", error!.Message, StringComparison.Ordinal);
        File.Delete(Path.Combine(_scratch.Data, "events.head"));
        Assert.Equal(_ids, await Use(_scratch.Data));
    }

    static void Flip(string file, long offset, byte bits)
    {
        using var stream = File.Open(file, FileMode.Open);
        stream.Position = offset;
        var value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ bits));
    }

    static void Execute(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
