using Ppec.Agent.Linux;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Wipe;

/// <summary>What <c>hdparm -I</c> says of a disk's security feature set.</summary>
public sealed record AtaSecurity(bool Supported, bool Enabled, bool Locked, bool Frozen, bool Enhanced)
{
    /// <summary>Reads the Security section; absent means unsupported.</summary>
    public static AtaSecurity Parse(string identify)
    {
        var lines = identify.Split('\n').SkipWhile(l => !l.StartsWith("Security:", StringComparison.Ordinal)).Skip(1)
            .TakeWhile(l => l.Length > 0 && char.IsWhiteSpace(l[0])).Select(l => string.Join(' ', l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))).ToHashSet(StringComparer.Ordinal);
        return new(lines.Contains("supported"), lines.Contains("enabled"), lines.Contains("locked"), lines.Contains("frozen"), lines.Contains("supported: enhanced erase"));
    }
}

/// <summary>
/// ATA SECURITY ERASE UNIT through hdparm. Only the enhanced erase of a magnetic disk is called purge; for flash, and for the plain erase,
/// we certify no more than clear.
/// </summary>
internal static class AtaErase
{
    const string Password = "ppec"; // set for the erase only: the disk drops it when it is done

    internal static IReadOnlyList<DeviceErase> Offered(Disk disk)
    {
        try
        {
            var (status, text) = Tool.Run(TimeSpan.FromSeconds(30), "/usr/sbin/hdparm", "-I", Device(disk));
            return status == 0 ? Choose(AtaSecurity.Parse(text), disk).ToList() : [];
        }
        catch (IOException) { return []; }
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
