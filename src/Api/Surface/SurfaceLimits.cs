namespace Ppec.Api.Surface;

/// <summary>How much may be asked of the API. Zero = as much as one likes. Machines that boot, and their agents, are not counted: a thousand may stand behind one address.</summary>
public sealed record SurfaceLimits
{
    /// <summary>Requests a second with one credential; five seconds' worth may come at once.</summary>
    public int PerCredential { get; init; } = 2_000;

    /// <summary>Requests a second from one address, or of IPv6 one /64; five seconds' worth may come at once.</summary>
    public int PerAddress { get; init; } = 5_000;

    /// <summary>Refused sign-ins a minute from one address, or of IPv6 one /64; a minute's worth may come at once.</summary>
    public int FailedSignIns { get; init; } = 30;
}
