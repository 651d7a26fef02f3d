using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Drivers.Fake;
using Ppec.Grains.Access;
using Ppec.Stores.Codec;
using Ppec.Stores.Memory;

namespace Ppec.Grains.Tests.Rig;

/// <summary>A data centre with one rack, its log, its time, and the silo of the moment. Everything but the silo outlives a restart.</summary>
public sealed class World : IAsyncLifetime
{
    public const string Region = "blr1";
    public const string RackId = "blr1.r1";
    public const string BmcPassword = "correct-horse-battery-staple";

    static readonly ImageContent Content = new("raw+gzip", new string('a', 64), 400_000_000, new string('b', 64), 2_000_000_000, "uefi");

    readonly ECDsa _signer = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly string _folder = Directory.CreateTempSubdirectory("ppec-grains-").FullName;
    TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    SiloHost? _silo;
    int _servers;

    public World() : this(new MemoryEventStore()) { }

    /// <summary>On another log than one in memory; who gave it closes it.</summary>
    internal World(IEventStore log)
    {
        Store = new(log);
        Options = new() { TrustedImageKeys = [_signer.ExportSubjectPublicKeyInfo()], WatchEvery = TimeSpan.Zero, AllowLoopback = true }; // a test that watches says so
        Watch = new(Store.Log);
        Network = new(Rack);
    }

