using System.Diagnostics;
using System.Text;

namespace Ppec.Cli.Tests;

sealed record Ran(int Exit, string Out, string Error);

/// <summary>Runs ppec: within this process, or as a process of its own.</summary>
sealed class Terminal : IDisposable
{
    readonly string _home = Directory.CreateTempSubdirectory("ppec-cli-").FullName;
    readonly Dictionary<string, string> _variables = new(StringComparer.Ordinal);

    public Terminal(Uri? server = null)
    {
        _variables["HOME"] = _home;
        if (server is not null) _variables["PPEC_SERVER"] = server.ToString();
    }

    public string In { get; set; } = "";
    public bool IsTerminal { get; set; }

    /// <summary>What is typed unseen, one after the other.</summary>
    public Queue<string> Typed { get; } = new();
    public CancellationToken Interrupted { get; set; }
    public string this[string variable] { set => _variables[variable] = value; }

    public string Write(string name, string text, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite)
    {
        var path = Path.Combine(_home, name);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
        return path;
    }

    public string Home => _home;

    public async Task<Ran> RunAsync(params string[] arguments)
    {
        using StringWriter output = new(), error = new();
        var exit = await CommandTree.RunAsync(arguments, Surroundings(output, error));
        return new(exit, output.ToString(), error.ToString());
    }

    public Surroundings Surroundings(TextWriter output, TextWriter error) => new()
    {
        In = new StringReader(In), Out = output, Error = TextWriter.Synchronized(error), Variable = _variables.GetValueOrDefault, ReadHidden = () => Typed.TryDequeue(out var text) ? text : null,
        InIsTerminal = IsTerminal, OutIsTerminal = IsTerminal, ErrorIsTerminal = IsTerminal, Interrupted = Interrupted, RetryDelay = TimeSpan.FromMilliseconds(1),
    };

    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(CommandTree).Assembly.Location, .. arguments])
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = _home,
        };
        foreach (var name in start.Environment.Keys.Where(key => key.StartsWith("PPEC_", StringComparison.Ordinal)).ToArray()) start.Environment.Remove(name);
        foreach (var (name, value) in _variables) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public async Task<Ran> RunProcessAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        await process.StandardInput.WriteAsync(In);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(30));
        return new(process.ExitCode, await output, await error);
    }

    public static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);
}

/// <summary>What a command says while it runs, for a test that waits until it has said something.</summary>
sealed class Overheard : StringWriter
{
    public override void Write(char value) { lock (this) base.Write(value); }
    public override void Write(string? value) { lock (this) base.Write(value); }
    public override void WriteLine(string? value) { lock (this) base.WriteLine(value); }
    public override string ToString() { lock (this) return base.ToString(); }
    public override Encoding Encoding => Encoding.UTF8;

    public async Task UntilAsync(string text)
    {
        for (var deadline = Stopwatch.StartNew(); deadline.Elapsed < TimeSpan.FromSeconds(20); await Task.Delay(10))
            if (ToString().Contains(text, StringComparison.Ordinal)) return;
        throw new TimeoutException($"Never said “{text}”. It said:\n{this}");
    }
}
