using System.Security.Cryptography.X509Certificates;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Net;
using Ppec.Drivers.Redfish;
using Ppec.Lab.Bmcs;
using Ppec.Lab.Machines;

namespace Ppec.Drivers.Conformance.Bmc;

/// <summary>The lab's Redfish service over a machine that is only a switch.</summary>
public sealed class EmulatorRig : IBmcRig, IPoweredMachine
{
    static int nextPort = 30000 + (Environment.ProcessId % 100 * 20);
    readonly BmcFaults faults = new();
    readonly List<BootOverride> boots = [];
    BmcServer server = null!;

    EmulatorRig(string password) => Emulator = new BmcEmulator(this, "admin", password, faults, TimeProvider.System);

    public BmcEmulator Emulator { get; }

    public BmcFaults Faults => faults;

    /// <summary>All BMCs of tests are on this machine.</summary>
    public static AddressGuard Lab { get; } = new([], Loopback: true, "bmc-networks");

    public IBmcConnector Connector { get; } = new RedfishConnector(new() { Guard = Lab, ConnectTimeout = TimeSpan.FromSeconds(5), RequestTimeout = TimeSpan.FromSeconds(1), TaskPoll = TimeSpan.FromMilliseconds(10) });

    public BmcTarget Target { get; private set; } = null!;

    public BmcIdentity Identity => new(Face.Serial, Face.Uuid, Face.Manufacturer, Face.Model);

    public MachineFace Face { get; } = new("m1", "LAB-M1", "3f1b2c4d-0000-4000-8000-000000000001", "PPEC lab", "Switch", 1, 1024);

    public bool IsOn { get; private set; }

    public IReadOnlyList<BootOverride> Boots => boots;

    public string Phase => "";

    public static async Task<EmulatorRig> Start(X509Certificate2? certificate = null)
    {
        var rig = new EmulatorRig("correct horse");
        var port = BmcServer.FreePorts(1, Interlocked.Add(ref nextPort, 5), new HashSet<int>())[0];
        rig.server = await BmcServer.Start([new BmcListener(port, rig.Emulator.Serve, certificate)], TestContext.Current.CancellationToken);
        rig.Target = new BmcTarget($"{(certificate is null ? "http" : "https")}://127.0.0.1:{port}", "admin", "correct horse", certificate is null ? null : BmcCertificate.Pin(certificate), 1);
        return rig;
    }

    public void Start(Misbehaviour misbehaviour)
    {
        switch (misbehaviour)
        {
            case Misbehaviour.TimesOut: faults.Hang = true; break;
            case Misbehaviour.Garbage: faults.Garbage = true; break;
            case Misbehaviour.InternalErrors: faults.InternalErrors = true; break;
            case Misbehaviour.Dead: faults.Dead = true; break;
            case Misbehaviour.Liar: faults.Liar = true; break;
            case Misbehaviour.Lags: faults.LagReads = 3; break;
            case Misbehaviour.DropsAfterActing: faults.DropAfterActing = true; break;
        }
    }

    Task<bool> IPoweredMachine.IsOn(CancellationToken cancellation) => Task.FromResult(IsOn);

    public Task PowerOn(BootDevice device, CancellationToken cancellation)
    {
        if (!IsOn) boots.Add(device switch { BootDevice.Network => BootOverride.Network, BootDevice.Disk => BootOverride.Disk, _ => BootOverride.None });
        IsOn = true;
        return Task.CompletedTask;
    }

    public Task PowerOff(CancellationToken cancellation)
    {
        IsOn = false;
        return Task.CompletedTask;
    }

    public Task Shutdown(CancellationToken cancellation) => PowerOff(cancellation);

    public ValueTask DisposeAsync() => server.DisposeAsync();
}
