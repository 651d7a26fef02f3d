using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using Ppec.Agent.Linux;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Health;

/// <summary>Looks in the kernel's log for what hardware says when it breaks: machine checks, uncorrected memory, I/O errors.</summary>
internal static partial class KernelLogCheck
{
    const int MostRows = 20;

    internal static IEnumerable<HealthCheck> Run(IReadOnlyList<string>? lines)
    {
        if (lines is null) return [new("kernel-log", "kernel", HealthStatus.Skipped, "/dev/kmsg cannot be read")];
        var bad = lines.Where(l => Trouble().IsMatch(l) && !Harmless().IsMatch(l)).Distinct(StringComparer.Ordinal).Take(MostRows).Select(l => new HealthCheck("kernel-log", "kernel", HealthStatus.Failed, l)).ToList();
        return bad.Count > 0 ? bad : [new("kernel-log", "kernel", HealthStatus.Passed, $"{lines.Count} lines, none about failing hardware")];
    }

    /// <summary>Every line so far, without its prefix; null when there is no log to read.</summary>
    internal static unsafe IReadOnlyList<string>? Read()
    {
        var descriptor = Libc.Open("/dev/kmsg", Libc.ReadOnly | Libc.NonBlock | Libc.CloseOnExec, 0);
        if (descriptor < 0) return null;
        using var file = new SafeFileHandle(descriptor, ownsHandle: true);
        List<string> lines = [];
        var buffer = stackalloc byte[8192]; // one record a read
        for (var reads = 0; reads < 100_000; reads++)
        {
            var n = Libc.Read(file, buffer, 8192);
            if (n < 0 && System.Runtime.InteropServices.Marshal.GetLastPInvokeError() == 32) continue; // EPIPE: records were overwritten meanwhile
            if (n <= 0) break;
            var text = Encoding.UTF8.GetString(buffer, (int)n);
            var start = text.IndexOf(';', StringComparison.Ordinal) + 1;
            var end = text.IndexOf('\n', start);
            lines.Add((end < 0 ? text[start..] : text[start..end]).Trim());
        }

        return lines;
    }

    [GeneratedRegex(@"\[Hardware Error\]|Machine check|EDAC .*\bUE\b|uncorrect(ed|able)|I/O error|medium error|severity=(Uncorrected|Fatal)|failed command:|I/O \d+ QID \d+ timeout|hardware failure", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Trouble();

    /// <summary>Empty drives answer with errors, and boot messages name the drivers that would report one.</summary>
    [GeneratedRegex(@"dev (fd|sr)\d|machine check (polling|monitoring)|0 uncorrect", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Harmless();
}
