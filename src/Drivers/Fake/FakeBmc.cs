using Ppec.Drivers.Bmc;

namespace Ppec.Drivers.Fake;

/// <summary>
/// A BMC in memory, with its machine. Deterministic: no clock and no randomness; what it does wrong is told to it, by step.
/// A step is one call of a member of <see cref="IBmc"/> or of <see cref="FakeRack.Open"/>, counted from 1 for each BMC.
/// </summary>
public sealed class FakeBmc(BmcTarget account, BmcIdentity identity)
{
    BmcTarget account = account;
    bool lit;
    readonly Lock gate = new();
    readonly Dictionary<int, (BmcFailure Failure, bool Acted)> failures = [];
    readonly List<string> journal = [];
    PowerState power = PowerState.Off;
    PowerState? coming;
    BootOverride boot;
    int readsLeft;
    readonly HashSet<int> open = [];
    int sessions;
    int steps;

    /// <summary>Accepts everything and does nothing.</summary>
    public bool Liar { get; set; }

    /// <summary>Every step fails so, until it is null again.</summary>
    public BmcFailure? Broken { get; set; }

    /// <summary>A new power state is seen only after this many reads of the way there.</summary>
    public int LagReads { get; set; }

    /// <summary>Who it says it is: change it to swap two BMCs' cables.</summary>
    public BmcIdentity Identity { get; set; } = identity;

    /// <summary>What it counts in the machine; null = it does not.</summary>
    public long? MemoryMiB { get; set; }

    public int? Sockets { get; set; }

    /// <summary>Called after each change of the machine's power, with what the boot starts from (the override is used up by it).</summary>
    public Action<PowerState, BootOverride>? Powered { get; set; }

    public int Steps { get { lock (gate) return steps; } }

    /// <summary>What was asked of it, in order: <c>open 3</c>, <c>power On</c>, <c>boot Network</c>…</summary>
    public IReadOnlyList<string> Journal { get { lock (gate) return [.. journal]; } }

    /// <summary>The machine itself, whatever the BMC says.</summary>
    public PowerState Power { get { lock (gate) return coming ?? power; } }

    /// <summary>What opens it now.</summary>
    public string Password { get { lock (gate) return account.Password; } }

    /// <summary>Whether its light shines.</summary>
    public bool Lit { get { lock (gate) return lit; } }

    public BootOverride Boot { get { lock (gate) return boot; } }

    /// <summary>Step <paramref name="step"/> fails; <paramref name="acted"/>: after doing what was asked, as a lost answer does.</summary>
    public void FailAt(int step, BmcFailure failure, bool acted = false)
    {
        lock (gate) failures[step] = (failure, acted);
    }

    /// <summary>The machine turns itself on or off, as a person at the rack or its own system would.</summary>
    public void Turn(PowerState state)
    {
        lock (gate) (power, coming) = (state, null);
    }

    internal int Open(BmcTarget target) => Step($"open {target.Generation}", () =>
    {
        if (target.PinnedCertificate is not null && !string.Equals(target.PinnedCertificate, account.PinnedCertificate, StringComparison.OrdinalIgnoreCase))
        {
            throw Failed(BmcFailure.WrongCertificate);
        }

        return target.User == account.User && target.Password == account.Password ? NewSession() : throw Failed(BmcFailure.Unauthorized);
    });

    internal T Step<T>(string what, Func<T> work)
    {
        lock (gate)
        {
            journal.Add(what);
            steps++;
            if (Broken is { } broken) throw Failed(broken);
            if (!failures.Remove(steps, out var failure)) return work();
            if (failure.Acted) work();
            throw Failed(failure.Failure);
        }
    }

    internal PowerState ReadPower()
    {
        if (coming is { } state && readsLeft-- <= 0) (power, coming) = (state, null);
        return (coming, power) switch
        {
            (PowerState.On, _) => PowerState.PoweringOn,
            (PowerState.Off, _) => PowerState.PoweringOff,
            _ => power,
        };
    }

    internal bool Request(PowerState state)
    {
        if (Liar || (coming ?? power) == state) return true;
        if (LagReads > 0) (coming, readsLeft) = (state, LagReads);
        else power = state;
        var from = boot;
        if (state == PowerState.On) boot = BootOverride.None;
        Powered?.Invoke(state, state == PowerState.On ? from : BootOverride.None);
        return true;
    }

