using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using Ppec.Agent.Linux;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Wipe;

/// <summary>What a disk's IDENTIFY data says of its security feature set (ACS, word 128).</summary>
public sealed record AtaSecurity(bool Supported, bool Enabled, bool Locked, bool Frozen, bool Enhanced)
{
    /// <summary>Reads 512 bytes of IDENTIFY DEVICE; anything shorter supports nothing.</summary>
    public static AtaSecurity Parse(ReadOnlySpan<byte> identify)
    {
        var word = identify.Length >= 512 ? BinaryPrimitives.ReadUInt16LittleEndian(identify[256..]) : (ushort)0;
        return new((word & 1) != 0, (word & 2) != 0, (word & 4) != 0, (word & 8) != 0, (word & 32) != 0);
    }
}

/// <summary>
/// ATA SECURITY ERASE UNIT through hdparm. Only the enhanced erase of a magnetic disk is called purge; for flash, and for the plain erase,
/// we certify no more than clear.
/// </summary>
internal static class AtaErase
{
    const nuint GetIdentity = 0x030D;
    const string Password = "ppec"; // set for the erase only: the disk drops it when it is done

    internal static IReadOnlyList<DeviceErase> Offered(Disk disk)
    {
        try { return [.. Choose(AtaSecurity.Parse(Identify(disk)), disk)]; }
        catch (IOException) { return []; } // behind a SAS expander or a RAID card there is no ATA to speak to
    }

    /// <summary>The kernel's copy, from when it found the disk: asking the disk again upsets some of them.</summary>
    static unsafe byte[] Identify(Disk disk)
    {
        var descriptor = Libc.Open(Device(disk), Libc.ReadOnly | Libc.CloseOnExec, 0);
        if (descriptor < 0) throw Libc.Failure($"opening {disk.Name}");
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        var answer = new byte[512];
        fixed (byte* p = answer)
            if (Libc.IoControl(handle, GetIdentity, p) != 0) throw Libc.Failure($"identity of {disk.Name}");
        return answer;
    }

    /// <summary>A frozen or locked disk, or one with a password of somebody else's, is left alone.</summary>
    internal static IEnumerable<DeviceErase> Choose(AtaSecurity security, Disk disk)
    {
        if (security is not { Supported: true, Enabled: false, Locked: false, Frozen: false }) yield break;
        if (security.Enhanced) yield return new("ata-secure-erase", disk.Rotational ? "purge" : "clear", LeavesNoise: true, () => Run(disk, "--security-erase-enhanced"));
        yield return new("ata-secure-erase", "clear", LeavesNoise: false, () => Run(disk, "--security-erase"));
    }

    static void Run(Disk disk, string erase)
    {
        Hdparm(TimeSpan.FromMinutes(1), "--user-master", "u", "--security-set-pass", Password, Device(disk));
        try { Hdparm(TimeSpan.FromHours(24), "--user-master", "u", erase, Password, Device(disk)); }
        catch (IOException)
        {
            _ = Tool.Run(TimeSpan.FromMinutes(1), "/usr/sbin/hdparm", "--user-master", "u", "--security-disable", Password, Device(disk));
            throw;
        }
    }

    static void Hdparm(TimeSpan within, params ReadOnlySpan<string> arguments)
    {
        var (status, text) = Tool.Run(within, "/usr/sbin/hdparm", arguments);
        if (status != 0) throw new IOException($"hdparm {arguments[^3]}: status {status}: {text.Trim()}");
    }

    static string Device(Disk disk) => $"/dev/{disk.Name}";
}
