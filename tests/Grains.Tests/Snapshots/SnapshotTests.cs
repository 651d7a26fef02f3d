using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Ppec.Contracts.Gate;
using Ppec.Stores;
using Ppec.Stores.Memory;
using Ppec.Stores.Sqlite;

namespace Ppec.Grains.Tests.Snapshots;

/// <summary>
/// A snapshot is a cache: deleting it loses nothing, and a wrong one is not believed. The mutants that must fail here, and did: without the comparison of the
/// log's event with the snapshot's hash; without the checksum; without the fold's number; without the answers in it.
/// </summary>
public sealed class SnapshotTests(ITestOutputHelper output) : IAsyncLifetime
{
    static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    readonly WatchedStore _events = new(new MemoryEventStore());
    readonly ScriptedSnapshots _snapshots = new();
    TallySilo _silo = null!;

    public async ValueTask InitializeAsync() => _silo = await TallySilo.Start(_events, _snapshots);
    public ValueTask DisposeAsync() => _silo.DisposeAsync();

    [Fact]
    public async Task It_is_loaded_from_the_last_snapshot_and_what_followed()
    {
        var whole = await Grown("a", 25);
        Assert.Equal((whole, 19), await Reloaded("a")); // the twentieth event is read to compare its hash
    }

    public static TheoryData<string> Wrongs => ["deleted", "cut short", "empty", "a bit turned", "of another stream", "of another fold", "of another log", "ahead of the log", "the store fails", "the store hangs"];

    [Theory, MemberData(nameof(Wrongs))]
    public async Task Whatever_is_wrong_with_a_snapshot_the_stream_is_read_whole(string wrong)
    {
        var whole = await Grown("a", 25);
        await Spoil(wrong);
        var saves = _snapshots.Ended;
        Assert.Equal((whole, 0), await Reloaded("a"));
        Assert.Equal(wrong is not "deleted", _silo.Logs.Lines.Any(l => l.Contains("The snapshot of tally-a is ignored", StringComparison.Ordinal)));

        // It heals by itself: what was read whole is kept anew.
        await Saved(saves + 1);
        _snapshots.Loading = () => Task.CompletedTask;
        Assert.Equal((whole, 24), await Reloaded("a"));
    }

    async Task Spoil(string wrong)
    {
        var bytes = _snapshots.Kept["tally-a"];
        switch (wrong)
        {
            case "deleted": _snapshots.Kept.Clear(); break;
            case "cut short": _snapshots.Kept["tally-a"] = bytes[..^7]; break;
            case "empty": _snapshots.Kept["tally-a"] = []; break;
            case "a bit turned": bytes[^20] ^= 1; break;
            case "of another stream":
                await Grown("b", 25);
                _snapshots.Kept["tally-a"] = _snapshots.Kept["tally-b"];
                break;
            case "of another fold": _silo.Options.Fold = 2; break;
            case "of another log": await FromElsewhere(25); break;
            case "ahead of the log": await FromElsewhere(65); break;
            case "the store fails": _snapshots.Loading = () => throw new IOException("The disk is gone."); break;
            case "the store hangs": _snapshots.Loading = () => Task.Delay(Timeout.Infinite); break;
            default: throw new ArgumentOutOfRangeException(nameof(wrong));
        }
    }

    /// <summary>As after a restore: the same stream, another past.</summary>
    async Task FromElsewhere(int count)
    {
        var elsewhere = new ScriptedSnapshots();
        await using var other = await TallySilo.Start(new WatchedStore(new MemoryEventStore()), elsewhere);
        other.Options.Every = count;
        for (var i = 0; i < count; i++) await other.Tally("a").Add("elsewhere", i, $"other-{i}", "", Noon);
        await Eventually(() => elsewhere.Ended == 1, "the other log's snapshot");
        _snapshots.Kept["tally-a"] = elsewhere.Kept["tally-a"];
    }

    [Fact]
    public async Task A_snapshot_that_is_older_than_the_last_is_as_good()
    {
        await Grown("a", 10);
        var old = _snapshots.Kept["tally-a"];
        var whole = await Grown("a", 35);
        _snapshots.Kept["tally-a"] = old;
        Assert.Equal((whole, 9), await Reloaded("a"));
    }

    [Fact]
    public async Task A_repeated_command_is_known_after_a_snapshot_and_forgotten_after_a_day()
    {
        var tally = _silo.Tally("a");
        var first = await tally.Add("x", 1, "c-1", "body", Noon);
        var later = await tally.Add("x", 1, "c-2", "body", Noon.AddHours(3));
        await Grown("a", 20);
        await _silo.End("a");
        Assert.Equal(first, await tally.Add("x", 1, "c-1", "body", Noon.AddHours(4)));
        Assert.Equal(ProblemCodes.KeyReused, (await tally.Add("x", 2, "c-1", "other", Noon.AddHours(4))).Problem?.Code);
        Assert.Equal(19, _events.ReadFrom.Last());

        for (var i = 20; i < 30; i++) await tally.Add("x", 1, $"late-{i}", "", Noon.AddHours(26));
        await Saved(3);
        using var kept = JsonDocument.Parse(_snapshots.Kept["tally-a"].AsMemory(32));
        var answers = kept.RootElement.GetProperty("answers").EnumerateArray().Select(a => a.GetProperty("command").GetString()).ToList();
        Assert.Equal(["c-2", .. Enumerable.Range(20, 10).Select(i => $"late-{i}")], answers.Order(StringComparer.Ordinal));
        await _silo.End("a");
        Assert.Equal(later, await tally.Add("x", 1, "c-2", "body", Noon.AddHours(26)));
    }

