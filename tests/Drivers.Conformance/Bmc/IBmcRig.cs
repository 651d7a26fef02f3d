using Ppec.Drivers.Bmc;

namespace Ppec.Drivers.Conformance.Bmc;

/// <summary>What a BMC under test can be made to do wrong.</summary>
public enum Misbehaviour { TimesOut, Garbage, Liar, InternalErrors, DropsAfterActing, Dead, Lags }

/// <summary>A BMC, its machine, and hands on both: what the conformance suite needs of an adapter's test bed.</summary>
public interface IBmcRig : IAsyncDisposable
{
    IBmcConnector Connector { get; }

    BmcTarget Target { get; }

    BmcIdentity Identity { get; }

    /// <summary>The machine's own power, whatever the BMC says.</summary>
    bool IsOn { get; }

    /// <summary>What each switching-on booted from.</summary>
    IReadOnlyList<BootOverride> Boots { get; }

    void Start(Misbehaviour misbehaviour);
}
