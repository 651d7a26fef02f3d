using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Domain.Operations;

namespace Ppec.Grains.Operations;

/// <summary>How an attempt of a step that PPEC does itself came out. <paramref name="Final"/>: trying again cannot help.</summary>
public readonly record struct StepResult(StepOutput? Output, string? Failure, bool Final)
{
    /// <summary>The BMC belongs to another machine, with this serial (empty when it does not tell). Nothing was sent, so nothing has to be undone.</summary>
    public string? BelongsTo { get; init; }

    public static readonly StepResult Done = new(null, null, false);
    public static StepResult Retry(string why) => new(null, why, false);
    public static StepResult Fail(string why) => new(null, why, true);
}

/// <summary>What a step has to work with. <paramref name="Log"/> writes a line to the operation's log.</summary>
public sealed record StepContext(OperationFacts Facts, MachineContext Machine, long Generation, string Step, DateTimeOffset At, Action<string> Log)
{
    /// <summary>The id of a command this attempt sends; repeating the attempt repeats the command.</summary>
    public string CommandId(string what) => $"{Facts.Id}/{Generation}/{Step}/{what}";
}
