using Ppec.Agent.Survey;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Tests.Survey;

public sealed class DiskSurveyTests : IDisposable
{
    const string Pci = "sys/devices/pci0000:00";
    readonly SysTreeFixture _sys = new();

    public void Dispose() => _sys.Dispose();

    [Fact]
    public void A_SATA_disk()
    {
        var device = $"{Pci}/0000:00:1f.2/ata6/host5/target5:0:0/5:0:0:0";
        _sys.Disk("sda", device, 2048, rotational: true)
            .File($"{device}/model", "ACME HARDDISK   ").File($"{device}/rev", "2.5+").File($"{device}/wwid", "naa.5000C500A1B2C3D4")
            .File($"{device}/vpd_pg80", [0, 0x80, 0, 10, .. "  SER-1   "u8])
            .File("sys/class/ata_port/ata6/port_no", "2");
        Assert.Equal(
            new Disk("pci-0000:00:1f.2-ata-2", "sda", "ACME HARDDISK", "SER-1", "0x5000c500a1b2c3d4", 1 << 20, Rotational: true, "sata", "2.5+"),
            Assert.Single(DiskSurvey.Read(_sys.Tree)));
    }

    [Fact]
    public void An_NVMe_disk()
    {
        var device = $"{Pci}/0000:00:04.0/nvme/nvme0";
        _sys.Disk("nvme0n1", device, 2048, "nvme").File($"{device}/nvme0n1/wwid", "eui.0025388B71B4F0A1")
            .File($"{device}/model", "ACME NVMe").File($"{device}/serial", "NV-1      ").File($"{device}/firmware_rev", "1.0").File($"{device}/transport", "pcie");
        Assert.Equal(
            new Disk("pci-0000:00:04.0-nvme-1", "nvme0n1", "ACME NVMe", "NV-1", "eui.0025388b71b4f0a1", 1 << 20, Rotational: false, "nvme", "1.0"),
            Assert.Single(DiskSurvey.Read(_sys.Tree)));
    }

    [Fact]
    public void A_virtio_disk_keeps_its_serial_beside_its_size()
    {
        _sys.Disk("vda", $"{Pci}/0000:00:03.0/virtio1", 2048).File($"{Pci}/0000:00:03.0/virtio1/block/vda/serial", "VD-1");
        var disk = Assert.Single(DiskSurvey.Read(_sys.Tree));
        Assert.Equal(("pci-0000:00:03.0", "VD-1", "virtio"), (disk.Slot, disk.Serial, disk.Transport));
    }

    [Theory]
    [InlineData("0000:00:14.0/usb1/1-2/1-2:1.0/host6/target6:0:0/6:0:0:0", "usb", "pci-0000:00:14.0-usb-0:2:1.0")]
    [InlineData("0000:03:00.0/host7/rport-7:0-0/target7:0:0/7:0:0:1", "fc", "pci-0000:03:00.0-scsi-0:0:0:1")]
    [InlineData("0000:03:00.0/host8/session1/target8:0:0/8:0:0:0", "iscsi", "pci-0000:03:00.0-scsi-0:0:0:0")]
    [InlineData("0000:04:00.0/host2/target2:1:5/2:1:5:0", "scsi", "pci-0000:04:00.0-scsi-0:1:5:0")]
    public void Where_it_hangs_says_what_it_is(string path, string transport, string slot)
    {
        _sys.Disk("sdb", $"{Pci}/{path}", 2048);
        var disk = Assert.Single(DiskSurvey.Read(_sys.Tree));
        Assert.Equal((transport, slot), (disk.Transport, disk.Slot));
    }

    [Fact]
    public void Two_paths_to_one_disk_are_multipath()
    {
        foreach (var (name, host) in new[] { ("sda", 1), ("sdb", 2) })
        {
            var device = $"{Pci}/0000:04:00.0/host{host}/target{host}:0:0/{host}:0:0:0";
            _sys.Disk(name, device, 2048).File($"{device}/wwid", "naa.6000000000000001");
        }

        Assert.All(DiskSurvey.Read(_sys.Tree), d => Assert.Equal("multipath", d.Transport));
    }

    [Fact]
    public void NVMe_over_a_network_is_no_local_disk()
    {
        var device = "sys/devices/virtual/nvme-fabrics/ctl/nvme1";
        _sys.Disk("nvme1n1", device, 2048, "nvme").File($"{device}/transport", "tcp");
        Assert.Equal("iscsi", Assert.Single(DiskSurvey.Read(_sys.Tree)).Transport);
    }

    [Fact]
    public void An_NVMe_namespace_with_two_controllers_is_multipath()
    {
        var subsystem = "sys/devices/virtual/nvme-subsystem/nvme-subsys0";
        _sys.Disk("nvme0n1", subsystem, 2048, "nvme")
            .Link($"{subsystem}/nvme0", $"{Pci}/0000:00:04.0/nvme/nvme0").Link($"{subsystem}/nvme1", $"{Pci}/0000:00:05.0/nvme/nvme1");
        Assert.Equal("multipath", Assert.Single(DiskSurvey.Read(_sys.Tree)).Transport);
    }

    [Fact]
    public void What_is_no_disk_is_not_listed()
    {
        foreach (var name in new[] { "loop0", "ram1", "dm-0", "md127", "sr0", "fd0", "zram0" }) _sys.Disk(name, $"sys/devices/virtual/x/{name}", 2048);
        _sys.Disk("sdc", $"{Pci}/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0", 0); // a card reader without a card
        Assert.Empty(DiskSurvey.Read(_sys.Tree));
    }

    [Theory]
    [InlineData("t10.ATA     QEMU HARDDISK   QM00001")]
    [InlineData("nvme.1b36-4e5631-51454d55-00000001")]
    public void An_id_the_kernel_made_up_is_no_WWN(string id)
    {
        var device = $"{Pci}/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0";
        _sys.Disk("sda", device, 2048).File($"{device}/wwid", id);
        Assert.Equal("", Assert.Single(DiskSurvey.Read(_sys.Tree)).Wwn);
    }

    [Fact]
    public void A_serial_page_that_lies_about_its_length_is_read_as_far_as_it_goes()
    {
        var device = $"{Pci}/0000:00:1f.2/ata1/host0/target0:0:0/0:0:0:0";
        _sys.Disk("sda", device, 2048).File($"{device}/vpd_pg80", [0, 0x80, 0xFF, 0xFF, .. "SER"u8]);
        Assert.Equal("SER", Assert.Single(DiskSurvey.Read(_sys.Tree)).Serial);
    }
}
