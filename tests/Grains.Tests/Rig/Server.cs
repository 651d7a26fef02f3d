using System.Collections.Concurrent;
using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Secrets;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Fake;

namespace Ppec.Grains.Tests.Rig;

/// <summary>One server: what is in it, its BMC, and what boots on it. Honest unless told otherwise.</summary>
public sealed class Server
{
    readonly World _world;
    readonly ConcurrentDictionary<string, TaskResult> _journal = [];
    CancellationTokenSource _mains = new();
    (string Token, InstallPlan Plan)? _disk;

    public Server(World world, int number)
    {
        (_world, Number, Serial) = (world, number, $"SRV{number:0000}");
        Mac = $"52:54:00:00:{number >> 8:x2}:{number & 255:x2}";
        Hardware = new(
            new("Dell Inc.", "R650", Serial, Uuid), new("Dell Inc.", "0PJ7YJ", $"B-{Serial}"), new("Dell Inc.", "2.10.3", "2025-06-01"),
            [new("CPU.1", "Xeon", 32, 64)], [new("A1", 16384, "Hynix", "HMA82", $"D1-{Serial}", 3200), new("A2", 16384, "Hynix", "HMA82", $"D2-{Serial}", 3200)],
            [new("nvme-1", "nvme0n1", "PM9A3", DiskSerial, "", 960_197_124_096, false, "nvme", "G1")],
            [new("nic-1", "eno1", Mac, "mlx5_core", true, 25000)], [], [new(0, 64, 32000)], new(true, "2.0"), 32000, "uefi");
    }

    public int Number { get; }
    public string Serial { get; init; }
    public string Id => MachineId.Of(Serial);
    public string Uuid => $"4c4c4544-0043-3410-804b-{Number:x12}";
    public string Mac { get; }
    public string DiskSerial => $"NV-{Serial}";
    public string BmcAddress => $"https://10.0.{Number >> 8}.{Number & 255}";
    public Inventory Hardware { get; set; }
    public FakeBmc Bmc { get; private set; } = null!;

    /// <summary>Who it says it is.</summary>
    public MachineEvidence Evidence => new(Hardware.System.Serial, Hardware.System.Uuid, Hardware.Board.Serial, [.. Hardware.Nics.Select(n => n.Mac)]);

    /// <summary>Changes what the agent reports of a task.</summary>
    public Func<string, TaskResult, TaskResult> Reports { get; set; } = (_, result) => result;

    /// <summary>For tests whose lies begin only once the machine is where they want it.</summary>
    public bool Reporting { get; set; }

    /// <summary>Steps at which it never answers: the agent at its tasks, PIOUS at <c>await-pious</c>, the system at <c>await-first-boot</c>.</summary>
    public Func<string, bool> Silent { get; set; } = _ => false;

    /// <summary>Awaited before it answers at a step.</summary>
    public Func<string, Task> Pause { get; set; } = _ => Task.CompletedTask;

    /// <summary>Changes the beacon of the installed system.</summary>
    public Func<Beacon, Beacon> Calls { get; set; } = beacon => beacon;

    public ConcurrentQueue<string> Tokens { get; } = [];
    public ConcurrentQueue<string> Credentials { get; } = [];
    public ConcurrentQueue<AgentTask> Tasks { get; } = [];
    public ConcurrentQueue<Problem> Refusals { get; } = [];

    /// <summary>How often a task was really carried out; asked again after a lost answer, the journal answers.</summary>
    public ConcurrentDictionary<string, int> Done { get; } = [];

    public RackMachine Rack(string? profile) => new(Id, Serial, new(World.Region, World.RackId, Number), new("redfish", BmcAddress, "ppec", new SecretRef("", 0), null), profile, [], null);

    public ProvisionMachine Provision(string hostname = "web-1") => new(Id, new("debian@1", hostname, "payments"), null);

    public void PlugIn()
    {
        Bmc = _world.Rack.Add(new(BmcAddress, "ppec", World.BmcPassword, null, 0), new(Serial, Uuid, "Dell Inc.", "R650"));
        Bmc.Powered = (state, from) =>
        {
            _mains.Cancel();
            _mains = new();
            if (state == PowerState.On) _ = Run(from, _mains.Token);
        };
    }

