using System.Diagnostics;

namespace Ppec.Agent.Linux;

/// <summary>A packed program, run without a shell.</summary>
internal static class Tool
{
    /// <summary>Its exit status and everything it printed. A program that is missing, or does not end in time, is an <see cref="IOException"/>.</summary>
    internal static (int Status, string Output) Run(TimeSpan within, string program, params ReadOnlySpan<string> arguments)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        try
        {
            using var process = Process.Start(start) ?? throw new IOException($"{program} did not start");
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(within))
            {
                process.Kill();
                throw new IOException($"{program} did not end within {within.TotalSeconds:0} s");
            }

            return (process.ExitCode, output.GetAwaiter().GetResult() + errors.GetAwaiter().GetResult());
        }
        catch (System.ComponentModel.Win32Exception e) { throw new IOException($"{program}: {e.Message}", e); }
    }
}
