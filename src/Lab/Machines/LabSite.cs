using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Ppec.Lab.Bmcs;
using Ppec.Lab.Plan;
using Ppec.Lab.Sim;

namespace Ppec.Lab.Machines;

/// <summary>One line of <c>ppec-lab status</c>. <paramref name="Requests"/>, <paramref name="PowerActions"/> and <paramref name="Writes"/>: what its BMC was asked since the lab came up.</summary>
public sealed record MachineStatus(string Name, string Kind, string Serial, string Bmc, string Power, string Phase, ImmutableArray<string> Faults, int Requests = 0, int PowerActions = 0, int Writes = 0);

/// <summary>How a lab is run.</summary>
/// <param name="SimDelay">What each piece of a simulated machine's work takes.</param>
/// <param name="FirstPort">BMC ports are looked for from here up.</param>
public sealed record SiteOptions(Uri Ppec, TimeSpan SimDelay, int FirstPort = 21000);

/// <summary>A running virtual data centre: its machines, and their BMCs on loopback ports.</summary>
public sealed class LabSite : IAsyncDisposable
{
    const string User = "admin";
    readonly OrderedDictionary<string, (MachinePlan Plan, IPoweredMachine Machine)> machines = [];
    readonly Dictionary<string, BmcEmulator> bmcs = [];
    readonly List<X509Certificate2> certificates = [];
    readonly SimWorld world;
    readonly LabFolder folder;
    BmcServer? server;

    LabSite(LabFolder folder, SiteOptions options, ILogger log) => (this.folder, world) = (folder, new SimWorld(options.Ppec, options.SimDelay, log));

    public IReadOnlyDictionary<string, BmcEmulator> Bmcs => bmcs;

    public ImmutableArray<RackSheetRow> Rows { get; private set; } = [];

