namespace Ppec.Drivers.Bmc;

/// <summary>
/// A session with one baseboard management controller. Only target-state actions: asking twice does no more than asking once.
/// An answer is never evidence: read the state back. Every member throws <see cref="BmcException"/> and nothing else for what the BMC did wrong.
/// </summary>
public interface IBmc : IAsyncDisposable
{
    /// <summary>Which machine this BMC says it controls.</summary>
    Task<BmcIdentity> Identify(CancellationToken cancellation);

    Task<PowerState> ReadPower(CancellationToken cancellation);

    /// <summary>Asks for a power state. The state already reached is success. Returns when the BMC accepted, not when it happened.</summary>
    Task RequestPower(PowerRequest request, CancellationToken cancellation);

    /// <summary>All that one look tells: it costs the BMC no more than <see cref="Identify"/> alone.</summary>
    Task<BmcSight> Look(CancellationToken cancellation);

    /// <summary>What the next boot, and only that one, starts from; <see cref="BootOverride.None"/> clears it.</summary>
    Task SetBootOnce(BootOverride target, CancellationToken cancellation);

    Task<BootOverride> ReadBootOnce(CancellationToken cancellation);

    /// <summary>Gives the account of this session another password. Sessions may end by it; only opening one with the new password shows that it took.</summary>
    Task SetPassword(string password, CancellationToken cancellation);

    /// <summary>Switches the light on or off by which a person finds the machine.</summary>
    Task SetIndicator(bool on, CancellationToken cancellation);

    Task<bool> ReadIndicator(CancellationToken cancellation);

    /// <summary>Restarts the BMC itself, not the machine.</summary>
    Task ResetController(CancellationToken cancellation);
}

/// <summary>Opens sessions. A newer generation's session ends the older ones of the same account before it acts, where the protocol can.</summary>
public interface IBmcConnector
{
    Task<IBmc> Open(BmcTarget target, CancellationToken cancellation);
}

/// <summary>
/// Where a BMC is and how to sign in. <paramref name="Address"/> is an absolute URL (<c>https://10.0.0.7</c>; the path, if any, names a system behind a shared endpoint).
/// <paramref name="PinnedCertificate"/>: SHA-256 of the certificate seen at acceptance, lower-case hex; null = the system's trusted roots.
/// </summary>
public sealed record BmcTarget(string Address, string User, string Password, string? PinnedCertificate, long Generation)
{
    public override string ToString() => $"{Address} as {User}";
}

/// <summary>The machine's serial and UUID as the BMC tells them; empty where it does not. UUID in lower case with dashes.</summary>
public sealed record BmcIdentity(string Serial, string Uuid, string Manufacturer, string Model);

/// <summary>A machine as its BMC sees it. Memory (MiB, rounded as the BMC does) and CPU sockets are null where it does not count them.</summary>
public sealed record BmcSight(BmcIdentity Identity, PowerState Power, long? MemoryMiB, int? Sockets);

public enum PowerState { Off, On, PoweringOn, PoweringOff }

public enum PowerRequest { On, GracefulShutdown, ForceOff }

public enum BootOverride { None, Network, Disk }

/// <summary>Why a BMC did not do what it was asked.</summary>
public enum BmcFailure
{
    /// <summary>No connection, or none left.</summary>
    Unreachable,
    /// <summary>Connected, and no answer in time. The request may have been carried out.</summary>
    Timeout,
    /// <summary>The credentials were refused.</summary>
    Unauthorized,
    /// <summary>The certificate is not the pinned one.</summary>
    WrongCertificate,
    /// <summary>An answer that is not the protocol.</summary>
    Garbage,
    /// <summary>It understood and refused, or failed (5xx).</summary>
    Refused,
}

/// <summary>A BMC failed. The message names the BMC and the request, never a credential.</summary>
public sealed class BmcException(BmcFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public BmcFailure Failure { get; } = failure;
}
