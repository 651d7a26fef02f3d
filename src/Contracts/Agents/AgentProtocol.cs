using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;

namespace Ppec.Contracts.Agents;

// The protocol of /agent/v1. The agent dials out, takes one task at a time from a closed list, and reports.
// PIOUS learns three things from its kernel command line: ppec.url, ppec.token (one use) and ppec.time (Unix seconds).
//
//   POST /agent/v1/session               SessionRequest  → SessionGranted          (no Authorization; the token is in the body)
//   GET  /agent/v1/task?wait=SECONDS                     → 200 AgentTask | 204     (Authorization: Bearer <credential>, as all below)
//   POST /agent/v1/tasks/{id}/progress   TaskProgress    → 204 | 409 (stop: an older generation, or cancelled)
//   POST /agent/v1/tasks/{id}/result     TaskResult      → 204 | 409 (stale: drop it and fetch the next task)
//   GET  /agent/v1/images/{sha256}                       → the stored file; supports Range
//   POST /agent/v1/beacon                Beacon          → 204                     (from the installed system; its token is in the body)
//
// 401 and 403 end the session for good: the agent powers the machine off. Anything else (no answer, 5xx) is retried with backoff for ever.

/// <summary>Who the machine says it is: the identity evidence that PPEC compares with what it knows.</summary>
[GenerateSerializer, Immutable]
public sealed record MachineEvidence(string Serial, string Uuid, string BoardSerial, ImmutableArray<string> Macs);

/// <summary>
/// Buys, once, a session credential for the boot token. <paramref name="Nonce"/>: 22…128 random characters of <c>A-Za-z0-9_-</c> that the agent makes at its start and tells nobody else;
/// the same request again is a lost answer asked for again, another nonce is another agent, and is refused.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record SessionRequest(string Token, string Nonce, MachineEvidence Evidence, string AgentVersion)
{
    public override string ToString() => $"SessionRequest {{ Evidence = {Evidence}, AgentVersion = {AgentVersion} }}"; // token and nonce stay out of logs
}

/// <summary>A short-lived credential, bound to machine, operation and session. <paramref name="Time"/> sets the clock.</summary>
[GenerateSerializer, Immutable]
public sealed record SessionGranted(string Credential, string Machine, string? Operation, DateTimeOffset Time, DateTimeOffset ExpiresAt);

/// <summary>
/// One task. <paramref name="Id"/> is <c>operation.step.generation</c>; a journal of finished ids lets a repeated task answer again without acting twice.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record AgentTask(string Id, long Generation, DateTimeOffset Deadline, AgentWork Work);

/// <summary>The closed list of what an agent in PIOUS does.</summary>
[GenerateSerializer, Immutable]
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(GatherInventory), "inventory")]
[JsonDerivedType(typeof(CheckHealth), "health")]
[JsonDerivedType(typeof(InstallImage), "install")]
[JsonDerivedType(typeof(WipeDisks), "wipe")]
[JsonDerivedType(typeof(PowerDown), "power-down")]
public abstract record AgentWork;

/// <summary>Read everything, write nothing.</summary>
[GenerateSerializer, Immutable]
public sealed record GatherInventory : AgentWork;

/// <summary>Quick checks: memory test of a part, CPU with verification, disk read, SMART, kernel log. Writes nothing.</summary>
[GenerateSerializer, Immutable]
public sealed record CheckHealth(int MemoryMiB, int CpuSeconds, int DiskReadMiB) : AgentWork;

/// <summary>
/// Write the plan's image to the plan's disk and no other: streamed, decompressed, digest checked while writing and read back; then the seed.
/// <paramref name="FirstBootToken"/> goes into the seed, so that the installed system can call home: its first call ends the installation, later ones are compared with it.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record InstallImage(InstallPlan Plan, string FirstBootToken, string BeaconUrl) : AgentWork
{
    public override string ToString() => $"InstallImage {{ Plan = {Plan} }}"; // the token stays out of logs
}

/// <summary>Erase just these disks, and prove it by sampling.</summary>
[GenerateSerializer, Immutable]
public sealed record WipeDisks(ImmutableArray<DiskRef> Disks) : AgentWork;

/// <summary>Flush, answer, and power the machine off (it is started again through its BMC, or not at all).</summary>
[GenerateSerializer, Immutable]
public sealed record PowerDown : AgentWork;

/// <summary>How far a task is: <paramref name="Percent"/> 0…100, and log lines since the last report.</summary>
[GenerateSerializer, Immutable]
public sealed record TaskProgress(int Percent, string Message, ImmutableArray<string> Lines);

/// <summary>The end of a task: an error sentence, or the report of its kind.</summary>
[GenerateSerializer, Immutable]
public sealed record TaskResult(
    string? Error,
    Inventory? Inventory = null,
    HealthReport? Health = null,
    InstallReport? Install = null,
    WipeReport? Wipe = null);

/// <summary>What was written, and what was read back from the disk.</summary>
[GenerateSerializer, Immutable]
public sealed record InstallReport(string DiskSerial, long BytesWritten, string Sha256Written, string Sha256ReadBack);

/// <summary>One certificate a disk.</summary>
[GenerateSerializer, Immutable]
public sealed record WipeReport(ImmutableArray<DiskWipe> Disks);

/// <summary>
/// Evidence that one disk was erased. <paramref name="Method"/>: <c>ata-secure-erase</c>, <c>nvme-format</c>, <c>nvme-crypto-erase</c>, <c>discard-zeroes</c>, <c>overwrite-zeroes</c>;
/// <paramref name="SanitizationClass"/>: NIST SP 800-88 <c>clear</c> or <c>purge</c>. Verified by reading <paramref name="SamplesRead"/> sampled blocks back, all erased.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record DiskWipe(
    string Serial, string Wwn, string Method, string SanitizationClass, bool Verified, int SamplesRead,
    DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string? Error);

/// <summary>The installed system calls home at every boot with the identity from its seed and the hardware it sees.</summary>
[GenerateSerializer, Immutable]
public sealed record Beacon(string Token, string Machine, string Hostname, string Image, MachineEvidence Evidence, ImmutableArray<string> DiskSerials, long MemoryMiB);
