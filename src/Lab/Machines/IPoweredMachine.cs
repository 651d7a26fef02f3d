namespace Ppec.Lab.Machines;

/// <summary>What a system boots from when it is switched on.</summary>
public enum BootDevice
{
    /// <summary>The order of its set-up: network first, then disk.</summary>
    Default,
    Network,
    Disk,
}

/// <summary>What a machine says of itself in its SMBIOS, and a BMC in its system resource.</summary>
public sealed record MachineFace(string Name, string Serial, string Uuid, string Manufacturer, string Model, int Cpus, long MemoryMiB, int Sockets = 1);

/// <summary>A machine as its mains see it. Every member may be asked twice.</summary>
public interface IPoweredMachine
{
    MachineFace Face { get; }

    /// <summary>What it is doing, in a word or two, for people: <c>off</c>, <c>network-boot</c>, <c>pious</c>, <c>os</c>…</summary>
    string Phase { get; }

    Task<bool> IsOn(CancellationToken cancellation);

    Task PowerOn(BootDevice device, CancellationToken cancellation);

    /// <summary>The plug is pulled.</summary>
    Task PowerOff(CancellationToken cancellation);

    /// <summary>The power button: whether anything happens is up to what runs on the machine.</summary>
    Task Shutdown(CancellationToken cancellation);
}
