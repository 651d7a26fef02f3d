using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain.Machines;
using Ppec.Projections.Audit;

namespace Ppec.Projections.Tests;

/// <summary>The list of commands follows from the log alone; the rings of what was refused stay within their size, whoever knocks.</summary>
public sealed class TrailTests : IDisposable
{
    static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);
    readonly string _folder = Directory.CreateTempSubdirectory("ppec-trail-").FullName;

    string File(string name) => Path.Combine(_folder, name);

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Folds the log in batches of so many events.</summary>
    static async Task Fold(Logs logs, string path, int batch)
    {
        using var file = TrailFile.Open(path, 1, fold: true);
        var (fold, events) = (new TrailFold(file), new List<RecordedEvent>());
        await foreach (var e in logs.Store.ReadAll(file.Position, CancellationToken.None))
        {
            events.Add(e);
            if (events.Count < batch) continue;
            fold.Write(events);
            events.Clear();
        }
        if (events.Count > 0) fold.Write(events);
    }

    static string Everything(string path)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = """
            SELECT 'row ' || n || ' ' || time || ' ' || CAST(body AS TEXT) FROM row
            UNION ALL SELECT 'block ' || b || ' ' || low || ' ' || high FROM block
            UNION ALL SELECT 'fact ' || v.field || ' ' || v.text || ' ' || f.n FROM fact f JOIN value v ON v.v = f.v
            UNION ALL SELECT 'place ' || stream || ' ' || region || ' ' || rack FROM place
            UNION ALL SELECT position FROM checkpoint ORDER BY 1
            """;
        using var row = command.ExecuteReader();
        var lines = new List<string>();
        while (row.Read()) lines.Add(row.GetString(0));
        return string.Join('\n', lines);
    }

    [Fact]
    public async Task However_it_is_cut_and_however_often_it_is_opened_it_is_the_same()
    {
        var logs = new Logs();
        await logs.Fill(40);
        await Fold(logs, File("once.db"), int.MaxValue);
        await Fold(logs, File("single.db"), 1);
        var once = Everything(File("once.db"));
        Assert.Contains("machine:sn007", once, StringComparison.Ordinal);
        Assert.Equal(once, Everything(File("single.db")));
        for (var n = 0; n < 5; n++)
        {
            await logs.Write($"machine-sn00{n + 1}", new MachineHeld($"again{n}", "noise", null, null) { At = Noon });
            await Fold(logs, File("single.db"), 1); // opened anew each time
        }
        await Fold(logs, File("anew.db"), 7);
        Assert.Equal(Everything(File("anew.db")), Everything(File("single.db")));
    }

    AttemptLog Attempts(RingSize? size = null) => new(File("attempts"), size ?? new(), NullLogger<AttemptLog>.Instance);

    static Attempt Stranger(int n, int sources = 1, int minute = 0) =>
        new(Noon.AddMinutes(minute), null, null, $"10.{n % sources >> 16}.{n % sources >> 8 & 255}.{n % sources & 255}", "machine.read", "machine-sn1", ProblemCodes.Unauthenticated, new string('w', 80));

    static Attempt Known(int n, int minute = 0) =>
        new(Noon.AddMinutes(minute), "alice", "cred", "10.0.0.1", "machine.hold", $"machine-sn{n}", ProblemCodes.Forbidden, "no");

    static long Bytes(string folder) => new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length);

    static List<AuditRow> All(TrailRing ring) =>
        [.. ring.Files.SelectMany(f => f.Readers.Use(r => r.Rows("SELECT body FROM row ORDER BY n", [], row => System.Text.Json.JsonSerializer.Deserialize<AuditRow>(row.Blob(0), Trails.Kept)!)))];

    [Theory]
    [InlineData(1)]
    [InlineData(200_000)]
    public void A_flood_by_strangers_is_counted_fills_nothing_and_washes_nothing_out(int sources)
    {
        const int Flood = 200_000;
        using var attempts = Attempts();
        attempts.Note(Known(1), () => "the only one");
        var since = Stopwatch.GetTimestamp();
        for (var n = 0; n < Flood; n++)
        {
            attempts.Note(Stranger(n, sources), () => new string('x', 4_000));
            if (n % 10_000 == 0) attempts.Flush();
        }
        attempts.Flush();
        Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(20), $"It took {Stopwatch.GetElapsedTime(since)}.");
        Assert.True(Bytes(File("attempts")) < 4 << 20, $"{Bytes(File("attempts"))} bytes for one minute's flood.");
        var rows = All(attempts.Strangers);
        Assert.Equal(Flood, rows.Sum(r => r.Count));
        Assert.InRange(rows.Count, 2, 600);
        Assert.Equal("the only one", Assert.Single(All(attempts.Known)).Command);
    }

    [Fact]
    public void Years_of_flood_stay_within_the_size()
    {
        var size = new RingSize(Files: 3, Rows: 400, Bytes: 200_000);
        using (var attempts = Attempts(size))
            for (var minute = 0; minute < 40; minute++)
            {
                for (var n = 0; n < 600; n++) attempts.Note(Stranger(n, sources: 600, minute), () => new string('x', 4_000));
                attempts.Flush();
                Assert.True(Bytes(File("attempts")) <= 2 * size.Most, $"{Bytes(File("attempts"))} bytes.");
                Assert.True(Directory.GetFiles(File("attempts/strangers"), "*.db").Length <= size.Files);
            }
        using var again = Attempts(size); // what is kept is the newest, and its numbers go on
        var rows = All(again.Strangers);
        Assert.Equal(Noon.AddMinutes(39), rows[^1].Time);
        var last = again.Strangers.Last;
        again.Note(Stranger(1, 1, minute: 40));
        again.Flush();
        Assert.Equal(last + 1, again.Strangers.Last);
    }

    [Fact]
    public void What_a_known_user_tries_is_kept_each_by_itself()
    {
        using var attempts = Attempts();
        for (var n = 0; n < 50; n++) attempts.Note(Known(n));
        attempts.Flush();
        Assert.Equal(Enumerable.Range(0, 50).Select(n => $"machine:sn{n}"), All(attempts.Known).Select(r => r.Targets[0]));
    }

    /// <summary>Against a plain look at every row; and from page to page, both ways.</summary>
    [Fact]
    public void What_a_search_finds_is_what_is_there()
    {
        const long Late = TimeSpan.TicksPerHour;
        using var file = TrailFile.Open(File("walk.db"), 1, fold: true);
        var random = new Random(7);
        var rows = Enumerable.Range(1, 3_000).Select(n => (Number: (long)n, Time: (n * 100L) + random.Next(-500, 500) - (random.Next(50) == 0 ? Late * 2 : 0), Actor: $"a{random.Next(4)}", Region: n < 1500 ? "r1" : "r2", Rare: n % 601 == 0)).ToList();
        var shift = Late * 10;
        file.Write(rows.Select(r => new TrailRow(r.Number, r.Time + shift, [], [new(TrailField.Actor, r.Actor), new(TrailField.Region, r.Region), .. r.Rare ? new TrailFact[] { new(TrailField.Ticket, "T") } : []])), [], LogPosition.Start);

        static TrailFact Actor(string a) => new(TrailField.Actor, a);
        foreach (var up in (bool[])[true, false])
        {
            Same(new([], [], 0, long.MaxValue, up), _ => true);
            Same(new([[Actor("a1")]], [], 0, long.MaxValue, up), r => r.Actor == "a1");
            Same(new([[Actor("a1"), Actor("a3")], [new(TrailField.Region, "r1")]], [], 0, long.MaxValue, up), r => r.Actor is "a1" or "a3" && r.Region == "r1");
            Same(new([[new(TrailField.Ticket, "T")], [Actor("a2")]], [], 0, long.MaxValue, up), r => r.Rare && r.Actor == "a2");
            Same(new([[new(TrailField.Region, "r2")]], [Actor("a0"), Actor("a1")], shift + 100_000, shift + 250_000, up), r => r.Region == "r2" && r.Actor is "a2" or "a3" && r.Time is >= 100_000 and < 250_000 && r.Region == "r2");
            Same(new([], [], shift - (Late * 2), shift - Late, up), r => r.Time < -Late && r.Time >= -Late * 2);
            Same(new([[new(TrailField.Ticket, "none")]], [], 0, long.MaxValue, up), _ => false);
        }

        void Same(TrailQuery query, Func<(long Number, long Time, string Actor, string Region, bool Rare), bool> that)
        {
            var (found, after) = (new List<long>(), query.OldestFirst ? 0 : file.Last + 1);
            while (true)
            {
                var taken = file.Readers.Use(r => r.AtOneMoment(() => new TrailWalk(r, query).Take(after, 7)));
                found.AddRange(taken.Rows.Select(r => r.Number));
                if (taken.Ended) break;
                Assert.True(query.After(taken.Reached, after), "It does not come on.");
                after = taken.Reached;
            }
            var there = rows.Where(that).Select(r => r.Number);
            Assert.Equal(query.OldestFirst ? there : there.Reverse(), found);
        }
    }
}
