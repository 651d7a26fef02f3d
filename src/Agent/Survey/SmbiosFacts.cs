using System.Collections.Immutable;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Survey;

/// <summary>A populated socket as the firmware describes it; counts are 0 when it does not say.</summary>
public sealed record SmbiosSocket(string Socket, string Model, int Cores, int Threads);

/// <summary>What we take from SMBIOS: types 0 (firmware), 1 (system), 2 (board), 4 (processors), 17 (memory).</summary>
public sealed record SmbiosFacts(SystemIdentity System, Board Board, Firmware Bios, ImmutableArray<SmbiosSocket> Sockets, ImmutableArray<Dimm> Dimms)
{
    /// <summary>Reads the facts out of the raw table. <paramref name="version"/> decides how the UUID is stored.</summary>
    public static SmbiosFacts Read(ReadOnlyMemory<byte> table, (int Major, int Minor) version)
    {
        var all = Smbios.Parse(table);
        SmbiosStructure First(byte type) => all.FirstOrDefault(s => s.Type == type) ?? new(type, 0, ReadOnlyMemory<byte>.Empty, []);
        var (bios, system, board) = (First(0), First(1), First(2));
        return new(
            new(system.Text(4), system.Text(5), system.Text(7), Uuid(system, version)),
            new(board.Text(4), board.Text(5), board.Text(7)),
            new(bios.Text(4), bios.Text(5), bios.Text(8)),
            [.. all.Where(s => s.Type == 4 && IsPopulated(s)).Select(Socket)],
            Modules(all));
    }

    /// <summary>Lower-case with dashes; empty when absent, all zeroes or all ones (both mean "not set").</summary>
    static string Uuid(SmbiosStructure system, (int Major, int Minor) version)
    {
        if (!system.Has(8, 16)) return "";
        var bytes = system.Data.Span.Slice(8, 16);
        if (bytes.IndexOfAnyExcept((byte)0) < 0 || bytes.IndexOfAnyExcept((byte)0xFF) < 0) return "";
        // Since 2.6 the first three fields are little-endian; older firmware wrote network order. Unknown counts as new.
        var old = version is (2, < 6) or (1, _);
        return new Guid(bytes, bigEndian: old).ToString("D");
    }

    static bool IsPopulated(SmbiosStructure cpu) => (cpu.Byte(0x18) & 0x40) != 0 && cpu.Byte(0x05) is 3 or 0; // type 3 = central processor

    static SmbiosSocket Socket(SmbiosStructure cpu)
    {
        var cores = cpu.Byte(0x23) == 0xFF && cpu.Has(0x2A, 2) ? cpu.Word(0x2A) : cpu.Byte(0x23);
        var threads = cpu.Byte(0x25) == 0xFF && cpu.Has(0x2E, 2) ? cpu.Word(0x2E) : cpu.Byte(0x25);
        return new(cpu.Text(0x04), cpu.Text(0x10), cores, threads);
    }

    static ImmutableArray<Dimm> Modules(ImmutableArray<SmbiosStructure> all)
    {
        var modules = all.Where(s => s.Type == 17 && SizeMiB(s) > 0).ToList();
        // Some boards name every slot "DIMM 0"; their banks then tell them apart.
        var unique = modules.Select(m => m.Text(0x10)).Distinct(StringComparer.Ordinal).Count() == modules.Count;
        return [.. modules.Select(m => new Dimm(
            unique || m.Text(0x11).Length == 0 ? m.Text(0x10) : $"{m.Text(0x11)}/{m.Text(0x10)}",
            SizeMiB(m), m.Text(0x17), m.Text(0x1A), m.Text(0x18), SpeedMtps(m)))];
    }

    static long SizeMiB(SmbiosStructure module) => module.Word(0x0C) switch
    {
        0 or 0xFFFF                => 0, // empty, unknown
        0x7FFF                     => module.DWord(0x1C) & 0x7FFF_FFFF,
        var w when (w & 0x8000) > 0 => (w & 0x7FFF) / 1024, // in KiB
        var w                      => w,
    };

    static int SpeedMtps(SmbiosStructure module) =>
        module.Word(0x15) == 0xFFFF ? (int)Math.Min(int.MaxValue, module.DWord(0x54)) : module.Word(0x15);
}
