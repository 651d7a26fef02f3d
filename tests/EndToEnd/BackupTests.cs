using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Ppec.Contracts.Events;
using Ppec.EndToEnd.Running;
using Ppec.Stores;
using Ppec.Stores.Secrets;
using Ppec.Stores.Sqlite;

namespace Ppec.EndToEnd;

/// <summary>What is acknowledged before a backup begins is in it, whatever goes on meanwhile; and a node made from it is that node.</summary>
public sealed class BackupTests(ITestOutputHelper output) : IDisposable
{
    readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ppec-backup-");

    string Under(string name) => Path.Combine(_root.FullName, name);

    [Fact]
    public async Task Beside_a_writer_at_full_speed_it_holds_all_that_was_acknowledged_before()
    {
        var acknowledged = new ConcurrentQueue<(ulong Position, Guid Id)>();
        using var stop = new CancellationTokenSource();
        using var data = DataDirectory.Lock(Under("data"));
        await using var store = SqliteEventStore.Open(data);
        var writing = Task.WhenAll(Enumerable.Range(0, 32).Select(n => Task.Run(async () =>
        {
            for (var author = new Author(store, $"region-{n}"); !stop.IsCancellationRequested;) acknowledged.Enqueue(await author.Append(2));
        })));
        await Task.Delay(TimeSpan.FromSeconds(2));
        for (var round = 1; round <= 2; round++)
        {
            var before = acknowledged.ToArray();
            var since = Stopwatch.GetTimestamp();
            var said = await Upkeep.Silo(0, "backup", "--data", data.Path, "--to", Under("backup"));
            output.WriteLine($"{before.Length * 2} events acknowledged before, {(acknowledged.Count - before.Length) * 2} during {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s\n{said}");
            Assert.True(acknowledged.Count > before.Length, "The writer stood still.");
            var kept = await Kept(Under("backup"));
            Assert.All(before, a => Assert.Equal(a.Id, kept[a.Position]));
        }
        await stop.CancelAsync();
        await writing;

        await Upkeep.Silo(0, "verify", "--events", $"sqlite:{Under("backup")}");
        Assert.Contains("no secrets", await Upkeep.Silo(0, "restore", "--from", Under("backup"), "--data", Under("again")), StringComparison.Ordinal);
        Assert.Equal(await Chains.Read(Under("backup")), await Chains.Read(Under("again")));
        var all = await Chains.Read(data.Path);
        var restored = await Chains.Read(Under("again"));
        Assert.Equal(all.Take(restored.Count), restored);
    }

