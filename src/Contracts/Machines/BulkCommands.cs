using System.Collections.Immutable;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Operations;

namespace Ppec.Contracts.Machines;

/// <summary>A command to many machines: one parent operation with a child for each. It is planned first, and the plan names every machine.</summary>
[GenerateSerializer]
public abstract record BulkCommand : Command, IStartsOperation, IPlanned
{
    [Id(100)] public string Operation { get; init; } = "";

    /// <summary>How many children are under way at once.</summary>
    [Id(102)] public int MaxParallel { get; init; } = DefaultParallel;

    /// <summary>No child begins after so many failed; 0 = all are tried.</summary>
    [Id(103)] public int StopAfterFailures { get; init; }

    public const int DefaultParallel = 10;
    public const int MostParallel = 1000;
    public const int MostChildren = 10_000;

    public override string Target => $"parent-{Operation}";

    public Command WithOperation(string operation) => this with { Operation = OperationIds.Parent(operation) };
}

/// <summary>The same verb on every machine chosen: <c>inspect</c>, <c>release</c>, <c>retire</c> (a machine in production is released first) or <c>tag</c>.</summary>
[GenerateSerializer, Immutable]
public sealed record ManyMachines(string Verb, string? Filter, ImmutableArray<string> Machines, TagBody? Tag = null) : BulkCommand
{
    public override string Permission => $"machine.{Verb}";
}

/// <summary>Installs an image on <paramref name="Wish"/>.Count spares.</summary>
[GenerateSerializer, Immutable]
public sealed record ProvisionMany(ProvisionManyBody Wish) : BulkCommand
{
    public override string Permission => "machine.provision";
}

/// <summary>Racks every machine of a list, or none.</summary>
[GenerateSerializer, Immutable]
public sealed record RackMany(ImmutableArray<RackMachineBody> Machines) : BulkCommand
{
    /// <summary>Paper is patient: no iron is touched.</summary>
    public const int Parallel = 64;

    public override string Permission => "machine.rack";
}

// ── Bodies ────────────────────────────────────────────────────────────────────────────────────────────────

/// <summary>Which machines, by <paramref name="Filter"/> or by name, and how they are gone through.</summary>
[GenerateSerializer, Immutable]
public sealed record ManyMachinesBody(
    string? Filter = null, ImmutableArray<string> Machines = default, int MaxParallel = BulkCommand.DefaultParallel, int StopAfterFailures = 0,
    ImmutableDictionary<string, string>? Set = null, ImmutableArray<string> Remove = default);

/// <summary>
/// Machines of a type, each with an image. Spares are chosen by the plan, spread over racks, unless <paramref name="Machines"/> names them.
/// <paramref name="HostnamePattern"/> has <c>{n}</c>, or <c>{n:000}</c> for a number of at least three digits. <paramref name="Spread"/>: <c>rack</c> or <c>none</c>.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record ProvisionManyBody(
    string Type, int Count, string Image, string HostnamePattern, string Owner,
    string? Filter = null, string Spread = "rack", int FirstNumber = 1, int Substitutes = 2,
    ImmutableArray<string> Machines = default, ImmutableArray<string> SubstituteMachines = default,
    string? RootDisk = null, ImmutableArray<string> SshKeys = default, string? UserData = null, ImmutableArray<string> Dns = default,
    int MaxParallel = BulkCommand.DefaultParallel, int StopAfterFailures = 2);

/// <summary>Machines to rack, all or none.</summary>
[GenerateSerializer, Immutable]
public sealed record RackManyBody(ImmutableArray<RackMachineBody> Machines, int MaxParallel = RackMany.Parallel);