    [Fact]
    public async Task Saving_delays_nobody_and_is_never_done_twice_at_once()
    {
        var release = new TaskCompletionSource();
        _snapshots.Saving = () => release.Task;
        await Grown("a", 55, settled: false).WaitAsync(TimeSpan.FromSeconds(20));
        await Eventually(() => _snapshots.Begun > 0, "the first save");
        Assert.Equal((1, 0), (_snapshots.Begun, _snapshots.Ended));
        release.SetResult();
        await Saved(1);
        await Grown("a", 60, settled: false);
        await Saved(2);
    }

    [Fact]
    public async Task A_store_that_cannot_save_harms_nothing()
    {
        _snapshots.Saving = () => throw new IOException("The disk is full.");
        var whole = await Grown("a", 25);
        Assert.Equal(2, _snapshots.Begun); // at each tenth event, not at each event
        Assert.Equal((whole, 0), await Reloaded("a"));
        Assert.Contains(_silo.Logs.Lines, l => l.Contains("could not be saved", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Two_activations_that_race_on_saving_do_no_harm()
    {
        await using var other = await TallySilo.Start(_events, _snapshots);
        await Task.WhenAll(new[] { _silo, other }.Select((silo, n) => Task.Run(async () =>
        {
            for (var i = 0; i < 200; i++)
                while ((await silo.Tally("a").Add($"silo-{n}", i, $"s{n}-{i}", "", Noon)).Problem is not null) await Task.Yield(); // the other was faster three times
        })));
        await _silo.End("a");
        await other.End("a");
        var resumed = await _silo.Tally("a").Read();
        Assert.Equal(resumed, await other.Tally("a").Read());
        Assert.True(_events.ReadFrom.Last() > 0);
        _snapshots.Saving = () => throw new IOException("No more."); // one that was due may still be on its way
        await Eventually(() => _snapshots.Begun == _snapshots.Ended, "the last save");
        _snapshots.Kept.Clear();
        Assert.Equal((resumed, 0), await Reloaded("a"));
        Assert.StartsWith("400 ", resumed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hundred_thousand_events_are_the_same_with_and_without()
    {
        var folder = Directory.CreateTempSubdirectory("ppec-snapshots-").FullName;
        using (var data = DataDirectory.Lock(folder))
        {
            await using var log = SqliteEventStore.Open(data);
            using var kept = SqliteSnapshotStore.Open(data);
            var events = new WatchedStore(log);
            await using var silo = await TallySilo.Start(events, kept);
            silo.Options.Every = 1000;
            await events.Fill("warm", 2000, TimeSpan.FromSeconds(1));
            await silo.Tally("warm").Read();
            foreach (var (name, apart) in new[] { ("a thousand a day", TimeSpan.FromSeconds(86)), ("all in one day", TimeSpan.FromMilliseconds(800)) })
            {
                var end = await events.Fill(name, 100_000, apart);
                var (_, without) = await Timed(silo, name);
                await Eventually(async () => await kept.Load($"tally-{name}", default) is not null, "the snapshot");
                await silo.Tally(name).Add("x", 1, "last", "", end);
                var grown = await silo.Tally(name).Read();
                var size = (await kept.Load($"tally-{name}", default))!.Value.Length;
                await silo.End(name);
                var (resumed, with) = await Timed(silo, name);
                Assert.Equal(grown, resumed);
                Assert.Equal(99_999, events.ReadFrom.Last());
                output.WriteLine($"100,000 events, {name}: {without.TotalMilliseconds:0} ms without a snapshot, {with.TotalMilliseconds:0} ms with ({size >> 10} KiB)");
            }
        }
        Directory.Delete(folder, recursive: true);

        static async Task<(string, TimeSpan)> Timed(TallySilo silo, string name)
        {
            var since = Stopwatch.GetTimestamp();
            return (await silo.Tally(name).Read(), Stopwatch.GetElapsedTime(since));
        }
    }

    /// <summary>Adds until the tally has so many, with a snapshot at each tenth; all that it knows then.</summary>
    async Task<string> Grown(string name, int count, bool settled = true)
    {
        var tally = _silo.Tally(name);
        for (var i = int.Parse((await tally.Read()).Split(' ')[0], CultureInfo.InvariantCulture); i < count; i++)
        {
            var saves = _snapshots.Ended;
            Assert.Null((await tally.Add($"n{i % 7}", i, $"{name}-{i}", "", Noon.AddHours(1))).Problem);
            if (settled && (i + 1) % 10 == 0) await Saved(saves + 1);
        }
        return await tally.Read();
    }

    Task Saved(int saves) => Eventually(() => _snapshots.Ended >= saves, $"save {saves}");

    /// <summary>What a new activation knows, and from which version it read the log.</summary>
    async Task<(string, long)> Reloaded(string name)
    {
        await _silo.End(name);
        _events.ReadFrom.Clear();
        var known = await _silo.Tally(name).Read();
        return (known, _events.ReadFrom.Last());
    }

    static Task Eventually(Func<bool> holds, string what) => Eventually(() => Task.FromResult(holds()), what);

    static async Task Eventually(Func<Task<bool>> holds, string what)
    {
        for (var since = Stopwatch.GetTimestamp(); !await holds(); await Task.Delay(5))
            if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(20)) throw new TimeoutException($"It never came: {what}.");
    }
}
