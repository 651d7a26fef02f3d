using System.Buffers.Binary;
using System.Text;

namespace Ppec.Agent.Tests.Survey;

/// <summary>Writes SMBIOS tables, byte by byte as the standard has them.</summary>
sealed class SmbiosTable
{
    readonly List<byte> _bytes = [];
    ushort _handle;

    internal SmbiosTable Add(byte type, byte[] body, string[] strings)
    {
        _bytes.AddRange([type, (byte)(4 + body.Length), (byte)_handle, (byte)(_handle++ >> 8), .. body]);
        foreach (var text in strings) _bytes.AddRange([.. Encoding.ASCII.GetBytes(text), 0]);
        if (strings.Length == 0) _bytes.Add(0);
        _bytes.Add(0);
        return this;
    }

    internal SmbiosTable Memory(string slot, string bank, int sizeMiB, int speed = 3200, string[]? more = null)
    {
        var body = new byte[0x5C - 4];
        void Word(int at, int value) => BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(at - 4), (ushort)value);
        Word(0x0C, sizeMiB >= 0x7FFF ? 0x7FFF : sizeMiB);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(0x1C - 4), (uint)sizeMiB);
        (body[0x10 - 4], body[0x11 - 4]) = (1, 2);
        Word(0x15, speed >= 0xFFFF ? 0xFFFF : speed);
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(0x54 - 4), (uint)speed);
        (body[0x17 - 4], body[0x18 - 4], body[0x1A - 4]) = (3, 4, 5);
        return Add(17, body, [slot, bank, .. more ?? ["Maker", "Serial", "Part"]]);
    }

    SmbiosTable Processor(string socket, string model, byte status, ushort cores, ushort threads)
    {
        var body = new byte[0x30 - 4];
        (body[0], body[1], body[0x10 - 4], body[0x18 - 4]) = (1, 3, 2, status);
        (body[0x23 - 4], body[0x25 - 4]) = ((byte)Math.Min(cores, (ushort)255), (byte)Math.Min(threads, (ushort)255));
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(0x2A - 4), cores);
        BinaryPrimitives.WriteUInt16LittleEndian(body.AsSpan(0x2E - 4), threads);
        return Add(4, body, [socket, model]);
    }

    internal byte[] End() => [.. _bytes, 127, 4, 0xFE, 0xFF, 0, 0];

    /// <summary>A whole server: firmware, system, board, one of two sockets and two of three slots populated.</summary>
    internal static byte[] Server() => new SmbiosTable()
        .Add(0, [1, 2, 0, 0, 3, 0, 0, 0], ["Acme BIOS", "1.2.3", "01/02/2025"])
        .Add(1, [1, 2, 0, 3, 0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF], ["Acme", "Box 9000", "SN-1 "])
        .Add(2, [1, 2, 0, 3], ["Acme", "Board X", "BSN-1"])
        .Processor("CPU0", "Acme Fast 3000", 0x41, 300, 600)
        .Processor("CPU1", "not fitted", 0x00, 0, 0)
        .Memory("A1", "P0", 16384, 3200, ["Hynix", "D-1", "HMA82"])
        .Memory("A2", "P0", 0)
        .Memory("B1", "P1", 65536, 70000, ["Hynix", "D-2", "HMA84"])
        .End();
}
