using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.EndToEnd.Running;
using Ppec.Stores;
using Ppec.Stores.Sqlite;

namespace Ppec.EndToEnd;

/// <summary>A log moves to another store as it is, and is proven where it lies. Addresses are SQLite's here; any other store's belong in the same tests.</summary>
public sealed class MigrateTests(ITestOutputHelper output) : IDisposable
{
    readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ppec-migrate-");

    string Under(string name) => Path.Combine(_root.FullName, name);

    [Fact]
    public async Task The_copy_is_the_log_itself()
    {
        await Chains.Write(Under("from"), 5_000);
        var copied = await Silo(0, "migrate", "--from", $"sqlite:{Under("from")}", "--to", $"sqlite:{Under("to")}");
        Assert.Contains("5,000 events copied, 0 were there; all 5,000 in 50 streams", copied, StringComparison.Ordinal);
        Assert.Equal(await Chains.Read(Under("from")), await Chains.Read(Under("to")));
        Assert.Contains("0 events copied, 5,000 were there", await Silo(0, "migrate", "--from", $"sqlite:{Under("from")}", $"--to=sqlite:{Under("to")}"), StringComparison.Ordinal);
        Assert.Contains("verified: 5,000 events in 50 streams", await Silo(0, "verify", "--events", $"sqlite:{Under("to")}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Killed_again_and_again_it_goes_on()
    {
        const int Count = 60_000;
        await Chains.Write(Under("from"), Count, streams: 400);
        string[] command = ["migrate", "--from", $"sqlite:{Under("from")}", "--to", $"sqlite:{Under("to")}"];
        var ends = new List<ulong>();
        for (var kill = 1; kill <= 3; kill++)
        {
            await using var migrating = Child.Start(Programs.Node, command);
            while (await migrating.Exit(TimeSpan.FromMilliseconds(20)) is null && await End(Under("to")) < (ulong)(kill * Count / 5)) await Task.Yield();
            await migrating.Kill();
            ends.Add(await End(Under("to")));
        }
        output.WriteLine($"killed at {string.Join(", ", ends)} of {Count}");
        Assert.True(ends[0] is > 0 and < Count);
        var said = await Silo(0, command);
        Assert.Contains($"all {Count:N0} in 400 streams", said, StringComparison.Ordinal);
        output.WriteLine(said);
        Assert.Equal(await Chains.Read(Under("from")), await Chains.Read(Under("to")));
    }

    [Fact]
    public async Task It_refuses_what_would_lose_or_mix_logs()
    {
        await Chains.Write(Under("from"), 100);
        await Chains.Write(Under("other"), 30, streams: 1, prefix: "other");
        var (from, to) = ($"sqlite:{Under("from")}", $"sqlite:{Under("to")}");
        Assert.Contains("holds another log: event 1 is version 0 of other-0", await Silo(1, "migrate", "--from", from, "--to", $"sqlite:{Under("other")}"), StringComparison.Ordinal);
        Assert.Equal(30, (await Chains.Read(Under("other"))).Count);
        Assert.Contains("There is no event log in", await Silo(1, "migrate", "--from", $"sqlite:{Under("nowhere")}", "--to", to), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Under("nowhere")));
        Assert.Equal(["from", "other"], _root.GetDirectories().Select(d => d.Name).Order());

        using (DataDirectory.Lock(Under("from")))
        {
            Assert.Contains("is in use by process", await Silo(1, "migrate", "--from", from, "--to", to), StringComparison.Ordinal);
            Assert.Contains("is in use by process", await Silo(1, "migrate", "--from", $"sqlite:{Under("other")}", "--to", from), StringComparison.Ordinal);
            Assert.Contains("verified: 100 events", await Silo(0, "verify", "--events", from), StringComparison.Ordinal); // reading disturbs nobody
        }
    }

    [Fact]
    public async Task What_it_cannot_understand_is_exit_2_and_names_the_flag()
    {
        foreach (var (says, arguments) in new (string, string[])[]
        {
            ("--to is missing: give --to ADDRESS", ["migrate", "--from", "sqlite:x"]),
            ("--from: That is not the address of an event store; give sqlite:DIR", ["migrate", "--from", "mongo:x", "--to", "sqlite:y"]),
            ("are the same store", ["migrate", "--from", "sqlite:x", "--to", "sqlite:x"]),
            ("'--colour' is not an option of verify", ["verify", "--colour", "red"]),
            ("--events lacks its value", ["verify", "--events"]),
            ("--events: sqlite: is followed by a directory", ["verify", "--events", "sqlite:"]),
            ("--without-images takes no value", ["backup", "--data", "x", "--to", "y", "--without-images=no"]),
            ("--data is given twice", ["restore", "--data", "x", "--data", "y"]),
        })
            Assert.Contains(says, await Silo(2, arguments), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_says_what_each_needs()
    {
        var all = await Silo(0, "--help");
        foreach (var (name, option) in new[] { ("migrate", "--from ADDRESS"), ("verify", "--events ADDRESS"), ("backup", "--to DIR"), ("restore", "--key FILE") })
        {
            Assert.Contains($"ppec-silo {name}", all, StringComparison.Ordinal);
            var help = await Silo(0, name, "--help");
            Assert.Contains(option, help, StringComparison.Ordinal);
            Assert.Contains("Example: ppec-silo", help, StringComparison.Ordinal);
            Assert.Contains("Exit: 0 done", help, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Verifying_says_where_the_first_fault_is()
    {
        var at = $"sqlite:{Under("log")}";
        await Chains.Write(Under("log"), 400, streams: 4);
        await Unknown("log");
        Assert.Contains("Fault at version 0 of machine-odd (position 401): The log holds an event named machine.levitated.v1", await Silo(1, "verify", "--events", at), StringComparison.Ordinal);

        // A later event of the same stream is sound in itself; only the chain tells. Beyond the tail that every opening checks, the walk finds it.
        await Chains.Write(Under("long"), 3_000, streams: 4);
        Change("long", "UPDATE events SET data = CAST('{\"region\":\"x\",\"description\":\"y\",\"at\":\"2026-01-01T00:00:00+00:00\"}' AS BLOB) WHERE stream = 'region-2' AND version = 17");
        var said = await Silo(1, "verify", "--events", $"sqlite:{Under("long")}");
        Assert.Contains("version 17 of region-2", said, StringComparison.Ordinal);
        Assert.Contains("version 17 of region-2", await Silo(1, "migrate", "--from", $"sqlite:{Under("long")}", "--to", $"sqlite:{Under("to")}"), StringComparison.Ordinal);

        await Chains.Write(Under("gap"), 3_000, streams: 4);
        Change("gap", "DELETE FROM events WHERE position = 100");
        Assert.Contains("events are missing", await Silo(1, "verify", "--events", $"sqlite:{Under("gap")}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_is_verified_as_a_killed_node_left_it()
    {
        await using var site = new Site();
        await site.StartNode();
        foreach (var n in Enumerable.Range(0, 50)) await site.Client.Regions.CreateAsync(new($"killed-{n}"));
        await site.KillNode();
        Assert.True(File.Exists(Path.Combine(site.Data, "events.db-wal")));
        Assert.Contains("verified: 52 events in 52 streams", await Silo(0, "verify", "--events", $"sqlite:{site.Data}"), StringComparison.Ordinal);
        await site.StartNode();
    }

    [Fact]
    public async Task A_log_written_anew_is_exposed_by_the_head_that_was_kept()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (at, own, kept, pem) = ($"sqlite:{Under("log")}", Path.Combine(Under("log"), "heads.jsonl"), Under("kept.jsonl"), Under("heads.pub"));
        await Chains.Write(Under("log"), 500, streams: 4);
        var head = HeadText.Line(await Head(Under("log"), key));
        await File.WriteAllTextAsync(kept, head);
        await File.WriteAllTextAsync(own, head + "\n");
        await File.WriteAllTextAsync(pem, key.ExportSubjectPublicKeyInfoPem());
        Assert.Contains("1 signed heads agree, the last of 500 events", await Silo(0, "verify", "--events", at, "--key", pem), StringComparison.Ordinal);
        Assert.Contains("1 signed heads agree", await Silo(0, "verify", "--events", at, "--heads", own, "--head", kept), StringComparison.Ordinal);

        Directory.Delete(Under("log"), recursive: true); // and written anew, every chain good, with a head that the node's own key signed
        await Chains.Write(Under("log"), 600, streams: 4);
        await File.WriteAllTextAsync(own, HeadText.Line(await Head(Under("log"), key)) + "\n");
        Assert.Contains("1 signed heads agree, the last of 600", await Silo(0, "verify", "--events", at, "--key", pem), StringComparison.Ordinal);
        Assert.Contains("of its events number 1 to 500 at least one was altered", await Silo(1, "verify", "--events", at, "--key", pem, "--head", kept), StringComparison.Ordinal);
        Assert.Contains("There is no tree head in it", await Silo(2, "verify", "--events", at, "--head", pem), StringComparison.Ordinal);
    }

    static async Task<TreeHead> Head(string directory, ECDsa key)
    {
        var (tree, last) = (new CompactRange(), LogPosition.Start);
        await using var store = SqliteEventStore.OpenToRead(directory);
        await foreach (var e in store.ReadAll(LogPosition.Start, CancellationToken.None))
        {
            tree.Add(Merkle.Leaf(e.Hash.Span));
            last = e.Position;
        }
        return TreeHead.Sign(key, tree.Size, tree.Root(), last.ToString(), DateTimeOffset.UnixEpoch, null);
    }

    async Task Unknown(string name)
    {
        using var data = DataDirectory.Lock(Under(name));
        await using var store = SqliteEventStore.Open(data);
        await new Author(store, "machine-odd").Append(1, "machine.levitated.v1");
    }

    void Change(string name, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Under(name), "events.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.Equal(1, command.ExecuteNonQuery());
    }

    static async Task<ulong> End(string directory)
    {
        try
        {
            await using var store = SqliteEventStore.OpenToRead(directory);
            return (await store.End(CancellationToken.None)).Commit;
        }
        catch (EventStoreUnavailableException) { return 0; } // not made yet
    }

    static Task<string> Silo(int status, params string[] arguments) => Upkeep.Silo(status, arguments);

    public void Dispose() => _root.Delete(recursive: true);
}
