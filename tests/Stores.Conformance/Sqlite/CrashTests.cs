using System.Diagnostics;
using Ppec.Contracts.Events;
using Ppec.Stores.Sqlite;
using Xunit;

namespace Ppec.Stores.Conformance.Sqlite;

/// <summary>Real processes, killed or starved.</summary>
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    const int Kills = 12;
    readonly Scratch _scratch = new();

    [Fact]
    public async Task Nothing_acknowledged_is_lost_or_torn_by_kill_9()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var acknowledged = new List<Acknowledged>();
        for (var kill = 1; kill <= Kills; kill++)
        {
            using var node = Node.Start(Node.WriteForEver, _scratch.Data);
            var before = acknowledged.Count;
            Assert.Equal("ready", await node.StandardOutput.ReadLineAsync().Within($"the start of node {kill}"));
            var reading = Task.Run(async () =>
            {
                while (await node.StandardOutput.ReadLineAsync() is { } line)
                    if (Node.Parse(line) is { } ack) acknowledged.Add(ack);
            });
            await Task.Delay(random.Next(20, 400)); // the fault's moment, not a wait for anything
            node.Kill();
            await reading.Within($"the end of node {kill}'s output");
            await node.WaitForExitAsync().Within($"the death of node {kill}");
            using var directory = DataDirectory.Lock(_scratch.Data);
            await using var store = SqliteEventStore.Open(directory);
            var log = await store.ReadAll(LogPosition.Start, default).All();
            try { Node.Check(log, acknowledged); }
            catch (Exception e) { throw new InvalidOperationException($"Kill {kill} of seed {seed}: {e.Message}", e); }
            output.WriteLine($"kill {kill}: {acknowledged.Count - before} appends acknowledged, log holds {log.Count} events");
        }
        Assert.True(acknowledged.Count > Kills * 10, $"only {acknowledged.Count} appends were acknowledged: the nodes hardly wrote");
        using var last = DataDirectory.Lock(_scratch.Data);
        await using var whole = SqliteEventStore.Open(last);
        await whole.Verify(null, default);
    }

    [Fact]
    public async Task A_full_disk_is_said_clearly_and_left_behind_when_space_returns()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("needs Linux mount namespaces");
        if (await Run("unshare", "-m", "true") is not (0, _, _)) Assert.Skip("needs root: a private mount namespace cannot be made");
        var disk = Directory.CreateDirectory(Path.Combine(_scratch.Path, "disk")).FullName;
        var (exit, said, error) = await Wait(Node.Start(Node.FillTheDisk, disk, "unshare", "-m", "sh", "-c", "mount -t tmpfs -o size=16m tmpfs \"$3\" && exec \"$1\" \"$2\" \"$3\"", "sh"));
        output.WriteLine(said);
        Assert.True(exit == 0, error);
        Assert.Contains("full The disk is full", said, StringComparison.Ordinal);
        Assert.Contains("recovered", said, StringComparison.Ordinal);
        Assert.Contains("verified", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_failed_flush_nothing_is_acknowledged()
    {
        if (!await Exists("strace")) Assert.Skip("needs strace, to let a flush fail");
        var log = Path.Combine(_scratch.Path, "strace.log");
        var (exit, said, error) = await Wait(Node.Start(Node.FailToFlush, _scratch.Data, "strace", "-f", "-qq", "-o", log, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=20"));
        if (exit != 0 && error.Contains("PTRACE", StringComparison.OrdinalIgnoreCase)) Assert.Skip("strace may not trace here");
        Assert.True(exit == 0, error);
        Assert.Contains("unavailable The disk failed to flush", said, StringComparison.Ordinal);
        Assert.Contains("refused again", said, StringComparison.Ordinal);

        using var directory = DataDirectory.Lock(_scratch.Data);
        await using var store = SqliteEventStore.Open(directory);
        var acknowledged = said.Split('\n').Select(Node.Parse).OfType<Acknowledged>().ToList();
        Assert.NotEmpty(acknowledged);
        Node.Check(await store.ReadAll(LogPosition.Start, default).All(), acknowledged);
    }

    [Fact]
    public async Task A_second_node_on_a_directory_is_told_who_holds_it()
    {
        using var node = Node.Start(Node.WriteForEver, _scratch.Data);
        Assert.Equal("ready", await node.StandardOutput.ReadLineAsync().Within("the start of the node"));
        var error = Assert.Throws<DataDirectoryHeldException>(() => DataDirectory.Lock(_scratch.Data));
        Assert.Equal(node.Id, error.Holder);
        Assert.Contains(_scratch.Data, error.Message, StringComparison.Ordinal);
        Assert.Contains($"process {node.Id}", error.Message, StringComparison.Ordinal);
        node.Kill();
        await node.WaitForExitAsync().Within("the death of the node");
        DataDirectory.Lock(_scratch.Data).Dispose();
    }

    [Fact]
    public void A_directory_is_held_against_its_own_process_too_and_free_after_disposal()
    {
        using (DataDirectory.Lock(_scratch.Data)) Assert.Equal(Environment.ProcessId, Assert.Throws<DataDirectoryHeldException>(() => DataDirectory.Lock(_scratch.Data)).Holder);
        DataDirectory.Lock(_scratch.Data).Dispose();
    }

    static async Task<bool> Exists(string program)
    {
        try { return await Run(program, "-V") is (0, _, _); }
        catch (System.ComponentModel.Win32Exception) { return false; }
    }

    static Task<(int Exit, string Said, string Error)> Run(string program, params string[] arguments) =>
        Wait(Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!);

    static async Task<(int Exit, string Said, string Error)> Wait(Process process)
    {
        using (process)
        {
            var said = process.StandardOutput.ReadToEndAsync();
            var error = process.StandardError.ReadToEndAsync();
            try { await process.WaitForExitAsync().Within("the end of the process"); }
            finally { if (!process.HasExited) process.Kill(entireProcessTree: true); }
            return (process.ExitCode, await said, await error);
        }
    }

    public void Dispose() => _scratch.Dispose();
}
