namespace Ppec.Api.Tests;

/// <summary>A clock that goes several times as fast as the world: deadlines and backoffs pass in seconds, in their right order.</summary>
public sealed class SwiftTime(int times) : TimeProvider
{
    readonly DateTimeOffset _start = System.GetUtcNow();

    public override DateTimeOffset GetUtcNow() => _start + ((System.GetUtcNow() - _start) * times);

    public override long TimestampFrequency => System.TimestampFrequency / times;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new Timer(System.CreateTimer(callback, state, Sooner(dueTime), Sooner(period)), Sooner);

    TimeSpan Sooner(TimeSpan wait) => wait == Timeout.InfiniteTimeSpan ? wait : wait / times;

    sealed class Timer(ITimer timer, Func<TimeSpan, TimeSpan> sooner) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(sooner(dueTime), sooner(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
