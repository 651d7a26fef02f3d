using Ppec.Contracts.Events;

namespace Ppec.Projections;

/// <summary>A checkpoint that can be waited for.</summary>
sealed class Waiters(LogPosition position)
{
    readonly Lock _lock = new();
    readonly List<(LogPosition Position, TaskCompletionSource Reached)> _waiting = [];
    LogPosition _position = position;

    public LogPosition Position { get { lock (_lock) return _position; } }

    public void Reach(LogPosition position)
    {
        lock (_lock)
        {
            _position = position;
            foreach (var waiter in _waiting.Where(w => w.Position <= position)) waiter.Reached.TrySetResult();
        }
    }

    public async Task<bool> WaitFor(LogPosition position, TimeSpan timeout, CancellationToken cancellation)
    {
        TaskCompletionSource reached;
        lock (_lock)
        {
            if (_position >= position) return true;
            reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((position, reached));
        }
        try
        {
            await reached.Task.WaitAsync(timeout, cancellation);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
        finally
        {
            lock (_lock) _waiting.RemoveAll(w => w.Reached == reached);
        }
    }
}
