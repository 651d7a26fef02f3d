namespace Ppec.Lab.Tests.Qemu;

/// <summary>The smallest operating system: it says on the serial port that it was booted, and halts.</summary>
public static class BootSector
{
    public const string Says = "LAB DISK BOOTED";

    /// <summary>512 bytes.</summary>
    public static byte[] Bytes
    {
        get
        {
            byte[] code =
            [
                0xfa, 0x31, 0xc0, 0x8e, 0xd8,                   // cli; ax = ds = 0
                0xbe, 0x25, 0x7c,                               // si = text, behind the code at 0x7c00
                0xba, 0xfd, 0x03, 0xac, 0x84, 0xc0, 0x74, 0x12, // next: al = [si++]; zero: halt
                0x88, 0xc3,
                0xba, 0xfd, 0x03, 0xec, 0xa8, 0x20, 0x74, 0xf8, // wait until COM1 takes a character
                0xba, 0xf8, 0x03, 0x88, 0xd8, 0xee, 0xeb, 0xe9, // send it; next
                0xf4, 0xeb, 0xfd,                               // halt
            ];
            var sector = new byte[512];
            code.CopyTo(sector, 0);
            System.Text.Encoding.ASCII.GetBytes(Says + "\r\n").CopyTo(sector, code.Length);
            (sector[510], sector[511]) = (0x55, 0xaa);
            return sector;
        }
    }
}
