using System.Diagnostics;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Commands;

/// <summary><c>up --detach</c>: the same command again, in a session of its own, with its output in <c>lab.log</c>.</summary>
public static class UpDetached
{
    static readonly TimeSpan limit = TimeSpan.FromMinutes(2);

    public static async Task<int> Run(LabFolder folder, CancellationToken cancellation)
    {
        using (var free = folder.TryLock())
        {
            if (free is null) throw new PlanException($"A lab is running on {folder.Root} already; `ppec-lab down` stops it.");
        }

        await File.WriteAllTextAsync(folder.LogFile, "", cancellation);
        // Without the shell's redirections the child would hold our standard output open, and whoever reads it would wait for ever.
        var start = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", "log=$1; shift; exec setsid \"$@\" </dev/null >>\"$log\" 2>&1", "sh", folder.LogFile } };
        foreach (var word in Self()) start.ArgumentList.Add(word);
        foreach (var word in Environment.GetCommandLineArgs()[1..].Where(a => a is not ("--detach" or "-d"))) start.ArgumentList.Add(word);
        using var child = Process.Start(start)!;
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < limit)
        {
            var log = await File.ReadAllTextAsync(folder.LogFile, cancellation);
            if (log.Split('\n').FirstOrDefault(l => l.StartsWith("ready:", StringComparison.Ordinal)) is { } ready)
            {
                Console.WriteLine(ready);
                return 0;
            }

            if (child.HasExited)
            {
                await Console.Error.WriteAsync(log);
                return child.ExitCode == 0 ? 1 : child.ExitCode;
            }

            await Task.Delay(50, cancellation);
        }

        await Console.Error.WriteLineAsync($"ppec-lab: not ready within {limit.TotalSeconds} s; see {folder.LogFile}");
        return 1;
    }

    static string[] Self()
    {
        var program = Environment.ProcessPath!;
        return Path.GetFileNameWithoutExtension(program) == "dotnet" ? [program, Environment.GetCommandLineArgs()[0]] : [program];
    }
}
