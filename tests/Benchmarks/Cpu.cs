using System.Globalization;

namespace Ppec.Benchmarks;

/// <summary>What /proc says of processors, which counts in hundredths of a second.</summary>
static class Cpu
{
    /// <summary>User and system time of a process so far.</summary>
    public static TimeSpan Of(int pid)
    {
        var fields = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ');
        return TimeSpan.FromMilliseconds(10 * (Number(fields[11]) + Number(fields[12])));
    }

    /// <summary>Time that the processors of this machine spent on anything, and in all.</summary>
    public static (long Busy, long All) Machine()
    {
        var counts = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(Number).ToArray();
        return (counts.Sum() - counts[3] - counts[4], counts.Sum()); // idle, and idle while a disk works
    }

    static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