    public bool Gateway { get; init; }
    public ScriptedStore Store { get; }
    public VirtualTime Time { get; } = new(new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero));
    public FakeRack Rack { get; } = new();
    public SlowNetwork Network { get; }
    public MemorySecrets Secrets { get; } = new();
    public MemoryImages Images { get; } = new();
    public Refusals Attempts { get; } = new();
    public CapturedLog Logs { get; } = new();
    public PpecOptions Options { get; set; }
    public Watch Watch { get; }
    public byte[] TicketKey { get; } = RandomNumberGenerator.GetBytes(32);
    public string Token { get; } = Tokens.New("pat", "test");
    public string ReadModelFile => Path.Combine(_folder, "read.db");
    public SiloHost Silo => _silo ?? throw new InvalidOperationException("No silo runs now.");

    public IGateGrain Gate => Silo.Grains.GetGrain<IGateGrain>(0);
    public IMachineGateGrain MachineGate => Silo.Grains.GetGrain<IMachineGateGrain>(0);

    public async ValueTask InitializeAsync()
    {
        await Start();
        await Inside(g => g.GetGrain<ICredentialGrain>("test").Execute(
            new IssueCredential("test", "admin", Tokens.Hash(Token)) { At = Time.Now }, new("system:test", "internal", "internal", "issue/test", "")));
        await Done(new CreateRegion(Region, "Bengaluru"));
        await Done(new CreateRack(RackId, Region, 100, "A", "A", "sw1"));
        await Done(new CreateProfileVersion("compute", new ProfileSpec(new CpuSpec(1))));
        var signature = _signer.SignData(Encoding.UTF8.GetBytes(ImageVersion.SignedBytes("debian", Content)), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        await Done(new RegisterImage("debian", Content, Convert.ToBase64String(signature)));
    }

    public async Task Start()
    {
        _silo = await SiloHost.Start(this, Gateway);
        _up.TrySetResult();
    }

    /// <summary>The silo is killed; another takes over on the same log.</summary>
    public async Task Restart()
    {
        _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var old = Silo;
        _silo = null;
        await old.Kill();
        Time.Advance(TimeSpan.FromSeconds(1)); // no node comes back in the millisecond it went: what a machine was given before is older than what it is given now
        await Start();
    }

    /// <summary>The silo is killed, and every file deleted: read model, snapshots, whatever there is. Another silo has the log and nothing else.</summary>
    public async Task Rebuild()
    {
        var old = Silo;
        _silo = null;
        await old.Kill();
        foreach (var file in Directory.GetFiles(_folder)) File.Delete(file);
        await Start();
    }

    /// <summary>Asks until a silo answers, as an agent does.</summary>
    public async Task<T> Insist<T>(Func<IMachineGateGrain, Task<T>> ask, CancellationToken mains)
    {
        while (true)
        {
            await _up.Task.WaitAsync(mains);
            try { return await ask(MachineGate).WaitAsync(mains); }
            catch (Exception e) when (e is not OperationCanceledException || !mains.IsCancellationRequested) { await Task.Delay(TimeSpan.FromMilliseconds(5), mains); }
        }
    }

    /// <summary>What the sweep does to every open operation, now and for one: a test need not race the sweep's own timer.</summary>
    public Task Wake(string operation, Server server) => Inside(async g =>
    {
        await g.GetGrain<IOperationGrain>(operation).Wake(server.Id);
        return true;
    });

    /// <summary>The watch has seen all that is in the log now.</summary>
    public async Task Seen() => await Watch.Reach(await Store.End(default));

    public Task<T> Inside<T>(Func<IGrainFactory, Task<T>> work) => Silo.Inside.Run(work);

    public Task<GateAnswer> Send(Command command, string? key = null, SecretText? secret = null, long? ifMatch = null, bool planOnly = false, string? token = null) =>
        Gate.Execute(new(token ?? Token, key, "10.9.9.9", command, "because", "T-1", ifMatch, planOnly, secret));

    public async Task<GateAnswer> Done(Command command, SecretText? secret = null)
    {
        var answer = await Send(command, secret: secret);
        Assert.True(answer.Problem is null, $"{command}: {answer.Problem}");
        return answer;
    }

    /// <summary>A server bolted in and racked through the gate; its fake BMC and agent answer for it.</summary>
    public async Task<Server> Racked(Action<Server>? as_ = null, bool profile = true)
    {
        var server = new Server(this, Interlocked.Increment(ref _servers));
        as_?.Invoke(server);
        server.PlugIn();
        await Done(server.Rack(profile ? "compute" : null), new SecretText(BmcPassword));
        return server;
    }

    public async Task<Server> Spare(Action<Server>? as_ = null)
    {
        var server = await Racked(as_);
        var operation = await Begin(new InspectMachine(server.Id));
        Assert.Equal(Ending.Succeeded, (await Finish(operation)).Result);
        Assert.IsType<MachineState.Spare>(State(server.Id));
        return server;
    }

    public async Task<Server> Baremetal(Action<Server>? as_ = null)
    {
        var server = await Spare(as_);
        Assert.Equal(Ending.Succeeded, (await Finish(await Begin(server.Provision()))).Result);
        Assert.IsType<MachineState.Baremetal>(State(server.Id));
        return server;
    }

    /// <summary>Sends a command that starts an operation, and answers its id.</summary>
    public async Task<string> Begin(Command command) => (await Done(command)).Operation!;

    /// <summary>
    /// Drives time by what the log says, until the operation has ended: to the next attempt after a failure, to the deadline of what stays <paramref name="silent"/>.
    /// </summary>
    public async Task<OperationEnded> Finish(string operation, Func<string, bool>? silent = null, Func<IDomainEvent, Task>? at = null)
    {
        for (var number = 0; ; number++)
        {
            var (e, _) = await Watch.For<OperationEvent>($"operation-{operation}", "it went on", after: number);
            if (at is not null) await at(e);
            switch (e)
            {
                case StepStarted s when silent?.Invoke(s.Step) == true: await Pass(operation, s.Deadline); break;
                case StepFailed { RetryAt: { } retry }: await Pass(operation, retry); break;
                case UndoFailed { RetryAt: { } retry }: await Pass(operation, retry); break;
                case OperationEnded ended: return ended;
            }
        }
    }

    /// <summary>
    /// Moves time on, once the operation has set its timer. A fact is in the log before that, and a timer that is set while the clock jumps is set from where it landed.
    /// A question waits behind whatever the grain is doing, so its answer says that the timer is there.
    /// </summary>
    public async Task Pass(string operation, DateTimeOffset to)
    {
        await Inside(g => g.GetGrain<IOperationGrain>(operation).Read());
        Time.AdvanceTo(to);
        // In a node the sweep looks after every open operation too; here nobody moves time for a timer that was set a moment late.
        await Inside(async g => { await g.GetGrain<IOperationGrain>(operation).Wake(null); return true; });
    }

    public MachineState State(string machine) => Watch.Of($"machine-{machine}").Cast<MachineEvent>().Aggregate(Machine.Initial, Machine.Evolve);

    public OperationState Operation(string id) => Watch.Of($"operation-{id}").Cast<OperationEvent>().Aggregate(Domain.Operations.Operation.Initial, Domain.Operations.Operation.Evolve);

    /// <summary>What must hold whenever the dust has settled: no operation is open, on the machine's side or its own, and power is as the stage wants it.</summary>
    public void AtRest(Server server)
    {
        var state = Assert.IsAssignableFrom<MachineState.Known>(State(server.Id));
        Assert.Null(state.About.Operation);
        foreach (var operation in Watch.Facts.Where(f => f.Event is OperationStarted o && o.Machine == server.Id).Select(f => f.Stream[10..]))
            Assert.IsType<OperationState.Ended>(Operation(operation));
        Assert.All(Watch.Facts.GroupBy(f => f.Recorded.Id), g => Assert.Single(g));
    }

    /// <summary>Everything behaves again.</summary>
    public void Calm()
    {
        Store.Fails = _ => Fault.None;
        Store.Before = _ => Task.CompletedTask;
        Store.Unreadable = _ => false;
        Store.Coming = (_, _) => { };
        Network.Hold = _ => Task.CompletedTask;
        Images.Hold = () => Task.CompletedTask;
        Images.Whole = true;
    }

    public IReadOnlyList<string> HoldsOf(Server server) => [.. ((MachineState.Known)State(server.Id)).About.Holds.Keys];

    public async ValueTask DisposeAsync()
    {
        if (_silo is { } silo) await silo.DisposeAsync();
        await Watch.DisposeAsync();
        _signer.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
