using Ppec.Agent.Health;
using Ppec.Agent.Tests.Fakes;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Tests.Health;

public sealed class HealthTests
{
    [Fact]
    public void Good_memory_passes() => Assert.Equal(HealthStatus.Passed, MemoryCheck.Run(8, 4096, CancellationToken.None).Status);

    [Fact]
    public void No_room_to_test_memory_is_said_and_not_passed() => Assert.Equal(HealthStatus.Skipped, MemoryCheck.Run(8, 90, CancellationToken.None).Status);

    [Fact]
    public void Every_core_works_and_is_verified() => Assert.Equal(HealthStatus.Passed, Assert.Single(CpuCheck.Run(TimeSpan.FromMilliseconds(300), CancellationToken.None)).Status);

    [Fact]
    public void Disk_reads_cover_beginning_middle_and_end_and_write_nothing()
    {
        var disks = new FakeDisks();
        var disk = disks.Add("S-1", 12 << 20);
        Assert.Equal(HealthStatus.Passed, DiskReadCheck.Run(disks, disk.Info, 3, CancellationToken.None).Status);
        Assert.Empty(disk.Writes);
        Assert.Equal([(0L, 1L << 20), ((12 << 20) - (1 << 20) >> 1, 1 << 20), (11 << 20, 1 << 20)], DiskReadCheck.Shares(12 << 20, 3 << 20));
    }

    [Fact]
    public void A_SAN_disk_is_not_even_read()
    {
        var disks = new FakeDisks();
        Assert.Equal(HealthStatus.Skipped, DiskReadCheck.Run(disks, disks.Add("S-1", 4096, "fc").Info, 3, CancellationToken.None).Status);
    }

    [Theory]
    [InlineData("""{"smart_status":{"passed":true},"ata_smart_attributes":{"table":[{"id":5,"name":"Reallocated","when_failed":""}]}}""", HealthStatus.Passed)]
    [InlineData("""{"smart_status":{"passed":true},"ata_smart_attributes":{"table":[{"id":5,"name":"Reallocated","when_failed":"past"}]}}""", HealthStatus.Passed)]
    [InlineData("""{"smart_status":{"passed":true},"ata_smart_attributes":{"table":[{"id":5,"name":"Reallocated","when_failed":"now"}]}}""", HealthStatus.Failed)]
    [InlineData("""{"smart_status":{"passed":false}}""", HealthStatus.Failed)]
    [InlineData("""{"smart_status":{"passed":true},"nvme_smart_health_information_log":{"critical_warning":4}}""", HealthStatus.Failed)]
    [InlineData("""{"smartctl":{"messages":[{"string":"Unable to detect device type"}]}}""", HealthStatus.Skipped)]
    [InlineData("""{"smart_status":[]}""", HealthStatus.Skipped)]
    [InlineData("not json", HealthStatus.Skipped)]
    public void What_smartctl_says(string json, HealthStatus expected) => Assert.Equal(expected, SmartCheck.Read("S-1", json).Status);

    [Theory]
    [InlineData("mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 5: be00000000800400", HealthStatus.Failed)]
    [InlineData("EDAC MC0: 1 UE memory read error on CPU_SrcID#0", HealthStatus.Failed)]
    [InlineData("I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x0", HealthStatus.Failed)]
    [InlineData("critical medium error, dev sdb, sector 8", HealthStatus.Failed)]
    [InlineData("ata1.00: failed command: READ FPDMA QUEUED", HealthStatus.Failed)]
    [InlineData("I/O error, dev fd0, sector 0 op 0x0:(READ)", HealthStatus.Passed)]
    [InlineData("EDAC MC0: 1 CE memory read error", HealthStatus.Passed)]
    [InlineData("MCE: In-kernel MCE decoding enabled.", HealthStatus.Passed)]
    [InlineData("EDAC MC: Ver: 3.0.0", HealthStatus.Passed)]
    public void What_the_kernel_says(string line, HealthStatus expected) => Assert.Equal(expected, Assert.Single(KernelLogCheck.Run([line])).Status);
}
