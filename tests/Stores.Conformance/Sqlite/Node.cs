using System.Diagnostics;
using System.Globalization;
using Ppec.Contracts.Events;
using Ppec.Stores.Postgres;
using Ppec.Stores.Sqlite;

namespace Ppec.Stores.Conformance.Sqlite;

/// <summary>An append of which a node printed that it was acknowledged.</summary>
sealed record Acknowledged(string Stream, long Version, ulong Position, Guid LastId);

/// <summary>What this program does when a fault test starts it again as the node that suffers the fault. It speaks in lines.</summary>
static class Node
{
    public const string WriteForEver = "--write";
    public const string WriteToPostgresForEver = "--write-postgres";
    public const string FillTheDisk = "--fill";
    public const string FailToFlush = "--flush";

    /// <summary>Every append is of this many events, so that a torn one shows.</summary>
    public const int EventsPerAppend = 3;

    /// <summary>A process that runs this program in another role, under <paramref name="wrapper"/> when there is one.</summary>
    public static Process Start(string role, string path, params string[] wrapper)
    {
        string[] command = [.. wrapper, Environment.ProcessPath!, role, path];
        return Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true })!;
    }

    /// <summary>Appends from many tasks until it is killed, and prints each acknowledgement.</summary>
    public static async Task<int> Write(string path)
    {
        using var directory = DataDirectory.Lock(path);
        await using var store = SqliteEventStore.Open(directory);
        return await Write(store);
    }

    /// <summary>The same on PostgreSQL, as one of several nodes. The connection string comes by the input, since arguments are seen by everyone.</summary>
    public static async Task<int> WriteToPostgres()
    {
        await using var store = await PostgresEventStore.Open(Console.ReadLine()!, default);
        return await Write(store);
    }

    static async Task<int> Write(IEventStore store)
    {
        Print("ready");
        await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(async () =>
        {
            var author = new StreamAuthor(store, $"run{Environment.ProcessId}-{i}");
            while (true) await AppendAndPrint(author);
        })));
        return 0;
    }

    /// <summary>On a small disk: writes until it is full, sees that reads go on and appends are refused clearly, frees space, writes on, and checks the log.</summary>
    public static async Task<int> Fill(string path)
    {
        var ballast = Path.Combine(path, "ballast");
        File.WriteAllBytes(ballast, new byte[4 << 20]);
        using var directory = DataDirectory.Lock(Path.Combine(path, "data"));
        var store = SqliteEventStore.Open(directory);
        var acknowledged = new List<AppendResult>();
        var authors = Enumerable.Range(0, 16).Select(i => new StreamAuthor(store, $"fill-{i}")).ToArray();
        var pending = new NewEvent[authors.Length][];
        string? refusal = null;
        while (refusal is null) refusal = await Round();
        Print($"full {refusal}");
        for (var i = 0; i < 3; i++) Expect(await Round() is { } again && again.Contains("disk is full", StringComparison.Ordinal), "a full disk must refuse again");
        Expect((await store.ReadAll(LogPosition.Start, default).All()).Count >= acknowledged.Count * EventsPerAppend, "reads must go on while the disk is full");

        File.Delete(ballast);
        for (var i = 0; i < 10; i++) Expect(await Round() is null, "appends must be accepted when there is space again");
        Print("recovered");
        await store.DisposeAsync();

        await using var again2 = SqliteEventStore.Open(directory);
        var all = await again2.ReadAll(LogPosition.Start, default).All();
        Chain.Verify(all);
        Expect(all.Count == authors.Sum(a => a.Version), $"the log holds {all.Count} events, {authors.Sum(a => a.Version)} were acknowledged");
        Expect(acknowledged.All(a => a.Position.Commit <= (ulong)all.Count), "an acknowledged position is missing");
        Print($"verified {(await again2.Verify(null, default)).Commit} events of {acknowledged.Count} appends");
        return 0;

        // What was refused is sent again with the same ids, as the port asks.
        async Task<string?> Round()
        {
            var answers = await Task.WhenAll(authors.Select(async (author, i) =>
            {
                try
                {
                    var answer = await author.Append(pending[i] ??= author.Next(EventsPerAppend, 2_000));
                    Expect(answer.Appended, "nobody else writes these streams");
                    pending[i] = null!;
                    lock (acknowledged) acknowledged.Add(answer);
                    return null;
                }
                catch (EventStoreUnavailableException e) { return e.Message; }
            }));
            return answers.FirstOrDefault(a => a is not null);
        }
    }

    /// <summary>Under a tracer that lets one flush fail: appends until one is not acknowledged, then sees that nothing more is.</summary>
    public static async Task<int> Flush(string path)
    {
        using var directory = DataDirectory.Lock(path);
        await using var store = SqliteEventStore.Open(directory);
        var author = new StreamAuthor(store, "flush-1");
        for (var i = 0; i < 1_000; i++)
        {
            try { await AppendAndPrint(author); }
            catch (EventStoreUnavailableException first)
            {
                Print($"unavailable {first.Message}");
                try { await AppendAndPrint(author); }
                catch (EventStoreUnavailableException) { Print("refused again"); }
                return 0;
            }
        }
        return 1;
    }

    static async Task AppendAndPrint(StreamAuthor author)
    {
        var events = author.Next(EventsPerAppend, 200);
        var answer = await author.Append(events);
        Expect(answer.Appended, "nobody else writes this stream");
        Print(string.Create(CultureInfo.InvariantCulture, $"ack {author.Stream} {answer.Version} {answer.Position.Commit} {events[^1].Id} ;"));
    }

    /// <summary>Null for other lines and for one cut off by a kill.</summary>
    public static Acknowledged? Parse(string line) => line.Split(' ') is ["ack", var stream, var version, var position, var id, ";"]
        ? new(stream, long.Parse(version, CultureInfo.InvariantCulture), ulong.Parse(position, CultureInfo.InvariantCulture), Guid.Parse(id))
        : null;

    /// <summary>Throws unless every acknowledged append is whole at its place, none is torn, and the chain holds.</summary>
    public static void Check(List<RecordedEvent> log, IReadOnlyCollection<Acknowledged> acknowledged)
    {
        Chain.Verify(log);
        for (var i = 0; i < log.Count; i++) Expect(log[i].Position.Commit == (ulong)i + 1, $"position {i + 1} is missing");
        foreach (var stream in log.GroupBy(e => e.Stream)) Expect(stream.Count() % EventsPerAppend == 0, $"an append to {stream.Key} is torn");
        foreach (var ack in acknowledged)
        {
            Expect(ack.Position <= (ulong)log.Count, $"acknowledged position {ack.Position} is lost: the log ends at {log.Count}");
            var e = log[(int)ack.Position - 1];
            Expect((e.Stream, e.Version + 1, e.Id) == (ack.Stream, ack.Version, ack.LastId), $"position {ack.Position} holds another event than was acknowledged");
        }
        Expect(acknowledged.Select(a => a.LastId).Distinct().Count() == acknowledged.Count, "one append was acknowledged twice");
    }

    static void Expect(bool holds, string otherwise)
    {
        if (!holds) throw new InvalidOperationException(otherwise);
    }

    static void Print(string line)
    {
        lock (Console.Out) Console.Out.WriteLine(line); // flushed per line: what is printed survives the kill
    }
}
