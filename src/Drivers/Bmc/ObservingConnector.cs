namespace Ppec.Drivers.Bmc;

/// <summary>BMCs that are only looked at: whatever would change something is refused here, whoever asks, and never reaches them.</summary>
public sealed class ObservingConnector(IBmcConnector inner) : IBmcConnector
{
    public async Task<IBmc> Open(BmcTarget target, CancellationToken cancellation) => new Observed(await inner.Open(target, cancellation), target.Address);

    sealed class Observed(IBmc bmc, string address) : IBmc
    {
        public Task<BmcIdentity> Identify(CancellationToken cancellation) => bmc.Identify(cancellation);
        public Task<PowerState> ReadPower(CancellationToken cancellation) => bmc.ReadPower(cancellation);
        public Task<BmcSight> Look(CancellationToken cancellation) => bmc.Look(cancellation);
        public Task<BootOverride> ReadBootOnce(CancellationToken cancellation) => bmc.ReadBootOnce(cancellation);
        public Task RequestPower(PowerRequest request, CancellationToken cancellation) => Refuse();
        public Task SetBootOnce(BootOverride target, CancellationToken cancellation) => Refuse();
        public Task<bool> ReadIndicator(CancellationToken cancellation) => bmc.ReadIndicator(cancellation);
        public Task SetPassword(string password, CancellationToken cancellation) => Refuse();
        public Task SetIndicator(bool on, CancellationToken cancellation) => Refuse();
        public Task ResetController(CancellationToken cancellation) => Refuse();
        public ValueTask DisposeAsync() => bmc.DisposeAsync();

        Task Refuse() => Task.FromException(new BmcException(BmcFailure.Refused, $"BMC {address}: this node only observes; nothing was sent."));
    }
}
