using Ppec.Agent.Install;
using Ppec.Agent.Tasks;
using Ppec.Agent.Tests.Fakes;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Images;
using static Ppec.Agent.Tests.Fakes.Machinery;

namespace Ppec.Agent.Tests.Install;

public sealed class InstallerTests : IAsyncLifetime
{
    const int MiB = 1 << 20;
    readonly FakePpec _ppec = new();
    readonly FakeDisks _disks = new();
    readonly byte[] _raw = Samples.Disk();
    readonly byte[] _stored;

    public InstallerTests() => _stored = Samples.Gzip(_raw);

    public async ValueTask InitializeAsync() => await _ppec.Start();
    public async ValueTask DisposeAsync() => await _ppec.DisposeAsync();

    [Fact]
    public async Task An_image_is_written_read_back_and_seeded()
    {
        var (disk, other) = (_disks.Add("S-1", 8 * MiB), _disks.Add("S-2", 8 * MiB));
        var result = await Install(Samples.Plan("S-1", _raw, _stored));
        Assert.Null(result.Error);
        Assert.Equal(new InstallReport("S-1", _raw.Length, Samples.Sha256(_raw), Samples.Sha256(_raw)), result.Install);
        Assert.Equal(_raw.AsSpan(0, MiB), disk.Bytes.AsSpan(0, MiB));
        Assert.Equal(_raw.AsSpan(5 * MiB), disk.Bytes.AsSpan(5 * MiB, MiB));
        Assert.Contains("hostname=web-001\n", System.Text.Encoding.UTF8.GetString(disk.Bytes, Samples.SeedAt, 128 * 1024), StringComparison.Ordinal);
        Assert.Empty(other.Writes);
    }

    [Fact]
    public async Task The_first_MiB_is_written_after_all_the_rest()
    {
        var disk = _disks.Add("S-1", 8 * MiB);
        await Install(Samples.Plan("S-1", _raw, _stored));
        Assert.Equal([1 * MiB, 2 * MiB, 3 * MiB, 4 * MiB, 5 * MiB, 0, Samples.SeedAt], disk.Writes.Select(w => w.Offset));
    }

