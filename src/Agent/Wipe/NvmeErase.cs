using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;
using Ppec.Agent.Linux;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Wipe;

/// <summary>
/// NVMe Format with a secure erase, spoken through the kernel's admin passthrough. Cryptographic erase first where the controller has it
/// (NIST SP 800-88 counts both as purge for NVMe).
/// </summary>
internal static unsafe partial class NvmeErase
{
    const nuint AdminCommand = 0xC0484E41;
    const byte Identify = 0x06, Format = 0x80;
    const int UserDataErase = 1, CryptoErase = 2;

    internal static IReadOnlyList<DeviceErase> Offered(Disk disk)
    {
        try
        {
            using var handle = Open(disk);
            var controller = Ask(handle, ns: 0, cns: 1);
            var space = uint.Parse(NamespaceNumber().Match(disk.Name).Groups["id"].Value);
            return Choose(controller, onlyNamespace: IsOnly(disk.Name)).Select(way => new DeviceErase(
                way == CryptoErase ? "nvme-crypto-erase" : "nvme-format", "purge", LeavesNoise: way == CryptoErase, () => Run(disk, space, way))).ToList();
        }
        catch (IOException) { return []; } // a controller that does not answer offers nothing; overwriting will say what is wrong
    }

    /// <summary>
    /// The secure erase settings to try, from the identify data: OACS bit 1 = has Format; FNA bit 2 = crypto erase, bits 0 and 1 = formats or
    /// erases every namespace at once, which must not happen to a namespace nobody named.
    /// </summary>
    internal static IEnumerable<int> Choose(ReadOnlySpan<byte> controller, bool onlyNamespace)
    {
        var hasFormat = (BinaryPrimitives.ReadUInt16LittleEndian(controller[256..]) & 2) != 0;
        var fna = controller[524];
        if (!hasFormat || ((fna & 3) != 0 && !onlyNamespace)) return [];
        return (fna & 4) != 0 ? [CryptoErase, UserDataErase] : [UserDataErase];
    }

    static bool IsOnly(string name)
    {
        var controller = name[..name.LastIndexOf('n')];
        return Directory.EnumerateFileSystemEntries("/sys/block").Count(p => Path.GetFileName(p).StartsWith(controller + "n", StringComparison.Ordinal)) == 1;
    }

    static void Run(Disk disk, uint space, int secureErase)
    {
        using var handle = Open(disk);
        var lbaFormat = Ask(handle, space, cns: 0)[26] & 0x1F; // keep the sector size and metadata it has
        var command = new Command { Opcode = Format, Namespace = space, Cdw10 = (uint)(lbaFormat | (secureErase << 9)), TimeoutMs = 6 * 3600 * 1000 };
        Send(handle, ref command, $"NVMe format of {disk.Name}");
    }

    static byte[] Ask(SafeFileHandle handle, uint ns, uint cns)
    {
        var answer = new byte[4096];
        fixed (byte* p = answer)
        {
            var command = new Command { Opcode = Identify, Namespace = ns, Address = (ulong)p, DataLength = 4096, Cdw10 = cns, TimeoutMs = 10_000 };
            Send(handle, ref command, "NVMe identify");
        }

        return answer;
    }

    static void Send(SafeFileHandle handle, ref Command command, string what)
    {
        int status;
        fixed (Command* p = &command) status = Libc.IoControl(handle, AdminCommand, p);
        if (status < 0) throw Libc.Failure(what);
        if (status > 0) throw new IOException($"{what}: the controller answered status 0x{status:x}");
    }

    static SafeFileHandle Open(Disk disk)
    {
        var descriptor = Libc.Open($"/dev/{disk.Name}", Libc.ReadOnly | Libc.CloseOnExec, 0);
        return descriptor < 0 ? throw Libc.Failure($"opening {disk.Name}") : new SafeFileHandle(descriptor, ownsHandle: true);
    }

    /// <summary>struct nvme_passthru_cmd of linux/nvme_ioctl.h.</summary>
    [StructLayout(LayoutKind.Sequential)]
    struct Command
    {
        public byte Opcode, Flags;
        public ushort Reserved;
        public uint Namespace, Cdw2, Cdw3;
        public ulong Metadata, Address;
        public uint MetadataLength, DataLength, Cdw10, Cdw11, Cdw12, Cdw13, Cdw14, Cdw15, TimeoutMs, Result;
    }

    [GeneratedRegex("n(?<id>[0-9]+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex NamespaceNumber();
}
