using Ppec.Drivers.Bmc;

namespace Ppec.Drivers.Conformance.Bmc;

/// <summary>What every adapter of the BMC port does, the fake too.</summary>
public abstract class BmcConformance : IAsyncLifetime
{
    IBmcRig rig = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected abstract Task<IBmcRig> NewRig();

    public async ValueTask InitializeAsync() => rig = await NewRig();

    public async ValueTask DisposeAsync()
    {
        await rig.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task It_says_which_machine_it_controls()
    {
        await using var bmc = await Open();
        Assert.Equal(rig.Identity, await bmc.Identify(Cancellation));
    }

    [Fact]
    public async Task One_look_tells_who_it_is_and_its_power()
    {
        await using var bmc = await Open();
        Assert.Equal((rig.Identity, PowerState.Off), await Seen());
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.Equal((rig.Identity, PowerState.On), await Seen());

        async Task<(BmcIdentity, PowerState)> Seen()
        {
            var sight = await bmc.Look(Cancellation);
            return (sight.Identity, sight.Power);
        }
    }

    [Fact]
    public async Task It_switches_on_and_off_and_reads_it_back()
    {
        await using var bmc = await Open();
        Assert.Equal(PowerState.Off, await bmc.ReadPower(Cancellation));
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.Equal((true, PowerState.On), (rig.IsOn, await bmc.ReadPower(Cancellation)));
        await bmc.RequestPower(PowerRequest.ForceOff, Cancellation);
        Assert.Equal((false, PowerState.Off), (rig.IsOn, await bmc.ReadPower(Cancellation)));
    }

    [Fact]
    public async Task Asking_twice_does_no_more_than_asking_once()
    {
        await using var bmc = await Open();
        await bmc.RequestPower(PowerRequest.ForceOff, Cancellation);
        await bmc.RequestPower(PowerRequest.GracefulShutdown, Cancellation);
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.Equal([BootOverride.None], rig.Boots);
    }

    [Fact]
    public async Task A_graceful_shutdown_ends_off()
    {
        await using var bmc = await Open();
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        await bmc.RequestPower(PowerRequest.GracefulShutdown, Cancellation);
        Assert.False(rig.IsOn);
    }

    [Theory]
    [InlineData(BootOverride.Network)]
    [InlineData(BootOverride.Disk)]
    public async Task An_override_is_for_one_boot(BootOverride target)
    {
        await using var bmc = await Open();
        await bmc.SetBootOnce(target, Cancellation);
        Assert.Equal(target, await bmc.ReadBootOnce(Cancellation));
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.Equal(BootOverride.None, await bmc.ReadBootOnce(Cancellation));
        await bmc.RequestPower(PowerRequest.ForceOff, Cancellation);
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.Equal([target, BootOverride.None], rig.Boots);
    }

    [Fact]
    public async Task An_override_can_be_taken_back()
    {
        await using var bmc = await Open();
        await bmc.SetBootOnce(BootOverride.Network, Cancellation);
        await bmc.SetBootOnce(BootOverride.None, Cancellation);
        Assert.Equal(BootOverride.None, await bmc.ReadBootOnce(Cancellation));
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.Equal([BootOverride.None], rig.Boots);
    }

    [Fact]
    public async Task After_a_reset_of_the_controller_a_new_session_finds_the_machine_untouched()
    {
        await using var bmc = await Open();
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        await bmc.ResetController(Cancellation);
        await using var again = await Open(2);
        Assert.Equal(PowerState.On, await again.ReadPower(Cancellation));
    }

    [Fact]
    public async Task The_first_action_of_a_newer_generation_ends_the_older_session()
    {
        await using var older = await Open(1);
        await older.RequestPower(PowerRequest.On, Cancellation);
        await using var newer = await Open(2);
        await newer.RequestPower(PowerRequest.On, Cancellation);
        await Fails(BmcFailure.Unauthorized, () => older.RequestPower(PowerRequest.ForceOff, Cancellation));
        Assert.True(rig.IsOn);
    }

    [Fact]
    public async Task Who_only_reads_ends_nobodys_session()
    {
        await using var worker = await Open(1);
        await worker.RequestPower(PowerRequest.On, Cancellation);
        await using var observer = await Open(2);
        await observer.ReadPower(Cancellation);
        await worker.RequestPower(PowerRequest.ForceOff, Cancellation);
        Assert.False(rig.IsOn);
    }

    [Fact]
    public async Task Another_password_opens_it_and_the_old_one_no_more()
    {
        await using (var bmc = await Open()) await bmc.SetPassword("another-Pass-1", Cancellation);
        await Fails(BmcFailure.Unauthorized, () => Open(2));
        await using var again = await Open(3, rig.Target with { Password = "another-Pass-1" });
        Assert.Equal(rig.Identity, await again.Identify(Cancellation));
    }

    [Fact]
    public async Task A_password_whose_answer_was_lost_is_set()
    {
        await using var bmc = await Open();
        await bmc.ReadPower(Cancellation);
        rig.Start(Misbehaviour.DropsAfterActing);
        await Fails(BmcFailure.Unreachable, () => bmc.SetPassword("another-Pass-1", Cancellation));
        await using var again = await Open(2, rig.Target with { Password = "another-Pass-1" });
        Assert.Equal(rig.Identity, await again.Identify(Cancellation));
    }

    [Fact]
    public async Task A_liar_keeps_its_password()
    {
        await using var bmc = await Open();
        rig.Start(Misbehaviour.Liar);
        await bmc.SetPassword("another-Pass-1", Cancellation);
        await Fails(BmcFailure.Unauthorized, () => Open(2, rig.Target with { Password = "another-Pass-1" }));
        await using var again = await Open(3);
    }

    [Fact]
    public async Task Its_light_is_switched_on_and_off_and_read_back()
    {
        await using var bmc = await Open();
        Assert.False(await bmc.ReadIndicator(Cancellation));
        await bmc.SetIndicator(true, Cancellation);
        await bmc.SetIndicator(true, Cancellation);
        Assert.True(await bmc.ReadIndicator(Cancellation));
        await bmc.SetIndicator(false, Cancellation);
        Assert.False(await bmc.ReadIndicator(Cancellation));
    }

    [Fact]
    public async Task A_wrong_password_is_unauthorized() =>
        await Fails(BmcFailure.Unauthorized, () => Open(target: rig.Target with { Password = "wrong" }));

    [Theory]
    [InlineData(Misbehaviour.TimesOut, BmcFailure.Timeout)]
    [InlineData(Misbehaviour.Garbage, BmcFailure.Garbage)]
    [InlineData(Misbehaviour.InternalErrors, BmcFailure.Refused)]
    [InlineData(Misbehaviour.Dead, BmcFailure.Unreachable)]
    public async Task A_broken_BMC_fails_by_its_kind_wherever_it_breaks(Misbehaviour misbehaviour, BmcFailure failure)
    {
        await using var bmc = await Open();
        await bmc.ReadPower(Cancellation);
        rig.Start(misbehaviour);
        await Fails(failure, () => bmc.ReadPower(Cancellation));
        await Fails(failure, () => bmc.RequestPower(PowerRequest.On, Cancellation));
        await Fails(failure, () => Open(2));
        Assert.False(rig.IsOn);
    }

    [Fact]
    public async Task A_liar_is_found_out_by_reading_back()
    {
        await using var bmc = await Open();
        rig.Start(Misbehaviour.Liar);
        await bmc.SetBootOnce(BootOverride.Network, Cancellation);
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.Equal(BootOverride.None, await bmc.ReadBootOnce(Cancellation));
        Assert.Equal(PowerState.Off, await bmc.ReadPower(Cancellation));
    }

    [Fact]
    public async Task A_lost_answer_is_a_failure_and_the_next_look_shows_what_happened()
    {
        await using var bmc = await Open();
        await bmc.ReadPower(Cancellation);
        rig.Start(Misbehaviour.DropsAfterActing);
        await Fails(BmcFailure.Unreachable, () => bmc.RequestPower(PowerRequest.On, Cancellation));
        Assert.Equal(PowerState.On, await bmc.ReadPower(Cancellation));
    }

    [Fact]
    public async Task A_lagging_BMC_shows_the_way_there_and_then_the_state()
    {
        await using var bmc = await Open();
        rig.Start(Misbehaviour.Lags);
        await bmc.RequestPower(PowerRequest.On, Cancellation);
        Assert.Equal(PowerState.PoweringOn, await bmc.ReadPower(Cancellation));
        Assert.Equal(PowerState.PoweringOn, await bmc.ReadPower(Cancellation));
        Assert.Equal(PowerState.PoweringOn, await bmc.ReadPower(Cancellation));
        Assert.Equal(PowerState.On, await bmc.ReadPower(Cancellation));
    }

    [Fact]
    public async Task The_callers_cancellation_is_not_the_BMCs_fault()
    {
        await using var bmc = await Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => bmc.ReadPower(new CancellationToken(canceled: true)));
    }

    Task<IBmc> Open(long generation = 1, BmcTarget? target = null) => rig.Connector.Open((target ?? rig.Target) with { Generation = generation }, Cancellation);

    static async Task Fails(BmcFailure failure, Func<Task> work) => Assert.Equal(failure, (await Assert.ThrowsAsync<BmcException>(work)).Failure);
}
