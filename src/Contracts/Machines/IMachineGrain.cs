using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Operations;

namespace Ppec.Contracts.Machines;

/// <summary>The door to one machine. Only the gate and operations reach it.</summary>
[Alias("machine")]
public interface IMachineGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(MachineCommand command, Caller caller);

    /// <summary>What <paramref name="command"/> would do now.</summary>
    Task<Planned> Plan(MachineCommand command);

    /// <summary>The plan of a command that does just what <paramref name="text"/> says; or why it would be refused.</summary>
    Task<Planned> Plain(MachineCommand command, string text);

    /// <summary>Whether this very command was carried out before.</summary>
    Task<bool> Did(Caller caller);

    /// <summary>The machine as it is now; null when there is none.</summary>
    Task<MachineView?> Read();

    /// <summary>What an operation needs to know to act on the machine; null when there is none.</summary>
    Task<MachineContext?> Context();

    /// <summary>What a machine that asks for a boot script should do, decided by its state and nothing else.</summary>
    Task<BootDecision> DecideBoot();
}

/// <summary>A plan, or why there is none.</summary>
[GenerateSerializer, Immutable]
public sealed record Planned(Plan? Plan, Problem? Problem);

/// <summary>Boot <paramref name="Source"/>; for PIOUS on behalf of <paramref name="Operation"/>.</summary>
[GenerateSerializer, Immutable]
public sealed record BootDecision(BootSource Source, string? Operation);

[GenerateSerializer]
public enum BootSource { Unknown, Disk, Pious }

/// <summary>A machine as its operations see it: with the reference that opens its BMC.</summary>
[GenerateSerializer, Immutable]
public sealed record MachineContext(MachineView View, BmcAccess? Bmc, StartOperation? Operation);