    internal bool SetBoot(BootOverride target)
    {
        if (!Liar) boot = target;
        return true;
    }

    internal bool SetPassword(string password)
    {
        if (!Liar) account = account with { Password = password };
        return true;
    }

    internal bool SetLight(bool on)
    {
        if (!Liar) lit = on;
        return true;
    }

    /// <summary>As Redfish has it: whoever acts ends every other session of the account, the newer ones too; those then open again and end this one.</summary>
    internal void EndOthers(int session) => open.RemoveWhere(other => other != session);

    internal bool EndAll()
    {
        open.Clear();
        return true;
    }

    internal bool Ended(int session) => !open.Contains(session);

    internal void End(int session)
    {
        lock (gate) open.Remove(session);
    }

    int NewSession()
    {
        open.Add(++sessions);
        return sessions;
    }

    internal BmcException Failed(BmcFailure failure) => new(failure, $"BMC {account.Address}: told to fail at step {steps}.");
}

/// <summary>The BMCs in reach, by address.</summary>
public sealed class FakeRack : IBmcConnector
{
    readonly Dictionary<string, FakeBmc> bmcs = [];

    /// <summary>A BMC that accepts exactly this account.</summary>
    public FakeBmc Add(BmcTarget account, BmcIdentity identity) => bmcs[account.Address] = new FakeBmc(account, identity);

    public FakeBmc this[string address] => bmcs[address];

    public Task<IBmc> Open(BmcTarget target, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            if (!bmcs.TryGetValue(target.Address, out var bmc)) throw new BmcException(BmcFailure.Unreachable, $"BMC {target.Address}: nothing there.");
            return Task.FromResult<IBmc>(new FakeSession(bmc, bmc.Open(target)));
        }
        catch (BmcException e)
        {
            return Task.FromException<IBmc>(e);
        }
    }
}

/// <summary>A session; its first action ends the account's others.</summary>
internal sealed class FakeSession(FakeBmc bmc, int session) : IBmc
{
    bool alone;

    public Task<BmcIdentity> Identify(CancellationToken cancellation) => Step("identify", () => bmc.Identity, cancellation);

    public Task<PowerState> ReadPower(CancellationToken cancellation) => Step("read-power", bmc.ReadPower, cancellation);

    public Task<BmcSight> Look(CancellationToken cancellation) => Step("look", () => new BmcSight(bmc.Identity, bmc.ReadPower(), bmc.MemoryMiB, bmc.Sockets), cancellation);

    public Task<BootOverride> ReadBootOnce(CancellationToken cancellation) => Step("read-boot", () => bmc.Boot, cancellation);

    public Task RequestPower(PowerRequest request, CancellationToken cancellation) =>
        Act($"power {request}", () => bmc.Request(request == PowerRequest.On ? PowerState.On : PowerState.Off), cancellation);

    public Task SetBootOnce(BootOverride target, CancellationToken cancellation) => Act($"boot {target}", () => bmc.SetBoot(target), cancellation);

    public Task SetPassword(string password, CancellationToken cancellation) => Act("password", () => bmc.SetPassword(password), cancellation);

    public Task SetIndicator(bool on, CancellationToken cancellation) => Act($"light {(on ? "on" : "off")}", () => bmc.SetLight(on), cancellation);

    public Task<bool> ReadIndicator(CancellationToken cancellation) => Step("read-light", () => bmc.Lit, cancellation);

    public Task ResetController(CancellationToken cancellation) => Act("reset", () => bmc.EndAll(), cancellation);

    public ValueTask DisposeAsync()
    {
        bmc.End(session);
        return ValueTask.CompletedTask;
    }

    Task Act(string what, Func<bool> work, CancellationToken cancellation) => Step(what, () =>
    {
        if (!alone) bmc.EndOthers(session);
        alone = true;
        return work();
    }, cancellation);

    Task<T> Step<T>(string what, Func<T> work, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        try
        {
            return Task.FromResult(bmc.Step(what, () => bmc.Ended(session) ? throw bmc.Failed(BmcFailure.Unauthorized) : work()));
        }
        catch (BmcException e)
        {
            return Task.FromException<T>(e);
        }
    }
}
