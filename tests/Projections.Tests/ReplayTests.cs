using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;

namespace Ppec.Projections.Tests;

/// <summary>The read model is a fold of the log and nothing else: however often, in whatever pieces, it comes out the same.</summary>
public sealed class ReplayTests : IDisposable
{
    readonly string _folder = Directory.CreateTempSubdirectory("ppec-read-").FullName;

    string File(string name) => Path.Combine(_folder, name);

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Replayed_twice_and_rebuilt_it_is_the_same()
    {
        var logs = new Logs();
        await logs.Fill();
        (await logs.Folded(File("a.db"))).Dispose();
        (await logs.Folded(File("b.db"))).Dispose();
        var first = Logs.Everything(File("a.db"));
        Assert.Contains("sn030", first, StringComparison.Ordinal);
        Assert.Equal(first, Logs.Everything(File("b.db")));
        System.IO.File.Delete(File("a.db"));
        (await logs.Folded(File("a.db"))).Dispose();
        Assert.Equal(first, Logs.Everything(File("a.db")));
    }

    [Fact]
    public async Task In_pieces_it_is_the_same_as_at_once()
    {
        var logs = new Logs();
        await logs.Fill(3);
        (await logs.Folded(File("pieces.db"))).Dispose();
        for (var n = 100; n < 110; n++)
        {
            await logs.Write($"machine-late{n}", new Domain.Machines.MachineRacked($"late{n}", $"LATE{n}", new("blr1", "blr1.r1", 1), null, null, [], null));
            await logs.Write("machine-sn001", new Domain.Machines.MachineHeld($"source{n}", "again", null, null));
            (await logs.Folded(File("pieces.db"))).Dispose(); // opened anew: what it knew of open streams is gone
        }
        (await logs.Folded(File("once.db"))).Dispose();
        Assert.Equal(Logs.Everything(File("once.db")), Logs.Everything(File("pieces.db")));
    }

    /// <summary>A catch-up folds streams whole and passes over what else of them comes by; a live feed folds event by event.</summary>
    [Fact]
    public async Task Caught_up_it_is_the_same_as_followed_live()
    {
        var logs = new Logs();
        using var live = ReadModel.Open(File("live.db"), LogPosition.Start);
        using var feed = new Feed(logs.Store, logs.Codec, live, Microsoft.Extensions.Logging.Abstractions.NullLogger<Feed>.Instance);
        await feed.StartAsync(CancellationToken.None);
        await logs.Fill(2500); // several batches; holds and tags come long after the machines
        for (var n = 1; n <= 2500; n += 500) await logs.Write($"machine-sn{n:000}", new Domain.Machines.MachineHeld("again", "noise", null, null));
        Assert.True(await live.WaitFor(await logs.Store.End(CancellationToken.None), TimeSpan.FromSeconds(60), CancellationToken.None));
        await feed.StopAsync(CancellationToken.None);
        (await logs.Folded(File("caught-up.db"))).Dispose();
        Assert.Equal(Logs.Everything(File("live.db")), Logs.Everything(File("caught-up.db")));
    }

    [Fact]
    public async Task Events_seen_twice_change_nothing()
    {
        var logs = new Logs();
        await logs.Fill();
        (await logs.Folded(File("twice.db"))).Dispose();
        var before = Logs.Everything(File("twice.db"));
        foreach (var back in (string[])["0", "1", "10", "40"])
        {
            Set(File("twice.db"), $"UPDATE checkpoint SET position = '{back}'");
            (await logs.Folded(File("twice.db"))).Dispose();
            Assert.Equal(before, Logs.Everything(File("twice.db")));
        }
    }

    [Fact]
    public async Task A_checkpoint_ahead_of_the_log_another_schema_and_a_broken_file_are_made_anew()
    {
        var logs = new Logs();
        await logs.Fill();
        (await logs.Folded(File("right.db"))).Dispose();
        var right = Logs.Everything(File("right.db"));
        async Task Rebuilt(string name, Action<string> harm)
        {
            (await logs.Folded(File(name))).Dispose();
            SqliteConnection.ClearAllPools();
            harm(File(name));
            (await logs.Folded(File(name))).Dispose();
            Assert.Equal(right, Logs.Everything(File(name)));
        }
        await Rebuilt("ahead.db", f => Set(f, "UPDATE checkpoint SET position = '999999'; DELETE FROM document WHERE id = 'sn001'"));
        await Rebuilt("schema.db", f => Set(f, "PRAGMA user_version = 1; DELETE FROM document"));
        await Rebuilt("nonsense.db", f => Set(f, "UPDATE checkpoint SET position = 'nonsense'; DELETE FROM document"));
        await Rebuilt("empty.db", f => Set(f, "DELETE FROM checkpoint; DELETE FROM document"));
        await Rebuilt("tables.db", f => Set(f, "DROP TABLE checkpoint; DELETE FROM document"));
        await Rebuilt("garbage.db", f => System.IO.File.WriteAllBytes(f, [.. Enumerable.Range(0, 5000).Select(n => (byte)n)]));
        await Rebuilt("nothing.db", f => System.IO.File.WriteAllBytes(f, []));
    }

    [Fact]
    public async Task Who_waits_for_a_position_is_told_when_it_is_visible_and_not_before()
    {
        var logs = new Logs();
        await logs.Fill(1);
        var end = await logs.Store.End(CancellationToken.None);
        using var model = ReadModel.Open(File("wait.db"), end);
        Assert.False(await model.WaitFor(end, TimeSpan.FromMilliseconds(20), CancellationToken.None));
        var waiting = model.WaitFor(end, TimeSpan.FromSeconds(20), CancellationToken.None);
        await logs.Folded(File("wait.db"), model);
        Assert.True(await waiting);
        Assert.False(await model.WaitFor(new LogPosition(end.Commit + 1), TimeSpan.FromMilliseconds(20), CancellationToken.None));
    }

    static void Set(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
