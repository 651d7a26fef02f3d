using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Operations;

/// <summary>A place and a team.</summary>
[GenerateSerializer, Immutable]
public sealed record WorkPlace(string? Region, string? Rack, string? Owner);

[GenerateSerializer]
public abstract record OperationCommand(string Operation) : Command
{
    public override string Target => $"operation-{Operation}";
}

/// <summary>Begins the workflow <paramref name="Kind"/> on a machine, as the machine's own event says.</summary>
[GenerateSerializer, Immutable]
public sealed record StartOperation(string Operation, string Kind, string Machine, OperationInput Input) : OperationCommand(Operation)
{
    /// <summary>Where the machine stands and whose it is as the work begins: who may see those may see the work.</summary>
    [Id(100)] public WorkPlace? On { get; init; }

    public override string Permission => "operation.run";
}

/// <summary>Starts the next attempt of the current step; it gets the next generation and a deadline.</summary>
[GenerateSerializer, Immutable]
public sealed record BeginStep(string Operation, string Step) : OperationCommand(Operation)
{
    public override string Permission => "operation.run";
}

/// <summary>The attempt with this generation reached its goal.</summary>
[GenerateSerializer, Immutable]
public sealed record CompleteStep(string Operation, string Step, long Generation, StepOutput? Output) : OperationCommand(Operation)
{
    public override string Permission => "operation.run";
}

/// <summary>The attempt did not; <paramref name="Final"/> = trying again cannot help.</summary>
[GenerateSerializer, Immutable]
public sealed record FailStep(string Operation, string Step, long Generation, string Why, bool Final) : OperationCommand(Operation)
{
    public override string Permission => "operation.run";
}

/// <summary>A hold was found before a step began: nothing further is done until it is lifted, or its time is over.</summary>
[GenerateSerializer, Immutable]
public sealed record PauseOperation(string Operation, string Why) : OperationCommand(Operation)
{
    public override string Permission => "operation.run";
}

[GenerateSerializer, Immutable]
public sealed record ResumeOperation(string Operation) : OperationCommand(Operation)
{
    public override string Permission => "operation.run";
}

/// <summary>A compensation is done, or cannot be (<paramref name="Error"/>).</summary>
[GenerateSerializer, Immutable]
public sealed record CompleteCompensation(string Operation, string Step, string? Error) : OperationCommand(Operation)
{
    public override string Permission => "operation.run";
}

/// <summary>The machine heard how it ended: the operation is over.</summary>
[GenerateSerializer, Immutable]
public sealed record ConcludeOperation(string Operation) : OperationCommand(Operation)
{
    public override string Permission => "operation.run";
}

/// <summary>Asks to stop. Where it lands depends on the step: see the workflow's step × cancel table.</summary>
[GenerateSerializer, Immutable]
public sealed record CancelOperation(string Operation, string Why) : OperationCommand(Operation)
{
    public override string Permission => "operation.cancel";
}

/// <summary>A step that waits to be tried again is tried now.</summary>
[GenerateSerializer, Immutable]
public sealed record RetryOperation(string Operation) : OperationCommand(Operation)
{
    public override string Permission => "operation.retry";
}

/// <summary>An agent exchanged its boot token. <paramref name="TokenId"/> can never be exchanged again, nor any that was made before it and so expires before <paramref name="TokenExpiresAt"/>.</summary>
[GenerateSerializer, Immutable]
public sealed record ConnectAgent(string Operation, string TokenId, DateTimeOffset TokenExpiresAt, string CredentialSha256, DateTimeOffset ExpiresAt, MachineEvidence Evidence) : OperationCommand(Operation)
{
    public override string Permission => "agent.connect";
}

/// <summary>An agent finished the task of this step and generation.</summary>
[GenerateSerializer, Immutable]
public sealed record ReportTask(string Operation, string Step, long Generation, TaskResult Result) : OperationCommand(Operation)
{
    public override string Permission => "agent.report";
}

/// <summary>The installed system called home.</summary>
[GenerateSerializer, Immutable]
public sealed record ReportBeacon(string Operation, string TokenId, Beacon Beacon, string SourceAddress) : OperationCommand(Operation)
{
    public override string Permission => "agent.beacon";
}
