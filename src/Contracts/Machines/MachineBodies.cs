using System.Collections.Immutable;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Machines;

// The bodies of POST /api/v1/machines…: what a user writes. The id comes from the path, or from the serial.

/// <summary>A server as it was bolted in. <paramref name="Rack"/> is the rack's id (<c>blr1.r12</c>), <paramref name="Unit"/> its lowest unit.</summary>
[GenerateSerializer, Immutable]
public sealed record RackMachineBody(
    string Serial, string Rack, int Unit, int Height = 1,
    string? Profile = null, string? Name = null, ImmutableArray<string> Macs = default, BmcBody? Bmc = null);

/// <summary>How to reach the BMC. The password goes to the secret store, and nowhere else.</summary>
[GenerateSerializer, Immutable]
public sealed record BmcBody(string Address, string User, SecretText Password, string Protocol = "redfish", string? PinnedCertificate = null);

[GenerateSerializer, Immutable]
public sealed record HoldBody(string Reason, string Source = "operator", DateTimeOffset? ExpiresAt = null);

[GenerateSerializer, Immutable]
public sealed record UnholdBody(string Source = "operator");

[GenerateSerializer, Immutable]
public sealed record TagBody(ImmutableDictionary<string, string>? Set = null, ImmutableArray<string> Remove = default);
