using Ppec.Agent.Tasks;
using Ppec.Agent.Tests.Fakes;
using Ppec.Agent.Wipe;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;

namespace Ppec.Agent.Tests.Wipe;

public sealed class WiperTests
{
    const int MiB = 1 << 20;
    readonly FakeDisks _disks = new();

    [Fact]
    public async Task A_disk_that_zeroes_itself_is_cleared_with_proof()
    {
        var disk = _disks.Add("S-1", 5 * MiB);
        var result = await Wipe("S-1");
        Assert.Null(result.Error);
        var record = Assert.Single(result.Wipe!.Disks);
        Assert.Equal(("S-1", "discard-zeroes", "clear", true), (record.Serial, record.Method, record.SanitizationClass, record.Verified));
        Assert.True(record.SamplesRead >= 66);
        Assert.Equal(-1, disk.Bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task A_disk_without_offload_is_overwritten()
    {
        _disks.Add("S-1", 5 * MiB).OffloadsZero = false;
        Assert.Equal("overwrite-zeroes", (await Wipe("S-1")).Wipe!.Disks[0].Method);
    }

    [Fact]
    public async Task A_disk_that_only_says_it_zeroed_is_found_out_and_overwritten()
    {
        var disk = _disks.Add("S-1", 5 * MiB);
        disk.ZeroLies = true;
        var record = (await Wipe("S-1")).Wipe!.Disks[0];
        Assert.Equal(("overwrite-zeroes", "clear", true), (record.Method, record.SanitizationClass, record.Verified));
        Assert.Equal(-1, disk.Bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task An_erasure_that_did_nothing_on_an_empty_disk_is_betrayed_by_the_mark()
    {
        var disk = _disks.Add("S-1", 5 * MiB);
        Array.Clear(disk.Bytes);
        disk.Erasures.Add(new("nvme-format", "purge", LeavesNoise: false, () => { }));
        Assert.Equal("discard-zeroes", (await Wipe("S-1")).Wipe!.Disks[0].Method);
    }

    [Fact]
    public async Task The_disks_own_erasure_comes_first()
    {
        var disk = _disks.Add("S-1", 5 * MiB);
        disk.Erasures.Add(new("nvme-format", "purge", LeavesNoise: false, () => Array.Fill(disk.Bytes, (byte)0xFF)));
        var record = (await Wipe("S-1")).Wipe!.Disks[0];
        Assert.Equal(("nvme-format", "purge", true), (record.Method, record.SanitizationClass, record.Verified));
    }

    [Fact]
    public async Task After_a_crypto_erase_zeroes_are_written_over_the_noise()
    {
        var disk = _disks.Add("S-1", 5 * MiB);
        disk.Erasures.Add(new("nvme-crypto-erase", "purge", LeavesNoise: true, () => new Random(1).NextBytes(disk.Bytes)));
        var record = (await Wipe("S-1")).Wipe!.Disks[0];
        Assert.Equal(("nvme-crypto-erase", "purge", true), (record.Method, record.SanitizationClass, record.Verified));
        Assert.Equal(-1, disk.Bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task A_failed_erasure_falls_back_and_is_not_certified_as_more_than_it_was()
    {
        var disk = _disks.Add("S-1", 5 * MiB);
        disk.Erasures.Add(new("nvme-format", "purge", LeavesNoise: false, () => throw new IOException("status 0x10a")));
        var record = (await Wipe("S-1")).Wipe!.Disks[0];
        Assert.Equal(("discard-zeroes", "clear", true, null), (record.Method, record.SanitizationClass, record.Verified, record.Error));
    }

    [Fact]
    public async Task A_disk_that_keeps_its_data_is_an_error_with_a_record_and_the_others_are_still_erased()
    {
        var (bad, good) = (_disks.Add("S-1", 5 * MiB), _disks.Add("S-2", 5 * MiB));
        (bad.ZeroLies, bad.LosesWritesFrom) = (true, 0);
        var result = await Wipe("S-1", "S-2");
        Assert.Contains("S-1:", result.Error, StringComparison.Ordinal);
        Assert.Equal([false, true], result.Wipe!.Disks.Select(d => d.Verified));
        Assert.Equal(["", "clear"], result.Wipe.Disks.Select(d => d.SanitizationClass));
        Assert.Equal(-1, good.Bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Theory]
    [InlineData("S-9", "sata")]
    [InlineData("S-2", "usb")]
    [InlineData("S-2", "fc")]
    public async Task One_disk_in_doubt_and_nothing_is_written_at_all(string second, string transport)
    {
        var (a, b) = (_disks.Add("S-1", 5 * MiB), _disks.Add("S-2", 5 * MiB, transport));
        var result = await Wipe("S-1", second);
        Assert.NotNull(result.Error);
        Assert.Null(result.Wipe);
        Assert.Empty(a.Writes);
        Assert.Empty(b.Writes);
        Assert.NotEqual(-1, a.Bytes.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task An_unlisted_disk_is_not_touched()
    {
        _disks.Add("S-1", 5 * MiB);
        var other = _disks.Add("S-2", 5 * MiB);
        var before = other.Bytes.ToArray();
        await Wipe("S-1");
        Assert.Equal(before, other.Bytes);
    }

    [Theory]
    [InlineData(0x02, 0x00, true, new[] { 1 })]
    [InlineData(0x02, 0x04, true, new[] { 2, 1 })]
    [InlineData(0x00, 0x04, true, new int[0])]  // no Format
    [InlineData(0x02, 0x02, false, new int[0])] // would erase namespaces nobody named
    [InlineData(0x02, 0x04, false, new[] { 2, 1 })]
    public void NVMe_offers_what_its_controller_can(byte oacs, byte fna, bool only, int[] expected)
    {
        var identify = new byte[4096];
        (identify[256], identify[524]) = (oacs, fna);
        Assert.Equal(expected, NvmeErase.Choose(identify, only));
    }

    [Theory]
    [InlineData(0x21, true, new[] { "purge", "clear" })]
    [InlineData(0x21, false, new[] { "clear", "clear" })]
    [InlineData(0x01, true, new[] { "clear" })]
    [InlineData(0x29, true, new string[0])] // frozen
    [InlineData(0x23, true, new string[0])] // somebody's password
    [InlineData(0x00, true, new string[0])]
    public void ATA_offers_what_its_disk_can_and_flash_is_never_called_purged(ushort word128, bool rotational, string[] expected)
    {
        var identify = new byte[512];
        BitConverter.TryWriteBytes(identify.AsSpan(256), word128);
        var disk = new Disk("", "sda", "", "S", "", 0, rotational, "sata", "");
        Assert.Equal(expected, AtaErase.Choose(AtaSecurity.Parse(identify), disk).Select(e => e.SanitizationClass));
    }

    Task<TaskResult> Wipe(params string[] serials) =>
        new Wiper(_disks, TimeProvider.System).Run(new WipeDisks([.. serials.Select(s => new DiskRef(s, ""))]), new WorkLog(), CancellationToken.None);
}
