using System.Collections.Immutable;

namespace Ppec.Contracts.Disks;

/// <summary>A disk's life by its serial: every machine it sat in and every wipe, from all machines' streams. <paramref name="Machine"/>: where it is now; null = it was seen to leave, or destroyed.</summary>
[GenerateSerializer, Immutable]
public sealed record DiskView(
    string Serial, string Model, string Wwn, long SizeBytes, string? Machine, ImmutableArray<DiskStay> Stays, ImmutableArray<DiskWipeView> Wipes, DiskEnd? Destroyed);

/// <summary>In one machine, as inspections saw it: first, last (<paramref name="Seen"/>), and the first that did not see it any more (null = none).</summary>
[GenerateSerializer, Immutable]
public sealed record DiskStay(string Machine, string Slot, DateTimeOffset From, DateTimeOffset? Until, DateTimeOffset Seen);

/// <summary>One wipe, as its certificate says (<see cref="Agents.DiskWipe"/>), in which machine and by which operation.</summary>
[GenerateSerializer, Immutable]
public sealed record DiskWipeView(
    string Machine, string Operation, string Method, string SanitizationClass, bool Verified, int SamplesRead, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string? Error);

/// <summary>Attested destroyed when its machine retired.</summary>
[GenerateSerializer, Immutable]
public sealed record DiskEnd(string Machine, string Evidence, DateTimeOffset At);
