using System.Collections.Concurrent;
using System.Diagnostics;

namespace Ppec.Agent.Tests.EndToEnd;

/// <summary>One run of a virtual machine under TCG, from power-on until it powers itself off or is killed. Its console is kept.</summary>
sealed class Guest : IAsyncDisposable
{
    readonly Process _qemu;
    readonly ConcurrentQueue<string> _console = [];
    readonly ConcurrentQueue<(string Text, TaskCompletionSource<TimeSpan> Seen)> _awaited = [];
    readonly Stopwatch _clock = Stopwatch.StartNew();

    internal static string? Missing => File.Exists("/usr/bin/qemu-system-x86_64") ? null : "qemu-system-x86_64 is not installed (package qemu-system-x86)";

    internal Guest(IEnumerable<string> arguments)
    {
        string[] machine =
        [
            "-accel", "tcg", "-machine", "q35", "-m", "768", "-smp", "2", "-display", "none", "-monitor", "none", "-serial", "stdio", "-no-reboot",
            "-smbios", "type=1,manufacturer=Acme,product=Box 9000,serial=SN-1,uuid=11111111-2222-3333-4444-555555555555",
            "-smbios", "type=2,serial=BSN-1", "-smbios", "type=17,loc_pfx=DIMM,manufacturer=Acme,serial=D-1,part=P-1,speed=3200",
            "-netdev", "user,id=n0", "-device", "virtio-net-pci,netdev=n0,mac=52:54:00:00:00:01",
        ];
        _qemu = Process.Start(new ProcessStartInfo("/usr/bin/qemu-system-x86_64", [.. machine, .. arguments])
        {
            UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        })!;
        _qemu.OutputDataReceived += (_, line) => Keep(line.Data);
        _qemu.ErrorDataReceived += (_, line) => Keep(line.Data);
        _qemu.BeginOutputReadLine();
        _qemu.BeginErrorReadLine();
    }

    internal string Console => string.Join('\n', _console);

    internal TimeSpan Elapsed => _clock.Elapsed;

    internal static IEnumerable<string> Disk(string path, string device, string id) =>
        ["-drive", $"if=none,id={id},file={path},format=raw,discard=unmap", "-device", $"{device},drive={id}"];

    /// <summary>When a line on the console holds the text.</summary>
    internal async Task<TimeSpan> Says(string text, TimeSpan within)
    {
        var seen = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        _awaited.Enqueue((text, seen));
        if (_console.Any(l => l.Contains(text, StringComparison.Ordinal))) seen.TrySetResult(_clock.Elapsed);
        try { return await seen.Task.WaitAsync(within); }
        catch (TimeoutException e) { throw new TimeoutException($"The guest never said \"{text}\" within {within.TotalSeconds:0} s. It said:\n{Console}", e); }
    }

    internal async Task PowersOff(TimeSpan within)
    {
        try { await _qemu.WaitForExitAsync().WaitAsync(within); }
        catch (TimeoutException e) { throw new TimeoutException($"The guest did not power off within {within.TotalSeconds:0} s. It said:\n{Console}", e); }
    }

    void Keep(string? line)
    {
        if (line is null) return;
        _console.Enqueue(line);
        foreach (var (text, seen) in _awaited)
            if (line.Contains(text, StringComparison.Ordinal)) seen.TrySetResult(_clock.Elapsed);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_qemu.HasExited) _qemu.Kill();
        await _qemu.WaitForExitAsync();
        _qemu.Dispose();
    }
}
