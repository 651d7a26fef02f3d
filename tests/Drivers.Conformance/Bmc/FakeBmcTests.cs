using Ppec.Drivers.Bmc;
using Ppec.Drivers.Fake;

namespace Ppec.Drivers.Conformance.Bmc;

public sealed class FakeBmcTests : BmcConformance
{
    protected override Task<IBmcRig> NewRig() => Task.FromResult<IBmcRig>(new Rig());

    [Fact]
    public async Task It_fails_at_the_step_it_was_told()
    {
        var rack = new FakeRack();
        var target = new BmcTarget("https://b", "u", "p", null, 1);
        var bmc = rack.Add(target, new("s", "", "", ""));
        bmc.FailAt(2, BmcFailure.Timeout, acted: true);
        await using var session = await rack.Open(target, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<BmcException>(() => session.RequestPower(PowerRequest.On, TestContext.Current.CancellationToken));
        Assert.Equal(PowerState.On, await session.ReadPower(TestContext.Current.CancellationToken));
        Assert.Equal(["open 1", "power On", "read-power"], bmc.Journal);
    }

    sealed class Rig : IBmcRig
    {
        readonly FakeRack rack = new();
        readonly FakeBmc bmc;
        readonly List<BootOverride> boots = [];

        public Rig()
        {
            bmc = rack.Add(Target, Identity);
            bmc.Powered = (state, from) =>
            {
                if (state == PowerState.On) boots.Add(from);
            };
        }

        public IBmcConnector Connector => rack;

        public BmcTarget Target { get; } = new("https://10.0.0.1", "admin", "secret", null, 1);

        public BmcIdentity Identity { get; } = new("SN1", "3f1b2c4d-0000-4000-8000-000000000001", "Fake", "One");

        public bool IsOn => bmc.Power == PowerState.On;

        public IReadOnlyList<BootOverride> Boots => boots;

        public void Start(Misbehaviour misbehaviour)
        {
            switch (misbehaviour)
            {
                case Misbehaviour.TimesOut: bmc.Broken = BmcFailure.Timeout; break;
                case Misbehaviour.Garbage: bmc.Broken = BmcFailure.Garbage; break;
                case Misbehaviour.InternalErrors: bmc.Broken = BmcFailure.Refused; break;
                case Misbehaviour.Dead: bmc.Broken = BmcFailure.Unreachable; break;
                case Misbehaviour.Liar: bmc.Liar = true; break;
                case Misbehaviour.Lags: bmc.LagReads = 3; break;
                case Misbehaviour.DropsAfterActing: bmc.FailAt(bmc.Steps + 1, BmcFailure.Unreachable, acted: true); break;
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
