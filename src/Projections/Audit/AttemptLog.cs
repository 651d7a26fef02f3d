using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Ppec.Contracts;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Gate;

namespace Ppec.Projections.Audit;

/// <summary>
/// What this node's gate refused, in two rings: of those it knows, and of strangers, so that no stranger can wash out what a known user tried. Noting costs a look at a counter:
/// of what is tried alike (who, from where, what, why not) the first in a minute are kept whole (a hundred; of strangers five), and the rest as one row with their number. Beyond so many sources all others are one.
/// Written in the background twice a second: a kill loses half a second of it, and no more.
/// </summary>
public sealed class AttemptLog(string directory, RingSize size, ILogger<AttemptLog> logger) : BackgroundService, IAttempts
{
    const int MostCounters = 250, LongestText = 2_000;
    static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    static readonly ImmutableHashSet<string> Unauthorised =
    [
        ProblemCodes.Unauthenticated, ProblemCodes.Forbidden, ProblemCodes.Escalation, ProblemCodes.PasswordWrong, ProblemCodes.PasswordMustChange, ProblemCodes.TooManyAttempts,
        ProblemCodes.ChangeOwn, ProblemCodes.ChangeNotYours, ProblemCodes.SignInAgain, ProblemCodes.TooFewApprovers,
    ];

    /// <summary>What is tried alike.</summary>
    readonly record struct Alike(string Actor, string Source, string Permission, string Problem);

    /// <summary>How often, this minute; those kept whole are not counted again.</summary>
    sealed class Counter(Attempt first)
    {
        public Attempt First { get; set; } = first;
        public int Whole { get; set; }
        public int Folded { get; set; }
        public DateTimeOffset Last { get; set; } = first.Time;
        public long Number { get; set; }
        public bool IsWritten { get; set; } = true;
    }

    /// <summary>One ring, and what is to be written to it.</summary>
    sealed class Side(TrailRing ring, int each, int inAll) : IDisposable
    {
        public TrailRing Ring => ring;

        /// <summary>Whether one more is kept whole this minute.</summary>
        public bool Takes(Counter counter) => counter.Whole < each && WholeThisMinute < inAll;
        public Dictionary<Alike, Counter> Counters { get; } = [];
        public List<(Attempt Attempt, string? Text)> Whole { get; set; } = [];
        public List<Counter> Over { get; } = [];
        public int WholeThisMinute { get; set; }

        public void Dispose() => ring.Dispose();
    }

    readonly Lock _lock = new();
    readonly Side _known = new(new(Path.Combine(directory, "known"), size), each: 100, inAll: 1_000), _strangers = new(new(Path.Combine(directory, "strangers"), size), each: 5, inAll: 250);
    long _minute;

    internal TrailRing Known => _known.Ring;

    internal TrailRing Strangers => _strangers.Ring;

    public void Note(Attempt attempt, Func<string>? command = null)
    {
        var side = attempt.Actor is null ? _strangers : _known;
        var alike = new Alike(attempt.Actor ?? "", attempt.Source, attempt.Permission, attempt.Problem);
        lock (_lock)
        {
            NextMinute(attempt.Time.Ticks / TimeSpan.TicksPerMinute);
            if (!side.Counters.TryGetValue(alike, out var counter))
            {
                // Of ever more sources all others are one: what a row then says is only how many.
                if (side.Counters.Count >= MostCounters) (alike, attempt) = (default, attempt with { Actor = null, Credential = null, Source = "others", Target = null, Reason = null, Ticket = null, Request = null, Permission = "", Why = "" });
                if (!side.Counters.TryGetValue(alike, out counter)) side.Counters.Add(alike, counter = new(attempt));
            }
            counter.Last = attempt.Time;
            if (alike != default && side.Takes(counter))
            {
                counter.Whole++;
                side.WholeThisMinute++;
                side.Whole.Add((attempt, command?.Invoke()));
                return;
            }
            if (counter.Folded++ == 0) counter.First = attempt;
            counter.IsWritten = false;
        }
    }

    /// <summary>Done when all that was noted before is on the disk.</summary>
    internal void Flush()
    {
        Write(_known);
        Write(_strangers);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try { await Task.Run(Flush, CancellationToken.None); }
            catch (Exception e) { logger.AttemptsNotKept(e); } // the disk is full, or worse: nobody is refused less for it
        }
    }

    public override void Dispose()
    {
        _known.Dispose();
        _strangers.Dispose();
        base.Dispose();
    }

    void NextMinute(long minute)
    {
        if (minute == _minute) return;
        _minute = minute;
        foreach (var side in (ReadOnlySpan<Side>)[_known, _strangers])
        {
            side.Over.AddRange(side.Counters.Values.Where(c => !c.IsWritten).Take(MostCounters - side.Over.Count));
            side.Counters.Clear();
            side.WholeThisMinute = 0;
        }
    }

    void Write(Side side)
    {
        var (ring, rows) = (side.Ring, new List<TrailRow>());
        lock (_lock)
        {
            var next = ring.Last;
            foreach (var (attempt, text) in side.Whole) rows.Add(Row(++next, attempt, text, 1, null));
            foreach (var counter in side.Over.Concat(side.Counters.Values.Where(c => !c.IsWritten)))
            {
                if (counter.Number == 0 || !ring.IsOpen(counter.Number)) counter.Number = ++next;
                rows.Add(Row(counter.Number, counter.First, null, counter.Folded, counter.Last));
                counter.IsWritten = true;
            }
            side.Whole = [];
            side.Over.Clear();
        }
        ring.Write(rows);
    }

    static TrailRow Row(long number, Attempt a, string? text, int count, DateTimeOffset? until)
    {
        var outcome = Unauthorised.Contains(a.Problem) ? "unauthorised" : a.Problem is ProblemCodes.OutcomeUnknown or ProblemCodes.Unavailable ? "unknown" : "refused";
        ImmutableArray<string> targets = a.Target is { Length: > 0 } target ? [Trails.Thing(target)] : [];
        var row = new AuditRow("", a.Time, outcome, a.Permission, a.Actor, a.Credential, a.Source, targets, [], a.Reason, a.Ticket, null, null, a.Request, [], 0,
            text is { Length: > LongestText } ? $"{text[..LongestText]}…" : text, a.Problem, a.Why, count, until);
        return new(number, a.Time.UtcTicks, JsonSerializer.SerializeToUtf8Bytes(row, PpecJson.Options), Trails.Facts(row));
    }
}

static partial class AttemptLogMessages
{
    [LoggerMessage(1, LogLevel.Error, "What was refused could not be written down; it is tried again with what comes")]
    public static partial void AttemptsNotKept(this ILogger logger, Exception exception);
}
