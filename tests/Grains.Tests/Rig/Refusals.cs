using System.Collections.Concurrent;
using Ppec.Contracts.Audit;

namespace Ppec.Grains.Tests.Rig;

/// <summary>What the gate refused, with the text it would keep.</summary>
public sealed class Refusals : IAttempts
{
    public ConcurrentQueue<(Attempt Attempt, string? Text)> All { get; } = [];

    public void Note(Attempt attempt, Func<string>? command = null) => All.Enqueue((attempt, command?.Invoke()));
}
