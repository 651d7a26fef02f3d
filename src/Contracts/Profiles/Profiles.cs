using System.Collections.Immutable;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Profiles;

/// <summary>
/// The hardware that was ordered. A field left out is not checked. Sizes may differ by <paramref name="DiskTolerancePercent"/> (vendors round).
/// </summary>
[GenerateSerializer, Immutable]
public sealed record ProfileSpec(
    CpuSpec? Cpu = null,
    ImmutableArray<DimmSpec> Dimms = default,
    long? MemoryMiB = null,
    ImmutableArray<DiskSpec> Disks = default,
    ImmutableArray<NicSpec> Nics = default,
    ImmutableArray<FirmwareSpec> Firmware = default,
    string? Tpm = null,
    string? BootMode = null,
    int DiskTolerancePercent = 2);

/// <summary><paramref name="Model"/> is contained in the found model, ignoring case.</summary>
[GenerateSerializer, Immutable]
public sealed record CpuSpec(int Sockets, int? CoresPerSocket = null, string? Model = null);

/// <summary>One slot and what sits in it.</summary>
[GenerateSerializer, Immutable]
public sealed record DimmSpec(string Slot, long SizeMiB);

/// <summary><paramref name="Count"/> disks of this size and kind.</summary>
[GenerateSerializer, Immutable]
public sealed record DiskSpec(int Count, long SizeMiB, string? Transport = null, bool? Rotational = null, string? Model = null);

/// <summary><paramref name="Count"/> ports, at least this fast.</summary>
[GenerateSerializer, Immutable]
public sealed record NicSpec(int Count, int? MinSpeedMbps = null, string? Driver = null);

/// <summary><paramref name="Component"/>: <c>bios</c> or a disk model. <paramref name="Rule"/>: <c>exact</c>, <c>minimum</c> or <c>report</c>.</summary>
[GenerateSerializer, Immutable]
public sealed record FirmwareSpec(string Component, string Version, string Rule);

/// <summary>One version of a profile. Its id (<c>compute-v3</c>) is a machine's type.</summary>
[GenerateSerializer, Immutable]
public sealed record ProfileVersion(string Profile, int Version, ProfileSpec Spec)
{
    public string Id => $"{Profile}-v{Version}";
}

[GenerateSerializer]
public abstract record ProfileCommand(string Profile) : Command
{
    public override string Target => $"profile-{Profile}";
}

/// <summary>Adds the next version.</summary>
[GenerateSerializer, Immutable]
public sealed record CreateProfileVersion(string Profile, ProfileSpec Spec) : ProfileCommand(Profile)
{
    public override string Permission => "profile.create";
}

[GenerateSerializer, Immutable]
public sealed record ProfileBody(string Name, ProfileSpec Spec);

[GenerateSerializer, Immutable]
public sealed record ProfileView(string Id, string Name, int Version, ProfileSpec Spec, DateTimeOffset CreatedAt);

[Alias("profile")]
public interface IProfileGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(ProfileCommand command, Caller caller);

    /// <summary>One version (the newest when null); null when there is none.</summary>
    Task<ProfileVersion?> Read(int? version);
}