    [Fact]
    public async Task A_broken_download_is_resumed_where_it_stopped()
    {
        _disks.Add("S-1", 8 * MiB);
        _ppec.CutImageAfter.Enqueue(700_000);
        _ppec.CutImageAfter.Enqueue(0);
        _ppec.CutImageAfter.Enqueue(1);
        var result = await Install(Samples.Plan("S-1", _raw, _stored));
        Assert.Null(result.Error);
        Assert.True(_ppec.Ranges.Count >= 4);
        Assert.Equal("", _ppec.Ranges.First());
        Assert.All(_ppec.Ranges.Skip(1), r => Assert.StartsWith("bytes=", r, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_digest_of_the_stored_file_leaves_the_first_MiB_unwritten() =>
        await LeavesTheFirstMiB(Samples.Plan("S-1", _raw, _stored), image => image with { Sha256 = new string('0', 64) }, "stored image has digest");

    [Fact]
    public async Task A_wrong_digest_of_the_disk_leaves_the_first_MiB_unwritten() =>
        await LeavesTheFirstMiB(Samples.Plan("S-1", _raw, _stored), image => image with { DiskSha256 = new string('0', 64) }, "expands to");

    [Fact]
    public async Task An_image_that_expands_to_more_than_stated_leaves_the_first_MiB_unwritten() =>
        await LeavesTheFirstMiB(Samples.Plan("S-1", _raw, _stored), image => image with { DiskSizeBytes = 3 * MiB }, "more than the stated");

    [Fact]
    public async Task A_damaged_stream_leaves_the_first_MiB_unwritten()
    {
        var damaged = _stored.ToArray();
        damaged.AsSpan(damaged.Length / 2, 4096).Fill(0xFF);
        await LeavesTheFirstMiB(Samples.Plan("S-1", _raw, damaged), i => i, "");
    }

    [Theory]
    [InlineData("S-9", "sata", 8, 512, "No disk with serial S-9")]
    [InlineData("S-1", "usb", 8, 512, "not local but usb")]
    [InlineData("S-1", "fc", 8, 512, "not local but fc")]
    [InlineData("S-1", "iscsi", 8, 512, "not local but iscsi")]
    [InlineData("S-1", "multipath", 8, 512, "not local but multipath")]
    [InlineData("S-1", "sata", 5, 512, "the image needs")]
    [InlineData("S-1", "sata", 8, 4096, "sectors of 4096")]
    public async Task A_disk_in_doubt_is_not_written(string serial, string transport, int sizeMiB, int sector, string why)
    {
        var disk = _disks.Add("S-1", sizeMiB * MiB, transport, sector: sector);
        var result = await Install(Samples.Plan(serial, _raw, _stored));
        Assert.Contains(why, result.Error, StringComparison.Ordinal);
        Assert.Empty(disk.Writes);
        Assert.Empty(_ppec.Ranges);
    }

    [Fact]
    public async Task Two_disks_with_one_serial_are_told_apart_by_their_WWN_or_not_written()
    {
        var (a, b) = (_disks.Add("S-1", 8 * MiB, wwn: "0x5000c500a1b2c3d4"), _disks.Add("S-1", 8 * MiB, wwn: "0x5000c500a1b2c3d5"));
        var plan = Samples.Plan("S-1", _raw, _stored);
        Assert.Contains("2 disks have serial S-1", (await Install(plan)).Error, StringComparison.Ordinal);
        Assert.Empty(a.Writes);
        Assert.Null((await Install(plan with { RootDisk = new("S-1", "naa.5000C500A1B2C3D5") })).Error);
        Assert.Empty(a.Writes);
        Assert.NotEmpty(b.Writes);
    }

    [Fact]
    public async Task An_image_for_other_firmware_is_not_written()
    {
        var disk = _disks.Add("S-1", 8 * MiB);
        Assert.Contains("boots by bios, the machine by uefi", (await Install(Samples.Plan("S-1", _raw, _stored), "uefi")).Error, StringComparison.Ordinal);
        Assert.Empty(disk.Writes);
    }

    [Fact]
    public async Task A_disk_that_loses_writes_is_found_out_and_does_not_boot()
    {
        var disk = _disks.Add("S-1", 8 * MiB);
        disk.LosesWritesFrom = 5 * MiB;
        var result = await Install(Samples.Plan("S-1", _raw, _stored));
        Assert.Contains("does not give back what was written", result.Error, StringComparison.Ordinal);
        Assert.Equal(-1, disk.Bytes.AsSpan(0, MiB).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task An_image_without_a_place_for_the_seed_is_an_error()
    {
        var raw = Samples.Disk(label: "OTHER");
        _disks.Add("S-1", 8 * MiB);
        Assert.Contains("no FAT partition labelled CIDATA", (await Install(Samples.Plan("S-1", raw, Samples.Gzip(raw)))).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plain_raw_images_work_too()
    {
        _disks.Add("S-1", 8 * MiB);
        var plan = Samples.Plan("S-1", _raw, _raw) with { Image = Samples.Image(_raw, _raw, "raw") };
        Assert.Null((await Install(plan, stored: _raw)).Error);
    }

    [Fact]
    public async Task Stopped_while_streaming_the_first_MiB_is_unwritten()
    {
        var disk = _disks.Add("S-1", 8 * MiB);
        var before = disk.Bytes[..MiB];
        using var link = await Connect(_ppec);
        using var stop = new CancellationTokenSource();
        await stop.CancelAsync();
        var installer = new Installer(link, _disks, "bios", TimeProvider.System);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => installer.Run(Work(Samples.Plan("S-1", _raw, _stored)), "op.install.1", "op", new WorkLog(), stop.Token));
        Assert.Equal(before, disk.Bytes[..MiB]);
    }

    async Task LeavesTheFirstMiB(InstallPlan plan, Func<ImageRef, ImageRef> spoil, string why)
    {
        var disk = _disks.Add("S-1", 8 * MiB);
        var before = disk.Bytes[..MiB];
        var stored = plan.Image.Sha256 == Samples.Sha256(_stored) ? _stored : null;
        plan = plan with { Image = spoil(plan.Image) };
        if (stored is null)
        {
            stored = _stored.ToArray();
            stored.AsSpan(stored.Length / 2, 4096).Fill(0xFF);
        }

        var result = await Install(plan, stored: stored, under: plan.Image.Sha256);
        Assert.NotNull(result.Error);
        Assert.Contains(why, result.Error, StringComparison.Ordinal);
        Assert.Contains("boot code was not written", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, disk.Bytes[..MiB]);
    }

    async Task<TaskResult> Install(InstallPlan plan, string bootMode = "bios", byte[]? stored = null, string? under = null)
    {
        var content = stored ?? (plan.Image.Sha256 == Samples.Sha256(_stored) ? _stored : Samples.Gzip(Samples.Disk(label: "OTHER")));
        _ppec.Images[under ?? plan.Image.Sha256] = content;
        using var link = await Connect(_ppec);
        return await new Installer(link, _disks, bootMode, TimeProvider.System).Run(Work(plan), "op.install.1", "op", new WorkLog(), Soon);
    }

    static InstallImage Work(InstallPlan plan) => new(plan, "the-first-boot-token", "http://10.0.2.2/agent/v1/beacon");
}
