using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Ppec.EndToEnd.Running;

/// <summary>A process of ours: started with its output read, ended by its own id and no other.</summary>
sealed class Child : IAsyncDisposable
{
    readonly Process _process;
    readonly string _name;
    readonly ConcurrentQueue<string> _errors = [];
    readonly BlockingCollection<string> _lines = [];

    bool _disposed;

    Child(Process process, string name) => (_process, _name) = (process, name);

    public int Id => _process.Id;

    /// <summary>What it wrote to standard error so far.</summary>
    public string Errors => string.Join('\n', _errors);

    public string Output => string.Join('\n', _lines);

    public static Child Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? "" };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var process = new Process { StartInfo = start };
        var child = new Child(process, Path.GetFileName(program));
        process.OutputDataReceived += (_, e) => { if (e.Data is { } line) child._lines.Add(line); };
        process.ErrorDataReceived += (_, e) => { if (e.Data is { } line) child._errors.Enqueue(line); };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits for the line that says it can serve; one that ends first, or never says so, fails with its own words.</summary>
    public async Task<string> Ready(TimeSpan within)
    {
        var since = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(since) < within && !_process.HasExited)
            if (_lines.FirstOrDefault(l => l.StartsWith("ready: ", StringComparison.Ordinal)) is { } line) return line;
            else await Task.Delay(20);
        throw new InvalidOperationException($"{_name} is not ready after {Stopwatch.GetElapsedTime(since).TotalSeconds:0.0} s{(_process.HasExited ? $", it ended with {_process.ExitCode}" : "")}:\n{Output}\n{Errors}");
    }

    /// <summary>kill -9.</summary>
    public async Task Kill()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGTERM; the exit status and how long it took. Null when it is still there after that long.</summary>
    public async Task<(int Status, TimeSpan Took)?> Terminate(TimeSpan within)
    {
        var since = Stopwatch.GetTimestamp();
        using var kill = Process.Start("kill", ["-TERM", Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        return await Exit(within) is { } status ? (status, Stopwatch.GetElapsedTime(since)) : null;
    }

    /// <summary>Its exit status; null when it is still there after that long.</summary>
    public async Task<int?> Exit(TimeSpan within)
    {
        using var limit = new CancellationTokenSource(within);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        if (!_process.HasExited) await Kill();
        _process.Dispose();
        _lines.Dispose();
    }
}
