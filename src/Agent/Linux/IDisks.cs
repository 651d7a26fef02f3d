using System.Collections.Immutable;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Linux;

/// <summary>The machine's disks. The port that tests replace with files.</summary>
public interface IDisks
{
    /// <summary>Every disk the kernel sees, local or not.</summary>
    ImmutableArray<Disk> List();

    /// <summary>Opens one. For writing it is opened exclusively: a disk that is mounted or part of something is refused by the kernel.</summary>
    IBlockDevice Open(Disk disk, bool write);

    /// <summary>Erasure by the disk itself, strongest first; empty when it offers none.</summary>
    IReadOnlyList<Wipe.DeviceErase> Erasures(Disk disk);
}

/// <summary>A disk as bytes. Failures are <see cref="IOException"/>s that say where.</summary>
public interface IBlockDevice : IDisposable
{
    /// <summary>Bytes.</summary>
    long Length { get; }

    /// <summary>Bytes in a logical sector, the unit of a partition table.</summary>
    int SectorSize { get; }

    /// <summary>Fills the whole buffer.</summary>
    void Read(long offset, Span<byte> buffer);

    /// <summary>Writes the whole buffer (into the kernel's cache).</summary>
    void Write(long offset, ReadOnlySpan<byte> buffer);

    /// <summary>Returns once all writes are on the medium.</summary>
    void Flush();

    /// <summary>Forgets what is cached, so that the next read comes from the medium.</summary>
    void DropCaches();

    /// <summary>Zeroes a range, by the disk's own command where it has one. Returns whether it had one.</summary>
    bool Zero(long offset, long length);
}
