using System.Xml.Linq;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Qemu;

/// <summary>Where a QEMU machine's parts are on the host.</summary>
public sealed record QemuParts(string Domain, string Type, string Console, string Nvram, IReadOnlyList<string> Disks, IReadOnlyList<string> Dimms, string BootFile);

/// <summary>
/// The libvirt domain of one machine. Disks, NICs and SMBIOS go past libvirt to QEMU: it has no words for several of them
/// (an emulated NVMe, a DHCP boot file, DIMMs), and what a disk says of itself is the point here.
/// </summary>
public static class DomainXml
{
    /// <summary>The serial's id in QEMU's object tree; <c>lan0</c> and <c>disk0</c>… are the others.</summary>
    const string Console = "console0";

    static readonly XNamespace qemu = "http://libvirt.org/schemas/domain/qemu/1.0";

    public static string Of(MachinePlan machine, QemuParts parts, BootDevice boot) => new XElement("domain",
        new XAttribute("type", parts.Type), new XAttribute(XNamespace.Xmlns + "qemu", qemu.NamespaceName),
        new XElement("name", parts.Domain),
        new XElement("uuid", machine.Uuid),
        new XElement("memory", new XAttribute("unit", "MiB"), machine.MemoryMiB),
        new XElement("vcpu", machine.Cpus),
        Firmware(machine, parts),
        new XElement("features", new XElement("acpi"), new XElement("apic")),
        // The plainest CPU of QEMU lacks what .NET needs.
        new XElement("cpu", new XAttribute("mode", parts.Type == "kvm" ? "host-passthrough" : "maximum")),
        new XElement("clock", new XAttribute("offset", "utc")),
        new XElement("on_poweroff", "destroy"), new XElement("on_reboot", "restart"), new XElement("on_crash", "destroy"),
        // The state directory may be where libvirt's own user cannot go.
        new XElement("seclabel", new XAttribute("type", "static"), new XAttribute("model", "dac"), new XAttribute("relabel", "no"), new XElement("label", "+0:+0")),
        new XElement("devices",
            new XElement("emulator", "/usr/bin/qemu-system-x86_64"),
            new XElement("controller", new XAttribute("type", "usb"), new XAttribute("model", "none")),
            new XElement("memballoon", new XAttribute("model", "none")),
            new XElement("rng", new XAttribute("model", "virtio"), new XElement("backend", new XAttribute("model", "random"), "/dev/urandom"))),
        new XElement(qemu + "commandline", Arguments(machine, parts, boot).Select(a => new XElement(qemu + "arg", new XAttribute("value", a))))).ToString();

    static XElement Firmware(MachinePlan machine, QemuParts parts)
    {
        var type = new XElement("type", new XAttribute("arch", "x86_64"), new XAttribute("machine", "q35"), "hvm");
        return machine.Firmware == FirmwareKind.Bios
            // Nothing to boot: try again, as servers do.
            ? new XElement("os", type, new XElement("bios", new XAttribute("rebootTimeout", "5000")))
            : new XElement("os", type,
                new XElement("loader", new XAttribute("readonly", "yes"), new XAttribute("type", "pflash"), "/usr/share/OVMF/OVMF_CODE_4M.fd"),
                new XElement("nvram", new XAttribute("template", "/usr/share/OVMF/OVMF_VARS_4M.fd"), parts.Nvram));
    }

    static IEnumerable<string> Arguments(MachinePlan machine, QemuParts parts, BootDevice boot)
    {
        List<string> arguments =
        [
            "-machine", "graphics=off", // firmware and iPXE speak on the serial console too
            "-chardev", $"file,id={Console},path={Escape(parts.Console)},append=on", "-device", $"isa-serial,chardev={Console}",
            "-smbios", $"type=0,vendor=PPEC Lab,version=1.4.2,date=03/01/2024",
            "-smbios", $"type=1,manufacturer=PPEC Lab,product=QEMU R1,serial={Escape(machine.Serial)}",
            "-smbios", $"type=2,manufacturer=PPEC Lab,product=QEMU B1,serial={Escape(machine.Serial)}B",
            "-smbios", $"type=3,manufacturer=PPEC Lab,serial={Escape(machine.Serial)}C",
            "-smbios", "type=4,sock_pfx=CPU,manufacturer=PPEC Lab,version=Lab Processor 8000",
        ];
        foreach (var dimm in parts.Dimms) arguments.AddRange(["-smbios", $"file={Escape(dimm)}"]);
        var order = BootOrder(machine, boot);
        for (var i = 0; i < machine.Macs.Length; i++)
        {
            var (file, index) = i == 0 ? ($",bootfile={Escape(parts.BootFile)}", $",bootindex={order["lan0"]}") : ("", "");
            // Addresses from 0x10 up: below them libvirt puts root ports.
            arguments.AddRange(["-netdev", $"user,id=net{i}{file}", "-device", $"virtio-net-pci,id=lan{i},netdev=net{i},mac={machine.Macs[i]},addr=0x{0x10 + i:x}{index}"]);
        }

        for (var i = 0; i < machine.FittedDisks.Length; i++)
        {
            arguments.AddRange(["-drive", $"if=none,id=drive{i},file={Escape(parts.Disks[i])},format=raw,cache=unsafe,discard=unmap,detect-zeroes=unmap"]);
            arguments.AddRange(Disk(machine.FittedDisks[i], i, order[$"disk{i}"]));
        }

        return arguments;
    }

    /// <summary>Boot indices by device id: network first and then the disks, or for one boot the disks first.</summary>
    public static IReadOnlyDictionary<string, int> BootOrder(MachinePlan machine, BootDevice boot)
    {
        var disks = Enumerable.Range(0, machine.FittedDisks.Length).Select(i => $"disk{i}");
        IEnumerable<string> order = boot == BootDevice.Disk ? [.. disks, "lan0"] : ["lan0", .. disks];
        return order.Select((id, i) => (id, i)).ToDictionary(e => e.id, e => e.i + 1);
    }

    static string[] Disk(DiskPlan disk, int i, int bootIndex)
    {
        var (id, wwn) = ($"id=disk{i},drive=drive{i},bootindex={bootIndex},serial={Escape(disk.Serial)}", disk.Wwn.Length > 0 ? $",wwn={disk.Wwn}" : "");
        return disk.Bus switch
        {
            "sata" => ["-device", $"ide-hd,bus=ide.{i},{id},model={Escape(disk.Model)}{wwn}"],
            "nvme" => ["-device", $"nvme,addr=0x{0x14 + i:x},{id}"],
            "virtio" => ["-device", $"virtio-blk-pci,addr=0x{0x14 + i:x},{id}"],
            _ => ["-device", $"virtio-scsi-pci,id=hba{i},addr=0x{0x14 + i:x}", "-device", $"scsi-hd,bus=hba{i}.0,{id},vendor=PPECLAB,product={Escape(disk.Model)}{wwn}"],
        };
    }

    /// <summary>QEMU's options end at a comma unless it is doubled.</summary>
    static string Escape(string text) => text.Replace(",", ",,", StringComparison.Ordinal);
}
