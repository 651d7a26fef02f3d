namespace Ppec.Agent.Link;

/// <summary>How long to wait before the nth try: doubling from half a second to half a minute, give or take a quarter, so that a fleet does not knock in step.</summary>
internal sealed class Backoff(TimeProvider clock)
{
    int _failures;

    internal void Reset() => _failures = 0;

    internal Task Wait(CancellationToken stop)
    {
        var seconds = Math.Min(30, 0.5 * Math.Pow(2, Math.Min(_failures++, 10)));
        return Task.Delay(TimeSpan.FromSeconds(seconds * (0.75 + (Random.Shared.NextDouble() / 2))), clock, stop);
    }
}
