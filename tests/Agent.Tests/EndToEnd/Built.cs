using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Ppec.Agent.Tests.EndToEnd;

/// <summary>What ops/pious/build and ops/images/build make, built at first use and then taken from their cache.</summary>
static class Built
{
    static readonly SemaphoreSlim One = new(1);

    internal static string Root { get; } = FindRoot();

    internal static async Task<string> Pious(params string[] more) => await Build("ops/pious/build", Path.Combine(Root, ".cache/tests/pious"), more);

    internal static async Task<string> Image(params string[] more) => await Build("ops/images/build", Path.Combine(Root, ".cache/tests/demo"), ["demo", .. more]);

    /// <summary>Why builds cannot be tried here, or null.</summary>
    internal static string? Impossible => !File.Exists("/usr/bin/apt-get") ? "not a Debian system" : !Directory.EnumerateFiles("/var/lib/apt/lists", "*Packages*").Any() ? "no package lists: apt-get update" : null;

    internal static string Value(string folder, string key) =>
        File.ReadLines(Path.Combine(folder, "image.yaml")).Single(l => l.StartsWith(key + ": ", StringComparison.Ordinal))[(key.Length + 2)..];

    internal static async Task<string> Build(string script, string folder, params string[] arguments)
    {
        await One.WaitAsync();
        try
        {
            var (status, output) = await Run(Path.Combine(Root, script), [.. arguments, "--out", folder]);
            return status == 0 ? folder : throw new InvalidOperationException($"{script} failed:\n{output}");
        }
        finally { One.Release(); }
    }

    internal static async Task<(int Status, string Output)> Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    static string FindRoot([CallerFilePath] string here = "")
    {
        var folder = new DirectoryInfo(Path.GetDirectoryName(File.Exists(here) ? here : AppContext.BaseDirectory)!);
        while (!File.Exists(Path.Combine(folder.FullName, "PPEC.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("not inside the repository");
        return folder.FullName;
    }
}
