using System.Collections.Immutable;
using Ppec.Agent.Linux;
using Ppec.Agent.Wipe;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Tests.Fakes;

/// <summary>Disks that are byte arrays, and can lie as disks do.</summary>
public sealed class FakeDisks : IDisks
{
    public List<FakeDisk> All { get; } = [];

    public FakeDisk Add(string serial, int size, string transport = "sata", string wwn = "", int sector = 512)
    {
        var info = new Disk($"pci-0000:00:1f.2-ata-{All.Count + 1}", $"sd{(char)('a' + All.Count)}", "Fake", serial, wwn, size, Rotational: false, transport, "1");
        var disk = new FakeDisk(info, size, sector);
        All.Add(disk);
        return disk;
    }

    public ImmutableArray<Disk> List() => [.. All.Select(d => d.Info)];
    public IBlockDevice Open(Disk disk, bool write) => All.Single(d => d.Info.Name == disk.Name).Open(write);
    public IReadOnlyList<DeviceErase> Erasures(Disk disk) => All.Single(d => d.Info.Name == disk.Name).Erasures;
}

public sealed class FakeDisk(Disk info, int size, int sector)
{
    public Disk Info { get; } = info;
    public byte[] Bytes { get; } = [.. Enumerable.Range(0, size).Select(i => (byte)((i * 31) + 7))]; // somebody's old data
    public List<DeviceErase> Erasures { get; } = [];
    public List<(long Offset, int Length)> Writes { get; } = [];

    /// <summary>Writes at or after this offset are acknowledged and lost.</summary>
    public long LosesWritesFrom { get; set; } = long.MaxValue;

    /// <summary>The offload of zeroing says yes and does nothing.</summary>
    public bool ZeroLies { get; set; }

    public bool OffloadsZero { get; set; } = true;

    public IBlockDevice Open(bool write) => new Device(this, write, sector);

    sealed class Device(FakeDisk disk, bool write, int sector) : IBlockDevice
    {
        public long Length => disk.Bytes.Length;
        public int SectorSize => sector;
        public void Read(long offset, Span<byte> buffer) => disk.Bytes.AsSpan((int)offset, buffer.Length).CopyTo(buffer);

        public void Write(long offset, ReadOnlySpan<byte> buffer)
        {
            if (!write) throw new IOException("opened for reading");
            disk.Writes.Add((offset, buffer.Length));
            if (offset < disk.LosesWritesFrom) buffer.CopyTo(disk.Bytes.AsSpan((int)offset));
        }

        public void Flush() { }
        public void DropCaches() { }

        public bool Zero(long offset, long length)
        {
            if (!disk.ZeroLies) disk.Bytes.AsSpan((int)offset, (int)length).Clear();
            return disk.OffloadsZero;
        }

        public void Dispose() { }
    }
}
