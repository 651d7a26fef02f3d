using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Sim;

/// <summary>
/// A simulated server: its firmware asks PPEC over real HTTP what to boot, PIOUS on it runs the agent's protocol, and a system installed on its disk calls home.
/// No thread is held while it waits.
/// </summary>
public sealed class SimMachine(MachinePlan plan, SimMemory memory, SimWorld world) : IPoweredMachine
{
    readonly SemaphoreSlim button = new(1, 1);
    CancellationTokenSource? power;
    Task life = Task.CompletedTask;
    volatile string phase = "off";

    public MachineFace Face => SimHardware.Face(Plan);

    public string Phase => phase;

    public MachinePlan Plan { get; private set; } = plan;

    public SimMemory Memory => memory;

    /// <summary>From now on these are its faults: a DIMM that was there a moment ago is gone, as after a visit of somebody.</summary>
    public void Break(ImmutableArray<string> faults) => Plan = Plan with { Faults = faults };

    public Task<bool> IsOn(CancellationToken cancellation) => Task.FromResult(power is not null);

    public async Task PowerOn(BootDevice device, CancellationToken cancellation)
    {
        await button.WaitAsync(cancellation);
        try
        {
            if (power is not null) return;
            memory.On = true;
            power = new CancellationTokenSource();
            life = Live(device, power);
        }
        finally
        {
            button.Release();
        }
    }

    public async Task PowerOff(CancellationToken cancellation)
    {
        await button.WaitAsync(cancellation);
        try
        {
            if (power is not { } current) return;
            memory.On = false;
            power = null;
            await current.CancelAsync();
            await life; // nothing of the old life writes after this
        }
        finally
        {
            button.Release();
        }
    }

    /// <summary>Firmware ignores the button; PIOUS and an installed system obey it.</summary>
    public Task Shutdown(CancellationToken cancellation) => phase is "os" || phase.StartsWith("pious", StringComparison.Ordinal) ? PowerOff(cancellation) : Task.CompletedTask;

    /// <summary>After the lab itself was killed: a machine that was on starts over, as after a short power cut.</summary>
    public Task Resume(CancellationToken cancellation) => memory.On ? PowerOn(BootDevice.Default, cancellation) : Task.CompletedTask;

    internal void Enter(string next)
    {
        phase = next;
        world.Log.Phase(Plan.Name, next);
    }

    async Task Live(BootDevice device, CancellationTokenSource mains)
    {
        await Task.Yield();
        try
        {
            await Boot(device, mains.Token);
            if (mains.IsCancellationRequested) return;
        }
        catch (OperationCanceledException) when (mains.IsCancellationRequested)
        {
            return; // the plug was pulled
        }
        catch (SessionEndedException e)
        {
            world.Log.Trouble(Plan.Name, e.Message);
        }
        catch (Exception e)
        {
            world.Log.Broke(e, Plan.Name);
        }
        finally
        {
            phase = "off";
        }

        memory.On = false; // it switched itself off; first the memory, so that a new start cannot be forgotten
        Interlocked.CompareExchange(ref power, null, mains);
    }

    async Task Boot(BootDevice device, CancellationToken mains)
    {
        for (var pause = TimeSpan.FromSeconds(1); ; pause = pause < TimeSpan.FromSeconds(10) ? pause * 2 : pause)
        {
            Enter("firmware");
            await world.Pace(mains);
            if (device != BootDevice.Disk)
            {
                Enter("network-boot");
                switch (await NetworkBoot(mains))
                {
                    case BootOutcome.Kernel kernel:
                        await new SimPious(this, world).Run(kernel.Arguments, mains);
                        return;
                    case BootOutcome.Failed failed:
                        world.Log.Trouble(Plan.Name, failed.Why);
                        break;
                }
            }

            if (Plan.FittedDisks.Select(d => memory.Disk(d.Serial).System).FirstOrDefault(s => s is not null) is not null)
            {
                await RunInstalled(mains);
                return;
            }

            Enter("no-boot-device");
            await Task.Delay(pause, mains);
            device = BootDevice.Default;
        }
    }

    Task<BootOutcome> NetworkBoot(CancellationToken mains)
    {
        var settings = new Dictionary<string, string>
        {
            ["net0/mac"] = Plan.Macs[0], ["uuid"] = Plan.Uuid, ["serial"] = Plan.Serial, ["manufacturer"] = Face.Manufacturer, ["product"] = Face.Model,
            ["platform"] = Plan.Firmware == FirmwareKind.Uefi ? "efi" : "pcbios", ["buildarch"] = Plan.Firmware == FirmwareKind.Uefi ? "x86_64" : "i386",
        };
        return new IpxeScript(settings, url => world.Fetch(url, mains), pause => Task.Delay(pause, mains)).Run(new Uri(world.Ppec, "/boot/ipxe"));
    }

    /// <summary>It calls home at every start. The first call is awaited by an operation; later ones tell what runs and on what.</summary>
    async Task RunInstalled(CancellationToken mains)
    {
        var disk = Plan.FittedDisks.First(d => memory.Disk(d.Serial).System is not null);
        var system = memory.Disk(disk.Serial).System!;
        Enter("os");
        await world.Pace(mains);
        if (Uri.TryCreate(system.BeaconUrl, UriKind.Absolute, out var url))
        {
            ImmutableArray<string> serials = [.. Plan.FittedDisks.Select(d => d.Serial)];
            var beacon = new Beacon(system.Token, system.Machine, system.Hostname, system.Image.Image, SimHardware.Evidence(Plan), serials, Plan.MemoryMiB);
            using var answer = await world.Insist(HttpMethod.Post, url, null, beacon, mains);
            if (!answer.IsSuccessStatusCode) world.Log.Trouble(Plan.Name, $"the beacon was answered {(int)answer.StatusCode}");
            if (!system.Beaconed) memory.Keep(disk.Serial, new SimDisk(system with { Beaconed = true }, false));
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, mains);
    }
}