    async Task Run(BootOverride from, CancellationToken mains)
    {
        await Task.Yield(); // the BMC is still answering
        try
        {
            if (from == BootOverride.Network)
            {
                var boot = await _world.Insist(g => g.Boot(Mac, Uuid, Hardware.System.Serial, "10.9.0.1"), mains);
                if (boot.Token is { } token)
                {
                    Tokens.Enqueue(token);
                    if (!Silent("await-pious")) await Pious(token, mains);
                    return;
                }
            }
            if (_disk is not null && !Silent("await-first-boot")) await CallHome(mains);
        }
        catch (OperationCanceledException) { /* the power went */ }
    }

    async Task Pious(string token, CancellationToken mains)
    {
        SessionGranted? session = null;
        var nonce = Guid.NewGuid().ToString("N");
        await Pause("await-pious").WaitAsync(mains);
        while (session is null)
        {
            var answer = await _world.Insist(g => g.Connect(new(token, nonce, Evidence, "test"), "10.9.0.1"), mains);
            session = answer.Value;
            if (session is null && Over(answer.Problem)) return;
            if (session is null) await Task.Delay(TimeSpan.FromMilliseconds(100), _world.Time, mains);
        }
        Credentials.Enqueue(session.Credential);
        while (true)
        {
            var next = await _world.Insist(g => g.NextTask(session.Credential, TimeSpan.FromSeconds(20)), mains);
            if (Over(next.Problem)) return;
            if (next.Value is not { } task) continue;
            Tasks.Enqueue(task);
            var step = task.Id.Split('.')[1];
            await Pause(step).WaitAsync(mains);
            if (Silent(step)) await Task.Delay(Timeout.Infinite, mains);
            await _world.Insist(g => g.Progress(session.Credential, task.Id, new(50, "half way", ["a line"])), mains);
            var result = _journal.GetOrAdd(task.Id, _ => Reports(step, Work(task)));
            var answer = await _world.Insist(g => g.Result(session.Credential, task.Id, result), mains);
            if (Over(answer.Problem)) return;
            if (answer.Problem is not null) await Task.Delay(TimeSpan.FromMilliseconds(100), _world.Time, mains);
        }
    }

    /// <summary>The session or token is refused for good: a real agent powers the machine off.</summary>
    bool Over(Problem? problem)
    {
        if (problem is null) return false;
        Refusals.Enqueue(problem);
        return problem.Code is ProblemCodes.Unauthenticated or ProblemCodes.BootTokenRefused or ProblemCodes.MachineIdentityMismatch or ProblemCodes.Forbidden;
    }

    TaskResult Work(AgentTask task)
    {
        Done.AddOrUpdate(task.Id, 1, (_, n) => n + 1);
        return task.Work switch
        {
            GatherInventory => new(null, Inventory: Hardware),
            CheckHealth => new(null, Health: new([new("memory", "A1", HealthStatus.Passed, "1024 MiB")])),
            InstallImage i => Install(i),
            WipeDisks w => Wipe(w),
            _ => new("unknown work"),
        };
    }

    TaskResult Install(InstallImage work)
    {
        _disk = (work.FirstBootToken, work.Plan);
        return new(null, Install: new(work.Plan.RootDisk.Serial, work.Plan.Image.DiskSizeBytes, work.Plan.Image.DiskSha256, work.Plan.Image.DiskSha256));
    }

    TaskResult Wipe(WipeDisks work)
    {
        _disk = null;
        var now = _world.Time.Now;
        return new(null, Wipe: new([.. work.Disks.Select(d => new DiskWipe(d.Serial, d.Wwn, "nvme-format", "purge", true, 100, now, now, null))]));
    }

    async Task CallHome(CancellationToken mains)
    {
        await Pause("await-first-boot").WaitAsync(mains);
        var (token, plan) = _disk!.Value;
        var beacon = Calls(new(token, Id, plan.Hostname, plan.Image.Image, Evidence, [DiskSerial], Hardware.MemoryMiB));
        while (true)
        {
            var answer = await _world.Insist(g => g.Beacon(beacon, "10.9.0.77"), mains);
            if (answer.Problem is { } problem) Refusals.Enqueue(problem);
            if (answer.Problem?.Code is not (ProblemCodes.Unavailable or ProblemCodes.OutcomeUnknown)) return;
            await Task.Delay(TimeSpan.FromMilliseconds(100), _world.Time, mains);
        }
    }
}
