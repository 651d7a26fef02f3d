using System.Buffers.Binary;
using System.Text;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Qemu;

/// <summary>
/// One SMBIOS memory device (type 17, DSP0134 7.18, as of 2.8). QEMU makes one for each 16 GiB and gives all of them one serial;
/// with <c>-smbios file=</c> a machine has the slots, sizes and serials that were planned.
/// </summary>
public static class SmbiosDimm
{
    const int Length = 40;
    const ushort MemoryArrayHandle = 0x1000; // QEMU's type 16
    const ushort FirstHandle = 0x1100;
    const ushort SpeedMtps = 4800;

    public static byte[] Encode(MachinePlan machine, int index)
    {
        var dimm = machine.FittedDimms[index];
        var head = new byte[Length];
        head[0] = 17;
        head[1] = Length;
        Word(2, (ushort)(FirstHandle + index));
        Word(4, MemoryArrayHandle);
        Word(6, 0xfffe); // no error information
        Word(8, 64);
        Word(10, 64);
        Word(12, dimm.SizeMiB < 0x7fff ? (ushort)dimm.SizeMiB : (ushort)0x7fff);
        head[14] = 9; // DIMM
        head[16] = 1; // strings, in the order below
        head[17] = 2;
        head[18] = 0x22; // DDR5
        Word(19, 0x80); // synchronous
        Word(21, SpeedMtps);
        head[23] = 3;
        head[24] = 4;
        head[26] = 5;
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(28), dimm.SizeMiB < 0x7fff ? 0 : (uint)dimm.SizeMiB);
        Word(32, SpeedMtps);
        string[] strings = [dimm.Slot, $"BANK {index}", "PPEC Lab", $"{machine.Serial}{dimm.Slot[^Math.Min(2, dimm.Slot.Length)..]}", $"LAB-DDR5-{dimm.SizeMiB}M"];
        return [.. head, .. strings.SelectMany(s => Encoding.ASCII.GetBytes(s + "\0")), 0];

        void Word(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(head.AsSpan(at), value);
    }
}
