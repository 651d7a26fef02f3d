using System.Collections.Immutable;
using Ppec.Agent.Survey;
using Ppec.Agent.Wipe;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Linux;

/// <summary>The disks of the machine we run on.</summary>
internal sealed class LinuxDisks(SysTree tree) : IDisks
{
    public ImmutableArray<Disk> List() => DiskSurvey.Read(tree);

    public IBlockDevice Open(Disk disk, bool write) =>
        new LinuxBlockDevice($"/dev/{disk.Name}", write, tree.Number($"sys/block/{disk.Name}/queue/write_zeroes_max_bytes") > 0 && tree.Number($"sys/block/{disk.Name}/queue/discard_max_bytes") > 0);

    public IReadOnlyList<DeviceErase> Erasures(Disk disk) => disk.Transport switch
    {
        "nvme" => NvmeErase.Offered(disk),
        "sata" => AtaErase.Offered(disk),
        _      => [],
    };
}
