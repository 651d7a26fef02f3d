using System.Diagnostics;

namespace Ppec.Benchmarks;

/// <summary>How long each of many calls took in milliseconds, how long all of them, and the CPU of this process meanwhile.</summary>
sealed record Sample(List<double> Sorted, TimeSpan Took, TimeSpan Cpu)
{
    public static readonly Sample None = new([], TimeSpan.Zero, TimeSpan.Zero);

    public double Rate => Sorted.Count / Took.TotalSeconds;
    public double P50 => Row.Percentile(Sorted, 0.50);
    public double P99 => Row.Percentile(Sorted, 0.99);

    public static Sample operator +(Sample a, Sample b) => new([.. a.Sorted.Concat(b.Sorted).Order()], a.Took + b.Took, a.Cpu + b.Cpu);

    /// <summary>So many callers at once, each of which calls again as soon as it was answered.</summary>
    public static async Task<Sample> Measure(int callers, TimeSpan span, Func<int, Task> act)
    {
        var (clock, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var all = await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            var times = new List<double>();
            while (clock.Elapsed < span)
            {
                var since = Stopwatch.GetTimestamp();
                await act(caller);
                times.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
            }
            return times;
        })));
        return new([.. all.SelectMany(t => t).Order()], clock.Elapsed, Environment.CpuUsage.TotalTime - before);
    }

    public void Print(string what, string target = "")
    {
        Row.Print(what, Rate, "/s", "N0", target);
        Row.Print("  p50", P50, "ms", "N1");
        Row.Print("  p99", P99, "ms", "N1");
    }
}
