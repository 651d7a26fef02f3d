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

    /// <summary>What a process has in memory, and the most it ever had, in MiB.</summary>
    public static (double Now, double Most) Memory(int pid)
    {
        var status = File.ReadLines($"/proc/{pid}/status").Select(l => l.Split(':')).Where(l => l.Length == 2).ToDictionary(l => l[0], l => l[1]);
        return (KiB("VmRSS") / 1024.0, KiB("VmHWM") / 1024.0);

        long KiB(string name) => Number(status[name].Trim().Split(' ')[0]);
    }

    /// <summary>Time that the processors of this machine spent on anything, and in all.</summary>
    public static (long Busy, long All) Machine()
    {
        var counts = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8).Select(Number).ToArray();
        return (counts.Sum() - counts[3] - counts[4], counts.Sum()); // idle, and idle while a disk works
    }

    static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
}
