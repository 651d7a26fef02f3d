using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using CsCheck;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Stores;
using Ppec.Stores.Sqlite;

namespace Ppec.Projections.Tests;

/// <summary>Somebody writes the log's file. Whatever they do, the verifier names the event, or the head that was kept elsewhere exposes it.</summary>
public sealed class TamperTests : IDisposable
{
    const int Count = 1_500; // more than every opening checks
    static readonly byte[] Metadata = JsonSerializer.SerializeToUtf8Bytes(new EventMetadata("c", "tester", "t", "10.0.0.1", DateTimeOffset.UnixEpoch, ""), EventMetadataJson.Default.EventMetadata);
    readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ppec-tamper-");
    readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    static byte[] Data(int n) => Encoding.UTF8.GetBytes($$"""{"region":"r{{n}}","description":"something is said of it"}""");

    /// <summary>Writes the log, from event <paramref name="altered"/> on with another content and chains computed anew; its heads.</summary>
    async Task<TreeHead[]> Write(string name, int altered = Count)
    {
        using var data = DataDirectory.Lock(Path.Combine(_root.FullName, name));
        await using var store = SqliteEventStore.Open(data);
        var (streams, tree, heads) = (new Dictionary<string, (long, byte[])>(), new CompactRange(), new List<TreeHead>());
        var appends = new List<Task<AppendResult>>();
        for (var n = 0; n < Count; n++)
        {
            var stream = $"region-{n * 7 % 11}";
            var (version, hash) = streams.GetValueOrDefault(stream, (0, EventChain.Genesis.ToArray()));
            var (id, body) = (new Guid(n + 1, 0, 0, new byte[8]), Data(n < altered ? n : n + 1));
            hash = EventChain.Hash(hash, stream, version, id, "region.created.v1", body, Metadata);
            appends.Add(store.Append(stream, version, [new(id, "region.created.v1", body, Metadata, hash)], CancellationToken.None));
            streams[stream] = (version + 1, hash);
            tree.Add(Merkle.Leaf(hash));
            if ((n + 1) % 500 == 0) heads.Add(TreeHead.Sign(_key, n + 1, tree.Root(), (n + 1).ToString(CultureInfo.InvariantCulture), DateTimeOffset.UnixEpoch.AddDays(n), heads.LastOrDefault()));
        }
        await Task.WhenAll(appends);
        return [.. heads];
    }

