using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Ppec.Cli.Lab;

/// <summary><c>ppec lab</c>: a virtual data centre on this machine. The lab is a program of its own; this finds it and hands everything on.</summary>
static class LabVerbs
{
    const int SigTerm = 15;

    public static Verb Build(Shell shell) => new Verb("lab", "A virtual data centre on this machine: BMCs and servers to try PPEC on.", "ppec lab up", "ppec lab status").Under(
        HandOn(shell, "up", "Start the lab. Arguments are those of ppec-lab up.", "ppec lab up"),
        HandOn(shell, "down", "Stop the lab. Arguments are those of ppec-lab down.", "ppec lab down"),
        HandOn(shell, "status", "Say what the lab has running. Arguments are those of ppec-lab status.", "ppec lab status"));

    static Verb HandOn(Shell shell, string name, string description, string example)
    {
        var verb = new Verb(name, description, example);
        verb.Arguments.Add(new System.CommandLine.Argument<string[]>("arguments")
        {
            Description = "Handed to ppec-lab as they are.", HelpName = "ARGUMENTS", Arity = System.CommandLine.ArgumentArity.ZeroOrMore, CaptureRemainingTokens = true,
        });
        return verb.Does(shell, async call =>
        {
            var arguments = call.Io.Arguments.SkipWhile(argument => argument != "lab").Skip(1);
            using var lab = Process.Start(new ProcessStartInfo(Find(call.Io), arguments))!;
            await using var stop = call.Cancellation.Register(() => Kill(lab.Id, SigTerm)); // Ctrl-C reaches it anyway; a kill of ppec must too
            await lab.WaitForExitAsync(CancellationToken.None);
            return lab.ExitCode;
        });
    }

    static string Find(Surroundings io)
    {
        if (io.Variable("PPEC_LAB") is { Length: > 0 } chosen)
            return File.Exists(chosen) ? chosen : throw new UsageException($"PPEC_LAB names {chosen}, which is not there.");
        return (io.Variable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Prepend(AppContext.BaseDirectory)
            .Select(directory => Path.Combine(directory, "ppec-lab")).FirstOrDefault(File.Exists)
            ?? throw new UsageException("ppec-lab is neither next to ppec nor on PATH. Set PPEC_LAB to where it is.");
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    static extern int Kill(int process, int signal);
}
