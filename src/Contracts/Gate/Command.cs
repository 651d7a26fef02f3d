using System.Text.Json.Serialization;

namespace Ppec.Contracts.Gate;

/// <summary>
/// A wish to change something. Every way in builds one and hands it to the gate, which stamps <see cref="At"/> and asks the target's grain.
/// Time and ids arrive inside commands, so that deciding is pure.
/// </summary>
[GenerateSerializer]
public abstract record Command
{
    /// <summary>What a caller must be allowed, <c>noun.verb</c>.</summary>
    [JsonIgnore] public abstract string Permission { get; }

    /// <summary>The aggregate that decides, <c>category-id</c>: the name of its stream.</summary>
    [JsonIgnore] public abstract string Target { get; }

    /// <summary>When the gate accepted the command, UTC. Set by the gate and nobody else.</summary>
    [Id(0), JsonIgnore] public DateTimeOffset At { get; init; }

    /// <summary>The version the caller saw; the target refuses when it has moved on. Null = any.</summary>
    [Id(1), JsonIgnore] public long? IfVersion { get; init; }

    /// <summary>The hash of the plan the caller saw; null applies whatever holds now. Only for what <see cref="IPlanned"/> is.</summary>
    [Id(2), JsonIgnore] public string? PlanHash { get; init; }

    /// <summary>The change it is carried out for; what that change reserved is open to it. Set by the gate.</summary>
    [Id(3), JsonIgnore] public string? ForChange { get; init; }
}

/// <summary>A command whose work is an operation; the gate gives it an id made from the command id.</summary>
public interface IStartsOperation
{
    /// <summary>Set by the gate.</summary>
    string Operation { get; }

    /// <summary>The same command, whose work is this operation.</summary>
    Command WithOperation(string operation);
}

/// <summary>A command that can be planned, and then applied only as planned.</summary>
public interface IPlanned;

/// <summary>A secret on its way to the secret store. It is never printed, hashed into metadata or written to an event.</summary>
[GenerateSerializer, Immutable]
[JsonConverter(typeof(SecretTextConverter))]
public sealed record SecretText(string Value)
{
    public override string ToString() => "***";
}