    static void Change(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>As the verifier of a data directory reads it; what it says when it finds a fault.</summary>
    static async Task<string?> Verify(string directory, params TreeHead[] heads)
    {
        try
        {
            await using var store = SqliteEventStore.OpenToRead(directory);
            await new LogVerifier(heads).CheckAll(store.ReadAll(LogPosition.Start, CancellationToken.None));
            await store.VerifyStructure(CancellationToken.None);
            return null;
        }
        catch (Exception e) when (e is LogFaultException or EventLogCorruptException)
        {
            return e.Message;
        }
    }

    string Copy(string name)
    {
        var to = _root.CreateSubdirectory(Guid.NewGuid().ToString());
        foreach (var file in Directory.GetFiles(Path.Combine(_root.FullName, name)).Where(f => !f.EndsWith("events.head", StringComparison.Ordinal))) File.Copy(file, Path.Combine(to.FullName, Path.GetFileName(file)));
        return to.FullName;
    }

    [Fact]
    public async Task One_byte_altered_anywhere_in_an_event_is_named()
    {
        await Write("log");
        Assert.Null(await Verify(Path.Combine(_root.FullName, "log")));
        var one = from position in Gen.Int[1, Count] from column in Gen.Int[0, 5].Select(i => ((string[])["data", "metadata", "hash", "type", "stream", "id"])[i]) from at in Gen.Int[0, 1_000] from bit in Gen.Int[0, 6] select (position, column, at, bit);
        one.Sample(x =>
        {
            var (directory, column) = (Copy("log"), x.column);
            using (var connection = new SqliteConnection($"Data Source={directory}/events.db;Pooling=False"))
            {
                connection.Open();
                using var command = connection.CreateCommand();
                command.CommandText = $"SELECT CAST({column} AS BLOB) FROM events WHERE position = {x.position}";
                var bytes = (byte[])command.ExecuteScalar()!;
                bytes[x.at % bytes.Length] ^= (byte)(1 << x.bit);
                if (column is "type" or "stream" && bytes.Contains((byte)0)) return;
                command.CommandText = $"UPDATE events SET {column} = {(column is "type" or "stream" ? "CAST($b AS TEXT)" : "$b")} WHERE position = {x.position}";
                command.Parameters.AddWithValue("$b", bytes);
                try { command.ExecuteNonQuery(); }
                catch (SqliteException e) when (e.SqliteErrorCode == 19) { return; } // that stream has such a version: SQLite itself refuses it
            }
            var said = Verify(directory).GetAwaiter().GetResult();
            Assert.True(said?.Contains($"position {x.position} ", StringComparison.Ordinal) == true, $"{x}: {said}");
            Directory.Delete(directory, recursive: true);
        }, iter: 40, threads: 1);
    }

    [Fact]
    public async Task A_byte_altered_in_the_file_behind_sqlites_back_is_named()
    {
        await Write("log");
        var file = Path.Combine(Copy("log"), "events.db");
        var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        var at = bytes.AsSpan().IndexOf(Data(321));
        bytes[at + 12] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
        Assert.Contains("position 322 ", await Verify(Path.GetDirectoryName(file)!), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_taken_out_put_in_moved_or_cut_off_is_found()
    {
        var heads = await Write("log");
        async Task<string> After(string sql)
        {
            var directory = Copy("log");
            Change(Path.Combine(directory, "events.db"), sql);
            return await Verify(directory, heads) ?? "nothing";
        }
        Assert.Contains("position 700", await After("DELETE FROM events WHERE position = 700"), StringComparison.Ordinal);
        const string MoveUp = "UPDATE events SET position = position + 10000 WHERE position > 700; UPDATE events SET position = position - 9999 WHERE position > 10000;";
        const string MoveDown = "UPDATE events SET position = position + 10000 WHERE position > 700; UPDATE events SET position = position - 10001 WHERE position > 10000;";
        Assert.Contains("position 710 ", await After($"DELETE FROM events WHERE position = 700; {MoveDown}"), StringComparison.Ordinal); // positions closed up over the gap: the next of its stream
        var (id, body) = (Guid.NewGuid(), Data(7));
        var hash = Convert.ToHexString(EventChain.Hash(EventChain.Genesis.Span, "region-new", 0, id, "region.created.v1", body, Metadata));
        Assert.Contains("of its events number 501 to 1,000 at least one was", // one event that is right in itself, in a stream of its own
            await After($"{MoveUp} INSERT INTO events VALUES (701, 'region-new', 0, x'{Convert.ToHexString(id.ToByteArray(bigEndian: true))}', 'region.created.v1', x'{Convert.ToHexString(body)}', x'{Convert.ToHexString(Metadata)}', x'{hash}')"), StringComparison.Ordinal);
        Assert.Contains("of its events number 501 to 1,000 at least one was", await After("UPDATE events SET position = 99999 WHERE position = 700; UPDATE events SET position = 700 WHERE position = 701; UPDATE events SET position = 701 WHERE position = 99999;"), StringComparison.Ordinal);
        Assert.Contains("ends after 1,200 events (position 1200), but 1,500 were signed", await After("DELETE FROM events WHERE position > 1200"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suffix_written_anew_is_exposed_only_by_a_head_kept_elsewhere()
    {
        var kept = await Write("log");
        var signed = await Write("anew", altered: 600); // with the node's own key
        Assert.Null(await Verify(Path.Combine(_root.FullName, "anew"), signed));
        Assert.Contains("of its events number 501 to 1,000 at least one was altered", await Verify(Path.Combine(_root.FullName, "anew"), kept), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _key.Dispose();
        _root.Delete(recursive: true);
    }
}
