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
public sealed record HoldBody(string Reason, string Source = "operator", DateTimeOffset? ExpiresAt = null, string? LiftPermission = null);

[GenerateSerializer, Immutable]
public sealed record UnholdBody(string Source = "operator");

[GenerateSerializer, Immutable]
public sealed record TagBody(ImmutableDictionary<string, string>? Set = null, ImmutableArray<string> Remove = default);

/// <summary>An enlisted machine is accepted to a place, or <paramref name="As"/> the machine that was racked on paper for it: then nothing else is said.</summary>
[GenerateSerializer, Immutable]
public sealed record AcceptBody(
    string? Rack = null, int Unit = 0, int Height = 1, string? Profile = null, string? Name = null, BmcBody? Bmc = null, bool KeepPassword = false, string? As = null);

[GenerateSerializer, Immutable]
public sealed record RejectBody(string Reason);

/// <summary>What is left out stays as it is; an empty text clears. Another place is taken before the old one is left.</summary>
[GenerateSerializer, Immutable]
public sealed record SetMachineBody(
    string? Name = null, string? Note = null, string? Owner = null, string? Profile = null, string? Rack = null, int? Unit = null, int? Height = null);

/// <summary>Host name, owner and addresses stay.</summary>
[GenerateSerializer, Immutable]
public sealed record ReimageBody(string Image, string? RootDisk = null, ImmutableArray<string> SshKeys = default, string? UserData = null);

[GenerateSerializer, Immutable]
public sealed record MaintainBody(string Reason, DateTimeOffset ExpiresAt);

/// <summary>What the running system says it stands on, read by a person or a script there.</summary>
[GenerateSerializer, Immutable]
public sealed record AdoptBody(string Hostname, string Owner, string Serial, string Uuid = "", string BoardSerial = "", ImmutableArray<string> Macs = default);

/// <summary>The identity of the machine from now on, all of it; an empty text is not compared.</summary>
[GenerateSerializer, Immutable]
public sealed record RekeyBody(string Reason, string Serial, string Uuid = "", string BoardSerial = "", ImmutableArray<string> Macs = default);

[GenerateSerializer, Immutable]
public sealed record WaiveBody(string Gap, DateTimeOffset Until, string Reason);

[GenerateSerializer, Immutable]
public sealed record RepairBody(string Slot, string Serial, string? Rma = null);

/// <summary>Every disk of the machine, each with what proves that it was destroyed.</summary>
[GenerateSerializer, Immutable]
public sealed record DestroyedBody(ImmutableArray<DestroyedDisk> Disks);

[GenerateSerializer, Immutable]
public sealed record SwitchBody(bool On);
