using Ppec.Agent.Tests.Fakes;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;

namespace Ppec.Agent.Tests.EndToEnd;

/// <summary>A machine's life in QEMU under TCG: inspected and installed by PIOUS, started from its disk, wiped.</summary>
[Collection("builds")]
public sealed class MachineLifeTests : IAsyncLifetime
{
    const string Wwn = "0x5000c500a1b2c3d4";
    static readonly TimeSpan Boot = TimeSpan.FromSeconds(180), Work = TimeSpan.FromSeconds(300);
    readonly FakePpec _ppec = new();
    readonly string _folder = Directory.CreateTempSubdirectory("ppec-life-").FullName;

    public async ValueTask InitializeAsync() => await _ppec.Start();

    public async ValueTask DisposeAsync()
    {
        await _ppec.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Inspected_installed_started_and_wiped()
    {
        Assert.SkipUnless((Guest.Missing ?? Built.Impossible) is null, Guest.Missing ?? Built.Impossible ?? "");
        var (pious, image) = (await Built.Pious(), await Built.Image());
        var (root, data, flash) = (NewDisk("root", 256), NewDisk("data", 96), NewDisk("flash", 64));
        string[] disks = [.. Guest.Disk(root, $"ide-hd,serial=AT-1,wwn={Wwn},bootindex=1", "d0"), .. Guest.Disk(data, "virtio-blk-pci,serial=VD-1", "d1"), .. Guest.Disk(flash, "nvme,serial=NV-1", "d2")];

        await Install(pious, image, disks);
        Assert.Equal(new string('d', 64), System.Text.Encoding.ASCII.GetString(File.ReadAllBytes(data), 0, 64)); // untouched

        await using (var installed = new Guest(disks))
        {
            await installed.Says("ppec-image: beacon answered", Boot);
            var beacon = await _ppec.Beacon.WaitAsync(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            Assert.Equal(("the-first-boot-token", "m-1", "web-001", "demo@1"), (beacon.Token, beacon.Machine, beacon.Hostname, beacon.Image));
            Assert.Equal(("SN-1", "11111111-2222-3333-4444-555555555555", "BSN-1"), (beacon.Evidence.Serial, beacon.Evidence.Uuid, beacon.Evidence.BoardSerial));
            Assert.Equal(["52:54:00:00:00:01"], beacon.Evidence.Macs);
            Assert.Equal(["AT-1", "NV-1", "VD-1"], beacon.DiskSerials);
            Assert.Equal(768, beacon.MemoryMiB);
            await installed.Says("ppec-image: running", Boot);
        }

        await using (var again = new Guest(disks)) await again.Says("the beacon was answered at an earlier start", Boot);

        await Wipe(pious, disks);
        foreach (var disk in new[] { root, data, flash }) Assert.Equal(-1, FirstByteThatIsNotZero(disk));
    }

    async Task Install(string pious, string image, string[] disks)
    {
        var reference = new ImageRef("demo@1", Built.Value(image, "format"), Built.Value(image, "sha256"), long.Parse(Built.Value(image, "sizeBytes")), Built.Value(image, "diskSha256"), long.Parse(Built.Value(image, "diskSizeBytes")), Built.Value(image, "bootMode"));
        _ppec.Images[reference.Sha256] = await File.ReadAllBytesAsync(Path.Combine(image, "image.raw.gz"));
        _ppec.CutImageAfter.Enqueue(3_000_000); // the network is not perfect
        var plan = new InstallPlan("m-1", reference, new DiskRef("AT-1", Wwn), "web-001", "web", [new("52:54:00:00:00:01", "10.0.2.15/24", "10.0.2.2", ["10.0.2.3"])], ["ssh-ed25519 AAAA somebody"], "");
        _ppec.Give("op.inventory.1", new GatherInventory(), 1);
        _ppec.Give("op.health.2", new CheckHealth(64, 2, 16), 2);
        _ppec.Give("op.install.3", new InstallImage(plan, "the-first-boot-token", $"{_ppec.GuestUrl}/agent/v1/beacon"), 3);
        _ppec.Give("op.power-down.4", new PowerDown(), 4);
        await using var guest = new Guest([.. disks, .. Pious(pious)]);
        await guest.Says("ppec-agent: session for machine", Boot);

        var inventory = (await Result(guest, "op.inventory.1")).Inventory!;
        Assert.Equal(new SystemIdentity("Acme", "Box 9000", "SN-1", "11111111-2222-3333-4444-555555555555"), inventory.System);
        Assert.Equal(("BSN-1", "bios", 768L), (inventory.Board.Serial, inventory.BootMode, inventory.MemoryMiB));
        Assert.Equal(new Dimm("DIMM 0", 768, "Acme", "P-1", "D-1", 3200), Assert.Single(inventory.Dimms));
        Assert.Equal(
            [("AT-1", "sata", Wwn, 256L << 20), ("NV-1", "nvme", "", 64L << 20), ("VD-1", "virtio", "", 96L << 20)],
            inventory.Disks.OrderBy(d => d.Serial, StringComparer.Ordinal).Select(d => (d.Serial, d.Transport, d.Wwn, d.SizeBytes)));
        Assert.Equal(("52:54:00:00:00:01", "virtio_net", true), (inventory.Nics.Single().Mac, inventory.Nics.Single().Driver, inventory.Nics.Single().Link));

        var health = (await Result(guest, "op.health.2")).Health!;
        Assert.DoesNotContain(health.Checks, c => c.Status == HealthStatus.Failed);
        Assert.Contains(health.Checks, c => c is { Check: "smart", Part: "AT-1", Status: HealthStatus.Passed });
        Assert.Contains(health.Checks, c => c is { Check: "smart", Part: "VD-1", Status: HealthStatus.Skipped });

        Assert.Equal(new InstallReport("AT-1", reference.DiskSizeBytes, reference.DiskSha256, reference.DiskSha256), (await Result(guest, "op.install.3")).Install);
        await guest.PowersOff(Work);
        Assert.Contains("bytes=", _ppec.Ranges.Last(), StringComparison.Ordinal);
    }

    async Task Wipe(string pious, string[] disks)
    {
        _ppec.Give("op.wipe.5", new WipeDisks([new("AT-1", Wwn), new("VD-1", ""), new("NV-1", "")]), 5);
        _ppec.Give("op.health.6", new CheckHealth(16, 1, 16), 6); // what the wipe provoked must not be taken for a broken disk
        _ppec.Give("op.power-down.7", new PowerDown(), 7);
        await using var guest = new Guest([.. disks, .. Pious(pious)]);
        var wipe = (await Result(guest, "op.wipe.5")).Wipe!;
        Assert.Equal(
            [("AT-1", "clear", true), ("VD-1", "clear", true), ("NV-1", "purge", true)],
            wipe.Disks.Select(d => (d.Serial, d.SanitizationClass, d.Verified)));
        Assert.All(wipe.Disks, d => Assert.True(d.SamplesRead >= 66));
        Assert.DoesNotContain((await Result(guest, "op.health.6")).Health!.Checks, c => c.Status == HealthStatus.Failed);
        await guest.PowersOff(Work);
    }

    async Task<TaskResult> Result(Guest guest, string task)
    {
        try
        {
            var result = await _ppec.ResultOf(task).WaitAsync(Work);
            Assert.Null(result.Error);
            return result;
        }
        catch (TimeoutException e) { throw new TimeoutException($"No result of {task}. The guest said:\n{guest.Console}", e); }
    }

    IEnumerable<string> Pious(string folder) =>
    [
        "-kernel", Path.Combine(folder, "vmlinuz"), "-initrd", Path.Combine(folder, "initramfs"),
        "-append", $"console=ttyS0 quiet panic=-1 ppec.url={_ppec.GuestUrl} ppec.token=the-token ppec.time={DateTimeOffset.UtcNow.ToUnixTimeSeconds()}",
    ];

    string NewDisk(string name, int sizeMiB)
    {
        var path = Path.Combine(_folder, name);
        using var file = File.Create(path);
        var mebibyte = new byte[1 << 20];
        Array.Fill(mebibyte, (byte)'d'); // somebody's old data
        for (var i = 0; i < sizeMiB; i++) file.Write(mebibyte);
        return path;
    }

    static long FirstByteThatIsNotZero(string path)
    {
        using var file = File.OpenRead(path);
        var buffer = new byte[1 << 20];
        for (long at = 0; ;)
        {
            var n = file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (n == 0) return -1;
            if (buffer.AsSpan(0, n).IndexOfAnyExcept((byte)0) is var bad and >= 0) return at + bad;
            at += n;
        }
    }
}
