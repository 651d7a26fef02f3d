using Ppec.Drivers.Net;

namespace Ppec.Drivers.Redfish;

/// <summary>Limits on what one BMC may cost. The defaults suit slow BMCs on a management network.</summary>
public sealed record RedfishOptions
{
    public static readonly RedfishOptions Default = new();

    /// <summary>Which addresses a BMC may have. Unless said otherwise a BMC is not this machine itself.</summary>
    public AddressGuard Guard { get; init; } = new([], Loopback: false, "bmc-networks");

    /// <summary>For the TCP and TLS handshake. Passing it means <see cref="Bmc.BmcFailure.Unreachable"/>: nothing was sent.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For one request and its whole answer.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a 202 is followed to learn whether it failed. Afterwards it counts as accepted: the caller reads the state back.</summary>
    public TimeSpan TaskTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two looks at a task whose answer has no <c>Retry-After</c>.</summary>
    public TimeSpan TaskPoll { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A longer body is garbage, whatever it says.</summary>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <summary>A collection (systems, sessions) with more members is garbage.</summary>
    public int MaxMembers { get; init; } = 256;
}