    /// <summary>Starts every BMC and takes up what an earlier run left. <paramref name="qemu"/> makes a machine under libvirt.</summary>
    public static async Task<LabSite> Start(LabPlan plan, LabFolder folder, SiteOptions options, Func<MachinePlan, IPoweredMachine> qemu, ILogger log, CancellationToken cancellation)
    {
        var site = new LabSite(folder, options, log);
        try
        {
            foreach (var machine in plan.Machines)
            {
                site.machines.Add(machine.Name, (machine, machine.Kind == MachineKind.Qemu ? qemu(machine) : new SimMachine(machine, new SimMemory(folder.Of(machine.Name, "sim.json")), site.world)));
            }

            await site.Serve(plan, options, cancellation);
            foreach (var sim in site.machines.Values.Select(m => m.Machine).OfType<SimMachine>()) await sim.Resume(cancellation);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Replaces a machine's faults while it runs. Of a QEMU machine only those of its BMC: its hardware is fixed when it starts.</summary>
    public void Break(string name, ImmutableArray<string> faults)
    {
        var (plan, machine) = machines.TryGetValue(name, out var known) ? known : throw new PlanException($"There is no machine {name}.");
        var applied = new BmcFaults();
        var hardware = faults.Where(f => !applied.Apply(f)).ToImmutableArray();
        if (hardware.FirstOrDefault(f => !MachinePlan.HardwareFaults.Contains(f)) is { } unknown) throw new PlanException($"There is no fault {unknown}.");
        if (machine is SimMachine sim) sim.Break(faults);
        else if (hardware.Length > 0) throw new PlanException($"{name} is a QEMU machine; {hardware[0]} goes into lab.yaml, before it starts.");
        bmcs[name].Faults.Clear();
        foreach (var fault in faults) bmcs[name].Faults.Apply(fault);
        machines[name] = (plan with { Faults = faults }, machine);
    }

    public async Task<List<MachineStatus>> Status(CancellationToken cancellation)
    {
        List<MachineStatus> status = [];
        foreach (var ((plan, machine), row) in machines.Values.Zip(Rows))
        {
            var on = await machine.IsOn(cancellation);
            status.Add(new(plan.Name, Kind(plan), plan.Serial, row.BmcAddress, on ? "on" : "off", machine.Phase, plan.Faults, bmcs[plan.Name].Requests, bmcs[plan.Name].Power.Actions, bmcs[plan.Name].Writes));
        }

        return status;
    }

    /// <summary>Pulls every plug: a lab that is down has nothing running.</summary>
    public async ValueTask DisposeAsync()
    {
        if (server is not null) await server.DisposeAsync();
        foreach (var (_, machine) in machines.Values)
        {
            if (machine is IAsyncDisposable forgotten) await forgotten.DisposeAsync();
            else await machine.PowerOff(CancellationToken.None);
        }

        world.Dispose();
        certificates.ForEach(c => c.Dispose());
    }

    async Task Serve(LabPlan plan, SiteOptions options, CancellationToken cancellation)
    {
        var notes = folder.Notes with { Ppec = options.Ppec.ToString() };
        var strangers = plan.Machines.Where(m => !notes.Ports.ContainsKey(m.Name)).ToList();
        var ports = BmcServer.FreePorts(plan.BmcNetwork is null ? strangers.Count + 1 : 2, options.FirstPort, notes.Ports.Values.Append(notes.StatusPort).ToHashSet());
        var shared = notes.Addresses.Keys.Select(m => notes.Ports[m]).FirstOrDefault(ports[0]);
        foreach (var (machine, i) in strangers.Select((m, i) => (m, i)))
        {
            notes.Ports[machine.Name] = plan.BmcNetwork is null ? ports[i] : shared;
            if (plan.BmcNetwork is { } network) notes.Addresses[machine.Name] = Address(network, notes.Addresses.Count + 1).ToString();
        }

        if (notes.StatusPort == 0) notes = notes with { StatusPort = ports[^1] };
        folder.Notes = notes;

        List<BmcListener> listeners = [new(notes.StatusPort, Control)];
        List<RackSheetRow> rows = [];
        // Cables plugged into each other's sockets: the label says one machine, the BMC speaks for the other.
        var swaps = plan.Machines.Where(m => m.SwapBmcWith is not null).DistinctBy(m => m.SwapBmcWith).ToDictionary(m => m.SwapBmcWith!, m => m.Name);
        foreach (var machine in plan.Machines)
        {
            X509Certificate2? certificate = plan.Https ? BmcCertificate.LoadOrCreate(folder.Of(machine.Name, "bmc.pem")) : null;
            if (certificate is not null) certificates.Add(certificate);
            var bmc = bmcs[machine.Name] = new BmcEmulator(machines[machine.SwapBmcWith ?? swaps.GetValueOrDefault(machine.Name) ?? machine.Name].Machine, User, folder.CurrentPassword(machine.Name), Faults(machine), TimeProvider.System, next => folder.ChangePassword(machine.Name, next));
            var (port, address) = (notes.Ports[machine.Name], notes.Addresses.TryGetValue(machine.Name, out var own) ? IPAddress.Parse(own) : null);
            listeners.Add(new BmcListener(port, bmc.Serve, certificate, address));
            rows.Add(Row(machine, new(address ?? IPAddress.Loopback, port), certificate));
        }

        Rows = [.. rows];
        RackSheet.Write(folder, Rows);
        server = await BmcServer.Start(listeners, cancellation);
    }

    /// <summary>For <c>ppec-lab status</c> (GET) and <c>ppec-lab fault</c> (POST); and <c>/traffic</c> for those who measure.</summary>
    async Task Control(HttpContext http)
    {
        try
        {
            if (HttpMethods.IsPost(http.Request.Method)) Break(http.Request.Query["machine"].ToString(), [.. http.Request.Query["fault"].OfType<string>()]);
            if (http.Request.Path == "/traffic") await http.Response.WriteAsJsonAsync(world.Traffic.Take(), http.RequestAborted);
            else await http.Response.WriteAsJsonAsync(await Status(http.RequestAborted), http.RequestAborted);
        }
        catch (PlanException e)
        {
            http.Response.StatusCode = 400;
            await http.Response.WriteAsync(e.Message, http.RequestAborted);
        }
    }

    static IPAddress Address(IPNetwork network, int number)
    {
        var bytes = network.BaseAddress.GetAddressBytes();
        BinaryPrimitives.WriteUInt32BigEndian(bytes, BinaryPrimitives.ReadUInt32BigEndian(bytes) + (uint)number);
        return new IPAddress(bytes);
    }

    static BmcFaults Faults(MachinePlan machine)
    {
        var faults = new BmcFaults();
        foreach (var fault in machine.Faults) faults.Apply(fault);
        return faults;
    }

    RackSheetRow Row(MachinePlan machine, IPEndPoint bmc, X509Certificate2? certificate) => new()
    {
        Name = machine.Name,
        Kind = Kind(machine),
        Serial = machine.Serial,
        Uuid = machine.Uuid,
        Rack = machine.Rack,
        Unit = machine.Unit,
        Macs = [.. machine.Macs],
        BmcAddress = $"{(certificate is null ? "http" : "https")}://{bmc}",
        BmcUser = User,
        BmcPasswordFile = folder.Of(machine.Name, "bmc-password"),
        BmcCertificate = certificate is null ? null : BmcCertificate.Pin(certificate),
        Cpus = machine.Cpus,
        MemoryMiB = machine.Dimms.Sum(d => d.SizeMiB),
        Dimms = [.. machine.Dimms],
        Disks = [.. machine.Disks],
        Firmware = machine.Firmware == FirmwareKind.Uefi ? "uefi" : "bios",
    };

    static string Kind(MachinePlan machine) => machine.Kind == MachineKind.Qemu ? "qemu" : "sim";
}
