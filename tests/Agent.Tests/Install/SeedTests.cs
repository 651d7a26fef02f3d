using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Ppec.Agent.Install;
using Ppec.Agent.Tests.Fakes;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Tests.Install;

public sealed class SeedTests
{
    static readonly ImmutableArray<SeedFile> Files = SeedFiles.For(
        new InstallImage(Samples.Plan("S-1", new byte[512]), "the-first-boot-token", "http://ppec/agent/v1/beacon"), "op.install.3", "op");

    [Fact]
    public void The_seed_says_everything_a_shell_needs_one_line_each() => Assert.Equal(
        """
        version=1
        operation=op
        task=op.install.3
        machine=m-1
        hostname=web-001
        image=demo@1
        beacon=http://ppec/agent/v1/beacon
        token=the-first-boot-token
        interface=52:54:00:00:00:01 10.0.2.15/24 10.0.2.2 10.0.2.3
        ssh-key=ssh-ed25519 AAAA somebody

        """, Text("ppec.seed"));

    [Fact]
    public void Cloud_init_finds_a_new_instance_its_name_keys_and_addresses()
    {
        var meta = JsonDocument.Parse(Text("meta-data")).RootElement;
        Assert.Equal("op.install.3", meta.GetProperty("instance-id").GetString());
        Assert.Equal("web-001", meta.GetProperty("local-hostname").GetString());
        Assert.Equal("ssh-ed25519 AAAA somebody", meta.GetProperty("public-keys")[0].GetString());
        var port = JsonDocument.Parse(Text("network-config")).RootElement.GetProperty("ethernets").GetProperty("port0");
        Assert.Equal("52:54:00:00:00:01", port.GetProperty("match").GetProperty("macaddress").GetString());
        Assert.Equal("10.0.2.15/24", port.GetProperty("addresses")[0].GetString());
        Assert.Equal("10.0.2.2", port.GetProperty("routes")[0].GetProperty("via").GetString());
        Assert.StartsWith("#cloud-config", Text("user-data"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_cannot_smuggle_in_another_line()
    {
        var plan = Samples.Plan("S-1", new byte[512]) with { Hostname = "web\ntoken=stolen" };
        var seed = SeedFiles.For(new InstallImage(plan, "t", "b"), "x", "op").Single(f => f.Name == "ppec.seed");
        Assert.Contains("hostname=web token=stolen\n", Encoding.UTF8.GetString(seed.Content.AsSpan()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1L << 20, false)] // too few clusters for a FAT16
    [InlineData(4L << 20, true)]
    [InlineData(64L << 20, true)]
    [InlineData(1L << 30, true)]
    public void Volumes_of_many_sizes(long size, bool fits) => Assert.Equal(fits, FatVolume.Build(size, "CIDATA", 2048, Files) is not null);

    [Fact]
    public void The_same_seed_gives_the_same_bytes() => Assert.Equal(FatVolume.Build(4 << 20, "CIDATA", 2048, Files), FatVolume.Build(4 << 20, "CIDATA", 2048, Files));

    [Theory]
    [InlineData(4L << 20)]
    [InlineData(40L << 20)]
    public void Other_programs_find_the_volume_sound(long size)
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/fsck.vfat") && File.Exists("/usr/bin/mtype"), "dosfstools or mtools is not installed");
        var path = Path.Combine(Path.GetTempPath(), $"seed-{Guid.NewGuid():N}.img");
        using (var file = File.Create(path))
        {
            file.Write(FatVolume.Build(size, "CIDATA", 2048, Files));
            file.SetLength(size);
        }

        try
        {
            Assert.Equal(0, Run("/usr/sbin/fsck.vfat", "-n", path).Status);
            foreach (var seed in Files) Assert.Equal(Encoding.UTF8.GetString(seed.Content.AsSpan()), Run("/usr/bin/mtype", "-i", path, $"::{seed.Name}").Output);
        }
        finally { File.Delete(path); }
    }

    static string Text(string name) => Encoding.UTF8.GetString(Files.Single(f => f.Name == name).Content.AsSpan());

    static (int Status, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
