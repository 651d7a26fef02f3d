using System.Collections.Immutable;
using System.Net;
using Ppec.Drivers.Net;

namespace Ppec.Grains;

/// <summary>What an operator may configure of how PPEC works on machines. Set by the node's options; the defaults are for real hardware.</summary>
public sealed record PpecOptions
{
    /// <summary>Subnets on which unknown machines that network-boot are enlisted. Elsewhere they boot from disk.</summary>
    public ImmutableArray<IPNetwork> EnlistFrom { get; init; } = [];

    /// <summary>How long a running system may take to shut down before its power is cut.</summary>
    public TimeSpan ShutdownGrace { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a BMC may take to show that the power is as it was asked to be.</summary>
    public TimeSpan PowerTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public int HealthMemoryMiB { get; init; } = 1024;
    public int HealthCpuSeconds { get; init; } = 60;
    public int HealthDiskReadMiB { get; init; } = 1024;

    /// <summary>Public keys (SubjectPublicKeyInfo, DER) whose image signatures are trusted.</summary>
    public ImmutableArray<ReadOnlyMemory<byte>> TrustedImageKeys { get; init; } = [];

    /// <summary>How often open operations are woken, whatever else happens.</summary>
    public TimeSpan WakeEvery { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A durable reminder a minute for every open operation, beside the sweep: only where reminders outlive a node.</summary>
    public bool RemindOperations { get; init; }

    /// <summary>How often each machine is looked at through its BMC; zero = never.</summary>
    public TimeSpan WatchEvery { get; init; } = TimeSpan.FromSeconds(120);

    /// <summary>Nothing is powered, booted or written: machines are looked at, and drift is reported.</summary>
    public bool Observe { get; init; }

    /// <summary>Where BMCs may be; empty = anywhere that is not refused anyway (<c>Drivers/Net/AddressGuard.cs</c>).</summary>
    public ImmutableArray<IPNetwork> BmcNetworks { get; init; } = [];

    /// <summary>Where webhooks may lead; empty = anywhere that is not refused anyway.</summary>
    public ImmutableArray<IPNetwork> WebhookNetworks { get; init; } = [];

    /// <summary>BMCs and webhooks may be on this node itself: a lab.</summary>
    public bool AllowLoopback { get; init; }

    public AddressGuard BmcGuard => new(BmcNetworks, AllowLoopback, "bmc-networks");

    /// <summary>How long a credential may live at most, from when it is made or rotated; sessions have their own twelve hours.</summary>
    public TimeSpan LongestCredential { get; init; } = Domain.Access.Credential.LongestLife;

    /// <summary>Names claimed for a machine that never came to be are given back after this.</summary>
    public TimeSpan ClaimGrace { get; init; } = TimeSpan.FromMinutes(1);
}
