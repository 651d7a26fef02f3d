namespace Ppec.Grains.Tests.Rig;

/// <summary>
/// Time with one driver. Short waits of drivers and agents (looking at a BMC again, a backoff) pass by themselves; anything longer happens when the test says so.
/// A timer that is already due when it is made fires at once, so advancing and arming may race without harm.
/// The silo's own clockwork gets <see cref="ForSilo"/>, where no wait passes by itself: Orleans ticks for ever.
/// </summary>
public sealed class VirtualTime(DateTimeOffset start) : TimeProvider
{
    static readonly TimeSpan Short = TimeSpan.FromSeconds(2);
    static readonly TimeSpan Due = TimeSpan.FromMilliseconds(1);

    readonly Lock _lock = new();
    readonly List<Timer> _armed = [];
    long _now = start.UtcTicks;

    public DateTimeOffset Now => new(Interlocked.Read(ref _now), TimeSpan.Zero);

    public override DateTimeOffset GetUtcNow() => Now;
    public override long GetTimestamp() => Interlocked.Read(ref _now);
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by) => AdvanceTo(Now + by);

    /// <summary>Moves the clock and fires what becomes due, in order. The past stays the past.</summary>
    public void AdvanceTo(DateTimeOffset to)
    {
        while (true)
        {
            Timer? due;
            lock (_lock)
            {
                due = _armed.Where(t => t.Due <= to.UtcTicks + Due.Ticks).MinBy(t => t.Due);
                Interlocked.Exchange(ref _now, Math.Max(_now, due?.Due ?? to.UtcTicks));
                if (due is null) return;
                due.Next(to.UtcTicks);
            }
            due.Fire();
        }
    }

    public TimeProvider ForSilo => new Silo(this);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => Create(callback, state, dueTime, period, Short);

    Timer Create(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period, TimeSpan passes)
    {
        var timer = new Timer(this, callback, state, passes);
        timer.Change(dueTime, period);
        return timer;
    }

    void Arm(Timer timer, TimeSpan dueTime, TimeSpan period, TimeSpan passes)
    {
        var at = DateTimeOffset.MinValue;
        lock (_lock)
        {
            _armed.Remove(timer);
            if (dueTime == Timeout.InfiniteTimeSpan) return;
            timer.Due = _now + Math.Max(dueTime.Ticks, 0) + Due.Ticks; // a timer is always late: whoever rounds a wait down and looks again must find that it is over
            timer.Period = period > TimeSpan.Zero ? period.Ticks : 0;
            _armed.Add(timer);
            if (dueTime <= passes && timer.Period == 0) at = new(timer.Due, TimeSpan.Zero);
        }
        // Not on the caller's stack: it may hold locks of its own.
        if (at > DateTimeOffset.MinValue) ThreadPool.UnsafeQueueUserWorkItem(_ => AdvanceTo(at), null);
    }

    sealed class Silo(VirtualTime time) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => time.Now;
        public override long GetTimestamp() => time.GetTimestamp();
        public override long TimestampFrequency => time.TimestampFrequency;
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => time.Create(callback, state, dueTime, period, VirtualTime.Due);
    }

    sealed class Timer(VirtualTime time, TimerCallback callback, object? state, TimeSpan passes) : ITimer
    {
        public long Due { get; set; }
        public long Period { get; set; }

        /// <summary>After a jump over many periods the timer fires once: what it does is repeatable, or it is not a timer's work.</summary>
        public void Next(long to)
        {
            if (Period > 0) Due = Math.Max(Due, to) + Period;
            else time._armed.Remove(this);
        }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            time.Arm(this, dueTime, period, passes);
            return true;
        }

        public void Dispose()
        {
            lock (time._lock) time._armed.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
