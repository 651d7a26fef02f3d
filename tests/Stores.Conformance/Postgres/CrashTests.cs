using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Ppec.Contracts.Events;
using Ppec.Stores.Conformance.Sqlite;
using Ppec.Stores.Postgres;
using Xunit;

namespace Ppec.Stores.Conformance.Postgres;

/// <summary>The server killed, the nodes killed and stopped, a disk that does not flush. Each test has a server of its own.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    const int Kills = 5;

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_repeated_when_the_server_is_killed()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var server = await PostgresServer.Start();
        var connection = server.Connection(PostgresServer.Application, await server.Database());
        await using var one = await PostgresEventStore.Open(connection, default);
        await using var other = await PostgresEventStore.Open(connection, default);
        var (acknowledged, refused, stop) = (new ConcurrentQueue<(Acknowledged Ack, long At)>(), 0, false);
        var seen = new[] { one, other }.Select(_ => new ConcurrentQueue<Guid>()).ToArray();
        using var ended = new CancellationTokenSource();
        var following = new[] { one, other }.Select((node, n) => Task.Run(() => Follow(node, seen[n], ended.Token))).ToArray();
        var writing = new[] { one, other }.SelectMany((node, n) => Enumerable.Range(0, 16).Select(i => Task.Run(async () =>
        {
            var author = new StreamAuthor(node, $"node{n}-{i}");
            while (!Volatile.Read(ref stop))
            {
                var events = author.Next(Node.EventsPerAppend);
                while (true) // with the same ids until it is acknowledged, as the port asks
                {
                    try
                    {
                        var answer = await author.Append(events);
                        Assert.True(answer.Appended, $"seed {seed}: nobody else writes this stream");
                        acknowledged.Enqueue((new(author.Stream, answer.Version, answer.Position.Commit, events[^1].Id), Stopwatch.GetTimestamp()));
                        break;
                    }
                    catch (EventStoreUnavailableException) { Interlocked.Increment(ref refused); }
                }
            }
        }))).ToArray();

        for (var kill = 1; kill <= Kills; kill++)
        {
            await Task.Delay(random.Next(100, 600)); // the fault's moment, not a wait for anything
            await server.Kill();
            var before = acknowledged.Count;
            if (kill == Kills) await Task.Delay(7_000); // longer than the writers' patience: now appends are refused, not kept
            var starting = Stopwatch.GetTimestamp();
            await server.Resume();
            var up = Stopwatch.GetTimestamp();
            while (acknowledged.Count <= before + 32)
            {
                Assert.True(Stopwatch.GetElapsedTime(up) < TimeSpan.FromSeconds(15), $"seed {seed}: appends did not resume after kill {kill}");
                await Task.Delay(5);
            }
            var first = acknowledged.ElementAt(before).At;
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"kill {kill}: {before} appends acknowledged before; PostgreSQL answered after {Stopwatch.GetElapsedTime(starting, up).TotalSeconds:F2} s, the first append {Math.Max(0, Stopwatch.GetElapsedTime(up, first).TotalSeconds):F2} s later"));
        }
        Volatile.Write(ref stop, true);
        await Task.WhenAll(writing).Within("the writers' end");

        await using var fresh = await PostgresEventStore.Open(connection, default);
        var log = await fresh.ReadAll(LogPosition.Start, default).All();
        try { Node.Check(log, [.. acknowledged.Select(a => a.Ack)]); }
        catch (Exception e) { throw new InvalidOperationException($"Seed {seed}: {e.Message}", e); }
        Assert.Equal(acknowledged.Count * Node.EventsPerAppend, log.Count); // everything was acknowledged in the end, so nothing is there twice
        foreach (var ids in seen)
        {
            while (ids.Count < log.Count && !following.Any(f => f.IsCompleted)) await Task.Delay(5);
            Assert.Equal(log.Select(e => e.Id), ids);
        }
        await ended.CancelAsync();
        output.WriteLine($"seed {seed}: {acknowledged.Count} appends acknowledged, {refused} answers of an unknown outcome, {log.Count} events; each of 2 subscribers saw each once, in order");
    }

    static async Task Follow(IEventStore node, ConcurrentQueue<Guid> seen, CancellationToken ended)
    {
        await foreach (var item in node.Subscribe(LogPosition.Start, ended))
        {
            if (item.Event is not { } e) continue;
            Assert.Equal((ulong)seen.Count + 1, e.Position.Commit);
            seen.Enqueue(e.Id);
        }
    }

    [Fact]
    public async Task A_node_that_is_killed_or_stopped_holds_up_no_other_and_repeats_nothing()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var server = await PostgresServer.Start();
        var connection = server.Connection(PostgresServer.Application, await server.Database());
        var acknowledged = new ConcurrentQueue<Acknowledged>();
        var reading = new List<Task>();
        using var steady = await Start("the steady node");
        for (var fault = 1; fault <= 6; fault++)
        {
            using var node = await Start($"node {fault}");
            await Task.Delay(random.Next(50, 400)); // the fault's moment
            var before = acknowledged.Count;
            if (fault % 3 == 0) Signal(node, "STOP");
            else node.Kill();
            var since = Stopwatch.GetTimestamp();
            while (acknowledged.Count < before + 100)
            {
                Assert.True(Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(20), $"seed {seed}: the other node did not go on after fault {fault}");
                await Task.Delay(5);
            }
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"fault {fault} ({(fault % 3 == 0 ? "stopped" : "killed")}): 100 more appends within {Stopwatch.GetElapsedTime(since).TotalSeconds:F2} s"));
            if (fault % 3 != 0) continue;
            Signal(node, "CONT"); // it finds its session gone, and what became of its last group
            await Task.Delay(500);
            node.Kill();
        }
        steady.Kill();
        await Task.WhenAll(reading).Within("the end of the nodes' output");
        await using var fresh = await PostgresEventStore.Open(connection, default);
        var log = await fresh.ReadAll(LogPosition.Start, default).All();
        try { Node.Check(log, acknowledged); }
        catch (Exception e) { throw new InvalidOperationException($"Seed {seed}: {e.Message}", e); }
        output.WriteLine($"seed {seed}: {acknowledged.Count} appends acknowledged, {log.Count} events");

        async Task<Process> Start(string which)
        {
            var node = Node.Start(Node.WriteToPostgresForEver, "-");
            await node.StandardInput.WriteLineAsync(connection);
            Assert.Equal("ready", await node.StandardOutput.ReadLineAsync().Within($"the start of {which}"));
            var lines = node.StandardOutput;
            reading.Add(Task.Run(async () =>
            {
                while (await lines.ReadLineAsync() is { } line)
                    if (Node.Parse(line) is { } ack) acknowledged.Enqueue(ack);
            }));
            return node;
        }
    }

    [Theory]
    [InlineData("fdatasync"), InlineData("pwrite64")] // the flush of the WAL; and its writing, after which the commit is truly not there
    public async Task A_commit_that_the_disk_refuses_is_not_acknowledged(string call)
    {
        await using var server = await PostgresServer.Start();
        var database = await server.Database();
        await using var store = await PostgresEventStore.Open(server.Connection(PostgresServer.Application, database), default);
        var author = new StreamAuthor(store, "refused-1");
        var acknowledged = new List<Acknowledged>();
        for (var round = 1; round <= 3; round++)
        {
            for (var i = 0; i < 5; i++) await Append();
            using var strace = await LetFail(call, (string)(await server.Ask(PostgresServer.SuperUser, database, $"SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE usename = '{PostgresServer.Application}'"))!);
            for (var i = 0; i < 5; i++) await Append(); // PostgreSQL panics, recovers without what it could not write, and the group is run again
            if (!strace.HasExited) Signal(strace, "INT"); // it lets those go that did not write
            await strace.WaitForExitAsync().Within("the end of strace");
        }
        var refusals = server.Log.Split('\n').Where(line => line.Contains("Input/output error", StringComparison.Ordinal)).ToList();
        output.WriteLine(string.Join('\n', refusals));
        Assert.True(refusals.Count >= 3, "the disk refused nothing");
        var log = await store.ReadAll(LogPosition.Start, default).All();
        Node.Check(log, acknowledged);
        Assert.Equal(30 * Node.EventsPerAppend, log.Count);

        async Task Append()
        {
            var events = author.Next(Node.EventsPerAppend);
            var answer = await author.Append(events).Within("an answer");
            Assert.True(answer.Appended);
            acknowledged.Add(new("refused-1", answer.Version, answer.Position.Commit, events[^1].Id));
        }
    }

    /// <summary>From now on every such call of these processes fails, as on a disk that has died.</summary>
    static async Task<Process> LetFail(string call, string pids)
    {
        var processes = pids.Split(' ');
        Process strace;
        try
        {
            strace = Process.Start(new ProcessStartInfo("strace", ["-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:error=EIO", .. processes.SelectMany(pid => new[] { "-p", pid })])
            {
                UseShellExecute = false,
                RedirectStandardError = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs strace, to let the disk fail");
            throw;
        }
        for (var attached = 0; attached < processes.Length; attached++)
        {
            var said = await strace.StandardError.ReadLineAsync().Within("strace");
            if (said?.EndsWith("attached", StringComparison.Ordinal) == true) continue;
            strace.Kill();
            Assert.Skip($"strace may not trace here: {said}");
        }
        return strace;
    }

    static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
