namespace Ppec.Contracts.Gate;

/// <summary>Who does it, from where, why, and under which command: it becomes the metadata of every event the command leads to.</summary>
[GenerateSerializer, Immutable]
public sealed record Caller(
    string Actor,
    string Credential,
    string SourceAddress,
    string CommandId,
    string BodyHash,
    string? Reason = null,
    string? Ticket = null,
    string? Operation = null,
    string? Change = null,
    string? Cause = null,
    string? Permission = null)
{
    /// <summary>PPEC itself, acting for an operation. The command id makes the act repeatable: the same step of the same generation is the same command.</summary>
    public static Caller ForOperation(string operation, string commandId) =>
        new("system:operations", "internal", "internal", commandId, "", Operation: operation);
}
