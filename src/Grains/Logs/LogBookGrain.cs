using System.Collections.Immutable;
using Ppec.Contracts.Logs;

namespace Ppec.Grains.Logs;

/// <summary>
/// The newest lines, at most so many and for at most so long. What machines ask at boot has a share of its own: anybody on the network can ask, and must not push out
/// what operations say.
/// </summary>
public sealed class LogBookGrain(TimeProvider time) : Grain, ILogBookGrain
{
    public const int MostLines = 50_000, MostBoots = 10_000;
    public static readonly TimeSpan Longest = TimeSpan.FromDays(7);

    static readonly ImmutableArray<string> Levels = ["info", "warning", "error"];

    readonly Queue<LogEntry> _lines = new(), _boots = new();
    long _number;

    public Task Keep(ImmutableArray<LogEntry> lines)
    {
        foreach (var line in lines) (line.Source == "boot" ? _boots : _lines).Enqueue(line with { Number = ++_number });
        Forget(_lines, MostLines);
        Forget(_boots, MostBoots);
        return Task.CompletedTask;
    }

    public Task<ImmutableArray<LogEntry>> Search(LogQuery query)
    {
        Forget(_lines, MostLines);
        Forget(_boots, MostBoots);
        return Task.FromResult<ImmutableArray<LogEntry>>([.. _lines.Concat(_boots).Where(l => Is(query, l)).OrderByDescending(l => l.Number).Take(query.Limit)]);
    }

    static bool Is(LogQuery q, LogEntry l) =>
        l.Number < q.Before && (q.Machine is null || l.Machine == q.Machine) && (q.Operation is null || l.Operation == q.Operation) && (q.Source is null || l.Source == q.Source)
        && (q.Level is null || Levels.IndexOf(l.Level) >= Levels.IndexOf(q.Level)) && !(l.Time < q.From) && !(l.Time >= q.To)
        && (q.Text is null || l.Text.Contains(q.Text, StringComparison.OrdinalIgnoreCase));

    void Forget(Queue<LogEntry> lines, int most)
    {
        var oldest = time.GetUtcNow() - Longest;
        while (lines.Count > most || (lines.TryPeek(out var line) && line.Time < oldest)) lines.Dequeue();
    }
}
