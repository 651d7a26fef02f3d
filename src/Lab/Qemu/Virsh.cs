using System.Diagnostics;

namespace Ppec.Lab.Qemu;

/// <summary>A command that failed; the message is what it said.</summary>
public sealed class CommandException(string message) : InvalidOperationException(message);

/// <summary>Runs programs of the outside world, each with a limit after which it is killed.</summary>
public static class Shell
{
    static readonly TimeSpan limit = TimeSpan.FromSeconds(60);

    public static async Task<(int Exit, string Output, string Errors)> Run(string program, IEnumerable<string> arguments, CancellationToken cancellation, TimeSpan? within = null)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Start(start);
        process.StandardInput.Close();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(within ?? limit);
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(stop.Token), process.StandardError.ReadToEndAsync(stop.Token));
            await process.WaitForExitAsync(stop.Token);
            return (process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancellation.ThrowIfCancellationRequested();
            return (-1, "", $"{program} did not end in {(within ?? limit).TotalSeconds} s");
        }
    }

    static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new CommandException($"{start.FileName}: {e.Message}. Install Debian's libvirt-daemon-system, libvirt-clients and qemu-system-x86.");
        }
    }
}

/// <summary>libvirt through its own client: the lab is the outside world, so that nothing of PPEC's is trusted here.</summary>
public static class Virsh
{
    public static async Task<bool> Answers(CancellationToken cancellation) =>
        (await Shell.Run("virsh", ["-c", "qemu:///system", "version"], cancellation, TimeSpan.FromSeconds(10))).Exit == 0;

    /// <summary>The output, or an exception with what virsh said.</summary>
    public static async Task<string> Run(CancellationToken cancellation, params IEnumerable<string> arguments)
    {
        var (exit, output, errors) = await Try(cancellation, arguments);
        return exit == 0 ? output : throw new CommandException($"virsh {string.Join(' ', arguments)}: {errors.Trim()}");
    }

    public static Task<(int Exit, string Output, string Errors)> Try(CancellationToken cancellation, params IEnumerable<string> arguments) =>
        Shell.Run("virsh", ["-q", "-c", "qemu:///system", .. arguments], cancellation);

    /// <summary>Domains whose name begins so; <paramref name="running"/>: only those that run.</summary>
    public static async Task<List<string>> Names(string prefix, bool running, CancellationToken cancellation)
    {
        string[] which = running ? [] : ["--all"];
        return [.. (await Run(cancellation, ["list", "--name", .. which])).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(n => n.StartsWith(prefix, StringComparison.Ordinal))];
    }
}