    [Fact]
    public async Task A_node_restored_from_a_backup_of_a_running_one_is_that_node()
    {
        await using var site = new Site();
        await site.StartNode();
        var image = RandomNumberGenerator.GetBytes(100_000);
        var digest = Convert.ToHexStringLower(SHA256.HashData(image));
        await site.Client.Images.UploadAsync(digest, new MemoryStream(image));
        var (made, stop) = (new ConcurrentQueue<string>(), false);
        var credential = site.Credential;
        var making = Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(async () =>
        {
            for (var i = 0; !Volatile.Read(ref stop); i++)
            {
                await site.Client.Regions.CreateAsync(new($"r{n}-{i}"));
                made.Enqueue($"r{n}-{i}");
            }
        })));
        await Task.Delay(TimeSpan.FromSeconds(1));
        var before = made.ToArray();
        var said = await Upkeep.Silo(0, "backup", "--data", site.Data, "--to", Under("backup"));
        Volatile.Write(ref stop, true);
        await making;
        output.WriteLine($"{before.Length} regions made before, {made.Count} in all\n{said}");
        foreach (var secret in new[] { "secrets.key", "admin-credential" })
        {
            Assert.False(File.Exists(Path.Combine(Under("backup"), secret)));
            Assert.Contains(secret, said, StringComparison.Ordinal);
        }
        var key = Path.Combine(site.Data, "secrets.key");
        await Upkeep.Silo(0, "restore", "--from", Under("backup"), "--data", Under("again"), "--key", key);
        Assert.Contains("rotated: ", await Upkeep.Silo(0, "rotate-key", "--data", Under("again")), StringComparison.Ordinal);
        Assert.Contains("--new-key", await Upkeep.Silo(2, "rotate-key", "--owner", "Host=127.0.0.1", "--secrets-key", key), StringComparison.Ordinal);
        await site.StopNode();

        using (var data = DataDirectory.Lock(Under("again")))
        using (var secrets = SqliteSecretStore.Open(data))
            Assert.NotNull(await secrets.Get(new("node/ticket-key", 1), CancellationToken.None));
        Assert.Equal(image, File.ReadAllBytes(Path.Combine(Under("again"), "images", digest)));
        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(Path.Combine(Under("again"), "secrets.key")));
        var url = new Uri($"http://127.0.0.1:{Programs.FreePort()}");
        await using var node = Child.Start(Programs.Node, ["--data", Under("again"), "--urls", url.ToString().TrimEnd('/')]);
        await node.Ready(TimeSpan.FromSeconds(40));
        using var client = new Sdk.PpecClient(new Sdk.PpecClientOptions { Server = url, Credential = credential });
        foreach (var region in before) Assert.Equal(region, (await client.Regions.GetAsync(region)).Value.Id);
        await client.Regions.CreateAsync(new("after"));
    }

    [Fact]
    public async Task It_refuses_to_put_anything_over_something()
    {
        await Chains.Write(Under("data"), 100);
        await Upkeep.Silo(0, "backup", "--data", Under("data"), "--to", Under("backup"), "--without-images");
        Directory.CreateDirectory(Under("full"));
        await File.WriteAllTextAsync(Path.Combine(Under("full"), "notes.txt"), "mine");

        Assert.Contains("neither empty nor a backup", await Upkeep.Silo(1, "backup", "--data", Under("data"), "--to", Under("full")), StringComparison.Ordinal);
        Assert.Contains("is not empty (it holds notes.txt)", await Upkeep.Silo(1, "restore", "--from", Under("backup"), "--data", Under("full")), StringComparison.Ordinal);
        Assert.Contains("is not empty (it holds events.db", await Upkeep.Silo(1, "restore", "--from", Under("backup"), "--data", Under("data")), StringComparison.Ordinal);
        Assert.Contains("is no backup", await Upkeep.Silo(1, "restore", "--from", Under("data"), "--data", Under("new")), StringComparison.Ordinal);
        Assert.Equal(["notes.txt"], Directory.GetFileSystemEntries(Under("full")).Select(e => Path.GetFileName(e)));

        // Another node's log is not mixed into a backup.
        await Chains.Write(Under("stranger"), 10, streams: 1, prefix: "strange");
        Assert.Contains("holds another log", await Upkeep.Silo(1, "backup", "--data", Under("stranger"), "--to", Under("backup")), StringComparison.Ordinal);

        // That attempt left the backup marked as not finished; finished again, it is good again.
        Assert.Contains("never finished", await Upkeep.Silo(1, "restore", "--from", Under("backup"), "--data", Under("new")), StringComparison.Ordinal);
        await Upkeep.Silo(0, "backup", "--data", Under("data"), "--to", Under("backup"));

        // What an interrupted restore left behind is gone on with.
        await Upkeep.Silo(0, "migrate", "--from", $"sqlite:{Under("backup")}", "--to", $"sqlite:{Path.Combine(Under("new"), "restoring")}");
        await Upkeep.Silo(0, "restore", "--from", Under("backup"), "--data", Under("new"));
        Assert.False(Directory.Exists(Path.Combine(Under("new"), "restoring")));
        Assert.Equal(await Chains.Read(Under("data")), await Chains.Read(Under("new")));
    }

    [Fact]
    public async Task Another_nodes_key_is_refused_before_anything_is_in_place()
    {
        await Chains.Write(Under("data"), 10, streams: 2);
        foreach (var name in new[] { "data", "other" })
            using (var data = DataDirectory.Lock(Under(name))) SqliteSecretStore.Open(data).Dispose();
        await Upkeep.Silo(0, "backup", "--data", Under("data"), "--to", Under("backup"));
        Assert.Contains("is not the one", await Upkeep.Silo(1, "restore", "--from", Under("backup"), "--data", Under("new"), "--key", Path.Combine(Under("other"), "secrets.key")), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Under("new"), "events.db")));
        Assert.Contains("The node can be started", await Upkeep.Silo(0, "restore", "--from", Under("backup"), "--data", Under("new"), "--key", Path.Combine(Under("data"), "secrets.key")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_refuses_to_start_on_what_is_not_all_there()
    {
        await Chains.Write(Under("data"), 10, streams: 2);
        using (var data = DataDirectory.Lock(Under("data"))) SqliteSecretStore.Open(data).Dispose();
        await Upkeep.Silo(0, "backup", "--data", Under("data"), "--to", Under("backup"));

        Assert.Contains("Put the node's secrets.key", await Upkeep.Silo(0, "restore", "--from", Under("backup"), "--data", Under("keyless")), StringComparison.Ordinal);
        Assert.Contains("secrets.key is gone", await Upkeep.Silo(1, "--data", Under("keyless"), "--urls", "http://127.0.0.1:0"), StringComparison.Ordinal);

        // As a restore that was killed while it put things in place leaves it.
        File.Delete(Path.Combine(Under("keyless"), "events.db"));
        Assert.Contains("the file is gone", await Upkeep.Silo(1, "--data", Under("keyless"), "--urls", "http://127.0.0.1:0"), StringComparison.Ordinal);
    }

    /// <summary>A log elsewhere than in the data directory: where it is and where it goes are said by address.</summary>
    [Fact]
    public async Task A_log_that_is_elsewhere_is_named_by_its_address()
    {
        await Chains.Write(Under("log"), 100);
        Directory.CreateDirectory(Under("data"));
        await Upkeep.Silo(0, "backup", "--data", Under("data"), "--events", $"sqlite:{Under("log")}", "--to", Under("backup"));
        await Upkeep.Silo(0, "restore", "--from", Under("backup"), "--data", Under("new"), "--events", $"sqlite:{Under("elsewhere")}");
        Assert.Equal(await Chains.Read(Under("log")), await Chains.Read(Under("elsewhere")));
        Assert.False(File.Exists(Path.Combine(Under("new"), "events.db")));
    }

    static async Task<Dictionary<ulong, Guid>> Kept(string directory)
    {
        await using var store = SqliteEventStore.OpenToRead(directory);
        var kept = new Dictionary<ulong, Guid>();
        await foreach (var e in store.ReadAll(LogPosition.Start, CancellationToken.None)) kept.Add(e.Position.Commit, e.Id);
        return kept;
    }

    public void Dispose() => _root.Delete(recursive: true);
}
