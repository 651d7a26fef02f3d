using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Events;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Secrets;
using HardwareInventory = Ppec.Contracts.Hardware.Inventory;

namespace Ppec.Domain.Machines;

/// <summary>What can happen to a machine. Names in the log: <c>Stores/Codec/EventNames.cs</c>. <see cref="At"/> is when it was decided, UTC.</summary>
public abstract record MachineEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

// ── Coming ────────────────────────────────────────────────────────────────────────────────────────────────
public sealed record MachineRacked(string Id, string Serial, Placement Place, BmcAccess? Bmc, string? Profile, ImmutableArray<string> Macs, string? Name) : MachineEvent;
public sealed record MachineEnlisted(string Id, MachineEvidence Evidence) : MachineEvent;
public sealed record MachineAccepted(Placement Place, BmcAccess? Bmc, string? Profile, string? Name) : MachineEvent;
public sealed record MachineMerged(string As) : MachineEvent;
public sealed record MachineRejected(string Why) : MachineEvent;

// ── At any stage ──────────────────────────────────────────────────────────────────────────────────────────
public sealed record MachineDescribed(string? Name, string? Note, string? Owner, string? Profile) : MachineEvent;
public sealed record MachineMoved(Placement Place) : MachineEvent;
public sealed record MachineBmcSet(BmcAccess Bmc) : MachineEvent;
public sealed record PasswordPending(string Operation, SecretRef Secret) : MachineEvent;
public sealed record MachineRekeyed(MachineEvidence Evidence, string Why) : MachineEvent;
public sealed record MachineHeld(string Source, string Why, DateTimeOffset? ExpiresAt, string? LiftPermission) : MachineEvent;
public sealed record MachineReserved(string Change, DateTimeOffset Until) : MachineEvent;
public sealed record MachineFreed(string Change) : MachineEvent;
public sealed record MachineUnheld(string Source) : MachineEvent;
public sealed record MachineTagged(ImmutableSortedDictionary<string, string> Set, ImmutableArray<string> Removed) : MachineEvent;
public sealed record GapWaived(string Gap, DateTimeOffset Until, string Why) : MachineEvent;
public sealed record PartReplaced(string Slot, string Serial, string? Rma, string? Before) : MachineEvent;
public sealed record DriftNoted(string Kind, string Expected, string Found) : MachineEvent;
public sealed record DriftCleared(string Kind) : MachineEvent;

// ── Operations: begun, past the point of no return, ended without their goal ──────────────────────────────
public sealed record InspectionStarted(string Operation) : MachineEvent;
public sealed record ProvisioningStarted(string Operation, InstallPlan Plan, string PlanHash) : MachineEvent;
public sealed record ReimagingStarted(string Operation, InstallPlan Plan, string PlanHash) : MachineEvent;
public sealed record ReleaseStarted(string Operation, ImmutableArray<DiskRef> Disks, string PlanHash) : MachineEvent;
public sealed record RetirementStarted(string Operation, ImmutableArray<DiskRef> Disks, string PlanHash) : MachineEvent;
public sealed record ErrandStarted(string Operation, string Kind) : MachineEvent;
public sealed record DiskWritingStarted(string Operation) : MachineEvent;
public sealed record OperationAbandoned(string Operation, string Why, bool Failed, bool Dirty) : MachineEvent;

// ── Results ───────────────────────────────────────────────────────────────────────────────────────────────
public sealed record MachineInspected(string Operation, HardwareInventory Inventory, HealthReport Health, EvaluationView Evaluation) : MachineEvent;
public sealed record ErrandDone(string Operation) : MachineEvent;
public sealed record MachinePromoted(string Type) : MachineEvent;
public sealed record MachineProvisioned(string Operation, InstallReport Install, string BeaconAddress) : MachineEvent;
public sealed record DiskWiped(string Operation, DiskWipe Wipe) : MachineEvent;
public sealed record MachineReleased(string Operation) : MachineEvent;
public sealed record MachineRetired(string? Operation, ImmutableArray<DestroyedDisk> Destroyed) : MachineEvent;
public sealed record MachineUnracked : MachineEvent;
public sealed record MachineAdopted(MachineEvidence Evidence, string Hostname, string Owner) : MachineEvent;
public sealed record MaintenanceStarted(string Why, DateTimeOffset ExpiresAt) : MachineEvent;
public sealed record MaintenanceEnded(HardwareInventory? Baseline) : MachineEvent;
