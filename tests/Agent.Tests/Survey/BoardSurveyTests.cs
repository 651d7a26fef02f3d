using Ppec.Agent.Boot;
using Ppec.Agent.Survey;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Tests.Survey;

public sealed class BoardSurveyTests : IDisposable
{
    readonly SysTreeFixture _sys = new();

    public void Dispose() => _sys.Dispose();

    [Fact]
    public void Cores_and_threads_are_counted_by_the_kernel_when_it_sees_every_socket()
    {
        Cpus(sockets: 2, cores: 2, threads: 2);
        _sys.File("proc/cpuinfo", "processor\t: 0\nmodel name\t: Acme Fast\n");
        SmbiosSocket[] sockets = [new("CPU1", "?", 64, 128), new("CPU2", "?", 64, 128)];
        Assert.Equal([new("CPU1", "Acme Fast", 2, 4), new("CPU2", "Acme Fast", 2, 4)], BoardSurvey.Cpus(_sys.Tree, [.. sockets]));
    }

    [Fact]
    public void A_socket_the_kernel_does_not_see_is_shown_as_the_firmware_has_it()
    {
        Cpus(sockets: 1, cores: 2, threads: 1);
        SmbiosSocket[] sockets = [new("CPU1", "Acme", 2, 2), new("CPU2", "Acme", 2, 2)];
        Assert.Equal([new("CPU1", "Acme", 2, 2), new("CPU2", "Acme", 2, 2)], BoardSurvey.Cpus(_sys.Tree, [.. sockets]));
    }

    [Fact]
    public void Ports_with_a_device_behind_them_are_physical()
    {
        var device = "sys/devices/pci0000:00/0000:00:02.0";
        _sys.Link("sys/class/net/eth0", $"{device}/net/eth0").Link($"{device}/net/eth0/device", device).Link($"{device}/driver", "sys/bus/pci/drivers/e1000e")
            .File($"{device}/net/eth0/address", "52:54:00:AA:00:01").File($"{device}/net/eth0/carrier", "1").File($"{device}/net/eth0/speed", "25000")
            .Link("sys/class/net/lo", "sys/devices/virtual/net/lo").Link("sys/class/net/br0", "sys/devices/virtual/net/br0");
        Assert.Equal(new Nic("pci-0000:00:02.0", "eth0", "52:54:00:aa:00:01", "e1000e", Link: true, 25000), Assert.Single(NicSurvey.Read(_sys.Tree)));
    }

    [Fact]
    public void A_port_without_a_link_has_no_speed()
    {
        var device = "sys/devices/pci0000:00/0000:00:02.0";
        _sys.Link("sys/class/net/eth0", $"{device}/net/eth0").Link($"{device}/net/eth0/device", device).File($"{device}/net/eth0/speed", "-1");
        var nic = Assert.Single(NicSurvey.Read(_sys.Tree));
        Assert.Equal((false, 0), (nic.Link, nic.SpeedMbps));
    }

    [Fact]
    public void The_rest_of_the_board()
    {
        _sys.File("sys/bus/pci/devices/0000:00:02.0/class", "0x020000").File("sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086").File("sys/bus/pci/devices/0000:00:02.0/device", "0x10d3")
            .File("sys/devices/system/node/node1/cpulist", "4-7,12").File("sys/devices/system/node/node1/meminfo", "Node 1 MemTotal:       2097152 kB\n")
            .File("sys/class/tpm/tpm0/tpm_version_major", "2").File("sys/firmware/efi/fw_platform_size", "64").File("proc/meminfo", "MemTotal:       1011712 kB");
        Assert.Equal([new("0000:00:02.0", "0200", "8086", "10d3")], BoardSurvey.Pci(_sys.Tree));
        Assert.Equal([new(1, 5, 2048)], BoardSurvey.Numa(_sys.Tree));
        Assert.Equal(new Tpm(Present: true, "2.0"), BoardSurvey.Tpm(_sys.Tree));
        Assert.Equal("uefi", BoardSurvey.BootMode(_sys.Tree));
        Assert.Equal(988, BoardSurvey.MemoryMiB(_sys.Tree, []));
        Assert.Equal(4096, BoardSurvey.MemoryMiB(_sys.Tree, [new("A1", 4096, "", "", "", 0)]));
    }

    [Fact]
    public void An_empty_machine_is_an_empty_inventory()
    {
        var found = MachineSurvey.Gather(_sys.Tree);
        Assert.Equal(("", "bios", 0), (found.System.Serial, found.BootMode, found.Disks.Length));
    }

    [Theory]
    [InlineData("quiet ppec.url=http://10.0.0.1:8080 ppec.token=abc ppec.time=1767225600", true)]
    [InlineData("ppec.url=http://10.0.0.1 ppec.token=abc", true)]
    [InlineData("ppec.url=http://10.0.0.1", false)]
    [InlineData("ppec.token=abc", false)]
    [InlineData("ppec.url=file:///etc ppec.token=abc", false)]
    [InlineData("ppec.url=nonsense ppec.token=abc", false)]
    public void The_kernel_command_line(string line, bool good) => Assert.Equal(good, BootArguments.Parse(line).Arguments is not null);

    [Theory]
    [InlineData("1767225600", 2026)]
    [InlineData("99999999999999999999", null)]
    [InlineData("-5", null)]
    public void The_time_on_it(string text, int? year) => Assert.Equal(year, BootArguments.Parse($"ppec.url=http://x ppec.token=t ppec.time={text}").Arguments!.Time?.Year);

    void Cpus(int sockets, int cores, int threads)
    {
        var cpu = 0;
        for (var s = 0; s < sockets; s++)
            for (var c = 0; c < cores; c++)
                for (var t = 0; t < threads; t++, cpu++)
                    _sys.File($"sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id", $"{s}").File($"sys/devices/system/cpu/cpu{cpu}/topology/core_id", $"{c}");
    }
}
