using System.Diagnostics;

namespace Ppec.Lab.Sim;

/// <summary>What the machines of a lab asked of PPEC since this was last read.</summary>
/// <param name="Boot">Requests for a boot script, both stages.</param>
/// <param name="Agent">Requests of PIOUS and of installed systems, repeated ones included.</param>
/// <param name="Repeated">Of those, how many were not answered as they should be.</param>
/// <param name="BootMilliseconds">How long each second stage took that was answered, sorted.</param>
/// <param name="BootUnanswered">Scripts that did not come.</param>
public sealed record TrafficReport(int Boot, int Agent, int Repeated, double[] BootMilliseconds, int BootUnanswered);

/// <summary>Counts requests and keeps the times of boot scripts.</summary>
public sealed class SimTraffic
{
    readonly Lock gate = new();
    readonly List<double> times = [];
    int boot, agent, repeated, unanswered;

    public void Booted(Uri url, long since, bool answered)
    {
        lock (gate)
        {
            boot++;
            if (!answered) unanswered++;
            else if (url.AbsolutePath.Length > "/boot/ipxe".Length) times.Add(Stopwatch.GetElapsedTime(since).TotalMilliseconds);
        }
    }

    public void Asked(bool again)
    {
        lock (gate) (agent, repeated) = (agent + 1, repeated + (again ? 1 : 0));
    }

    /// <summary>The counts begin again at nought.</summary>
    public TrafficReport Take()
    {
        lock (gate)
        {
            var report = new TrafficReport(boot, agent, repeated, [.. times.Order()], unanswered);
            times.Clear();
            (boot, agent, repeated, unanswered) = (0, 0, 0, 0);
            return report;
        }
    }
}
