using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Ppec.Agent.Survey;

/// <summary>
/// One SMBIOS structure: its formatted area (header included) and its strings. Reads beyond the end answer zero or empty, as an older
/// firmware's shorter structure should read.
/// </summary>
public sealed record SmbiosStructure(byte Type, ushort Handle, ReadOnlyMemory<byte> Data, ImmutableArray<string> Strings)
{
    /// <summary>True when the structure is long enough to hold <paramref name="size"/> bytes at <paramref name="offset"/>.</summary>
    public bool Has(int offset, int size = 1) => offset + size <= Data.Length;

    /// <summary>A byte, or 0.</summary>
    public byte Byte(int offset) => Has(offset) ? Data.Span[offset] : (byte)0;

    /// <summary>A little-endian word, or 0.</summary>
    public ushort Word(int offset) => Has(offset, 2) ? BinaryPrimitives.ReadUInt16LittleEndian(Data.Span[offset..]) : (ushort)0;

    /// <summary>A little-endian double word, or 0.</summary>
    public uint DWord(int offset) => Has(offset, 4) ? BinaryPrimitives.ReadUInt32LittleEndian(Data.Span[offset..]) : 0;

    /// <summary>The string whose number stands at <paramref name="offset"/>; empty for number 0 and for numbers that name no string.</summary>
    public string Text(int offset)
    {
        var number = Byte(offset);
        return number > 0 && number <= Strings.Length ? Strings[number - 1] : "";
    }
}

/// <summary>
/// The SMBIOS table (DMTF DSP0134), from its raw bytes. Firmware writes this, some of it badly: a structure that does not fit ends the
/// table, and nothing here throws.
/// </summary>
public static class Smbios
{
    const int HeaderLength = 4, EndOfTable = 127, MostStructures = 4096, MostStrings = 255;

    /// <summary>All structures up to the end mark, the first broken one, or the end of the bytes.</summary>
    public static ImmutableArray<SmbiosStructure> Parse(ReadOnlyMemory<byte> table)
    {
        var structures = ImmutableArray.CreateBuilder<SmbiosStructure>();
        var at = 0;
        while (at + HeaderLength <= table.Length && structures.Count < MostStructures)
        {
            var header = table.Span[at..];
            var (type, length) = (header[0], header[1]);
            if (type == EndOfTable || length < HeaderLength || at + length > table.Length) break;
            var (strings, next) = ReadStrings(table.Span, at + length);
            structures.Add(new(type, BinaryPrimitives.ReadUInt16LittleEndian(header[2..]), table.Slice(at, length), strings));
            at = next;
        }

        return structures.ToImmutable();
    }

    /// <summary>The version in an entry point (<c>_SM_</c> or <c>_SM3_</c>); 0.0 when it is neither.</summary>
    public static (int Major, int Minor) Version(ReadOnlySpan<byte> entryPoint) =>
        entryPoint.Length >= 9 && entryPoint.StartsWith("_SM3_"u8) ? (entryPoint[7], entryPoint[8])
        : entryPoint.Length >= 8 && entryPoint.StartsWith("_SM_"u8) ? (entryPoint[6], entryPoint[7])
        : (0, 0);

    static (ImmutableArray<string> Strings, int Next) ReadStrings(ReadOnlySpan<byte> table, int at)
    {
        var strings = ImmutableArray.CreateBuilder<string>();
        // No strings at all: two zero bytes. Otherwise each string ends with one zero byte, and the set with one more.
        if (at < table.Length && table[at] == 0) return ([], Math.Min(table.Length, at + 2));
        while (at < table.Length && table[at] != 0)
        {
            var end = table[at..].IndexOf((byte)0);
            if (end < 0) end = table.Length - at;
            if (strings.Count < MostStrings) strings.Add(Clean(table.Slice(at, end)));
            at = Math.Min(table.Length, at + end + 1);
        }

        return (strings.ToImmutable(), Math.Min(table.Length, at + 1));
    }

    /// <summary>Text as the hardware says it, trimmed; what is not printable ASCII becomes a question mark.</summary>
    internal static string Clean(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        foreach (var b in bytes)
        {
            if (b == 0) break;
            text.Append(b is >= 0x20 and < 0x7F ? (char)b : '?');
        }

        return text.ToString().Trim();
    }
}
