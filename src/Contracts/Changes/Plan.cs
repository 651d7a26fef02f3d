using System.Collections.Immutable;

namespace Ppec.Contracts.Changes;

/// <summary>
/// What a command would do, exactly. <paramref name="Hash"/> is SHA-256 over the effects and the inputs they depend on, lower-case hex:
/// a tag on the machine does not change it, a changed disk does.
/// </summary>
/// <param name="Command">The permission of the planned command.</param>
/// <param name="Machines">Ids of the machines touched.</param>
/// <param name="Effects">The effects in order; each says its kind, its target and what becomes of it.</param>
/// <param name="Inputs">What the effects were computed from; when one of these moves, the plan is stale.</param>
/// <param name="Hash">Of all the above.</param>
[GenerateSerializer, Immutable]
public sealed record Plan(
    string Command,
    ImmutableArray<string> Machines,
    ImmutableArray<PlanEffect> Effects,
    ImmutableArray<PlanInput> Inputs,
    string Hash);

/// <summary>One effect. <paramref name="Kind"/>: <c>power</c>, <c>disk-write</c>, <c>disk-wipe</c>, <c>image</c>, <c>address</c>, <c>hostname</c>, <c>stage</c>, <c>secret</c>, <c>place</c>, <c>tag</c>, <c>create</c>, <c>substitute</c>, <c>quota</c>, <c>grant-gained</c>, <c>grant-lost</c>, <c>left-out</c> (nothing is done, and why).</summary>
[GenerateSerializer, Immutable]
public sealed record PlanEffect(string Kind, string Target, string Detail);

/// <summary>One material input, by name and value.</summary>
[GenerateSerializer, Immutable]
public sealed record PlanInput(string Name, string Value);
