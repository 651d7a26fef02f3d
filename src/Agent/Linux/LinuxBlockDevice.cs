using Microsoft.Win32.SafeHandles;

namespace Ppec.Agent.Linux;

/// <summary>A disk behind its device file.</summary>
internal sealed unsafe class LinuxBlockDevice : IBlockDevice
{
    const nuint FlushBuffers = 0x1261, SizeInBytes = 0x80081272, LogicalSector = 0x1268, ZeroOut = 0x127F;
    const int DontNeed = 4;
    readonly SafeFileHandle _file;
    readonly string _path;
    readonly bool _offloadsZeroes;

    internal LinuxBlockDevice(string path, bool write, bool offloadsZeroes)
    {
        _path = path;
        _offloadsZeroes = offloadsZeroes;
        var descriptor = Libc.Open(path, (write ? Libc.ReadWrite | Libc.Exclusive : Libc.ReadOnly) | Libc.CloseOnExec, 0);
        if (descriptor < 0) throw Libc.Failure($"opening {path}");
        _file = new SafeFileHandle(descriptor, ownsHandle: true);
        long length = 0;
        var sector = 0;
        if (Libc.IoControl(_file, SizeInBytes, &length) != 0) throw Libc.Failure($"size of {path}");
        if (Libc.IoControl(_file, LogicalSector, &sector) != 0) throw Libc.Failure($"sector size of {path}");
        (Length, SectorSize) = (length, sector);
    }

    public long Length { get; }

    public int SectorSize { get; }

    internal SafeFileHandle Handle => _file;

    public void Read(long offset, Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint n;
            fixed (byte* p = buffer) n = Libc.PRead(_file, p, buffer.Length, offset);
            if (n < 0) throw Libc.Failure($"reading {_path} at byte {offset}");
            if (n == 0) throw new IOException($"reading {_path}: it ends at byte {offset}");
            offset += n;
            buffer = buffer[(int)n..];
        }
    }

    public void Write(long offset, ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            nint n;
            fixed (byte* p = buffer) n = Libc.PWrite(_file, p, buffer.Length, offset);
            if (n <= 0) throw Libc.Failure($"writing {_path} at byte {offset}");
            offset += n;
            buffer = buffer[(int)n..];
        }
    }

    public void Flush()
    {
        if (Libc.FSync(_file) != 0) throw Libc.Failure($"flushing {_path}");
    }

    public void DropCaches()
    {
        Flush();
        if (Libc.IoControl(_file, FlushBuffers, null) != 0) throw Libc.Failure($"dropping the cache of {_path}");
        _ = Libc.FAdvise(_file, 0, 0, DontNeed);
    }

    /// <summary>The kernel offloads this to the disk where it can, and writes zeroes itself where it cannot.</summary>
    public bool Zero(long offset, long length)
    {
        var range = stackalloc long[] { offset, length };
        if (Libc.IoControl(_file, ZeroOut, range) != 0) throw Libc.Failure($"zeroing {_path} at byte {offset}");
        return _offloadsZeroes;
    }

    public void Dispose() => _file.Dispose();
}
