using System.Collections.Immutable;

namespace Ppec.Contracts.Images;

/// <summary>
/// Everything an installation will do, fixed before power-on. Its hash is its content address; it holds no secret
/// (the first-boot token is minted when the agent fetches its task).
/// </summary>
[GenerateSerializer, Immutable]
public sealed record InstallPlan(
    string Machine,
    ImageRef Image,
    DiskRef RootDisk,
    string Hostname,
    string Owner,
    ImmutableArray<InterfacePlan> Interfaces,
    ImmutableArray<string> SshKeys,
    string UserData);

/// <summary>
/// An image by content. <paramref name="Format"/> is <c>raw+gzip</c> or <c>raw</c>. <paramref name="Sha256"/> is of the stored file,
/// <paramref name="DiskSha256"/> of the raw disk it expands to, both lower-case hex.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record ImageRef(string Image, string Format, string Sha256, long SizeBytes, string DiskSha256, long DiskSizeBytes, string BootMode);

/// <summary>A disk named by what cannot move: its serial, and its WWN where it has one.</summary>
[GenerateSerializer, Immutable]
public sealed record DiskRef(string Serial, string Wwn);

/// <summary>One interface of the installed system. <paramref name="Address"/> is <c>dhcp</c> or an address with prefix length.</summary>
[GenerateSerializer, Immutable]
public sealed record InterfacePlan(string Mac, string Address, string? Gateway, ImmutableArray<string> Dns);
