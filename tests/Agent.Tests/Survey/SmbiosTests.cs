using Ppec.Agent.Survey;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Tests.Survey;

public sealed class SmbiosTests
{
    [Fact]
    public void The_facts_of_a_server()
    {
        var facts = SmbiosFacts.Read(SmbiosTable.Server(), (3, 2));
        Assert.Equal(new Firmware("Acme BIOS", "1.2.3", "01/02/2025"), facts.Bios);
        Assert.Equal(new SystemIdentity("Acme", "Box 9000", "SN-1", "00112233-4455-6677-8899-aabbccddeeff"), facts.System);
        Assert.Equal(new Board("Acme", "Board X", "BSN-1"), facts.Board);
        Assert.Equal([new("CPU0", "Acme Fast 3000", 300, 600)], facts.Sockets); // one socket is empty; counts above 255 are in the wide fields
        Assert.Equal(
            [
                new("A1", 16384, "Hynix", "HMA82", "D-1", 3200),
                new("B1", 65536, "Hynix", "HMA84", "D-2", 70000),
            ], facts.Dimms); // one slot is empty; 64 GiB and fast memory are in the wide fields
    }

    [Fact]
    public void Before_2_6_the_UUID_is_in_network_order() =>
        Assert.Equal("33221100-5544-7766-8899-aabbccddeeff", SmbiosFacts.Read(SmbiosTable.Server(), (2, 4)).System.Uuid);

    [Theory]
    [InlineData(0x00)]
    [InlineData(0xFF)]
    public void A_UUID_that_was_never_set_is_empty(byte fill)
    {
        var table = new SmbiosTable().Add(1, [.. new byte[4], .. Enumerable.Repeat(fill, 16)], []).End();
        Assert.Equal("", SmbiosFacts.Read(table, (3, 0)).System.Uuid);
    }

    [Fact]
    public void Slots_with_one_name_are_told_apart_by_their_bank()
    {
        var table = new SmbiosTable().Memory("DIMM 0", "BANK 0", 1024).Memory("DIMM 0", "BANK 1", 1024).End();
        Assert.Equal(["BANK 0/DIMM 0", "BANK 1/DIMM 0"], SmbiosFacts.Read(table, (3, 0)).Dimms.Select(d => d.Slot));
    }

    [Fact]
    public void A_table_cut_anywhere_never_throws_and_says_no_more_than_it_has()
    {
        var whole = SmbiosTable.Server();
        var all = Smbios.Parse(whole);
        for (var cut = 0; cut < whole.Length; cut++)
        {
            var parsed = Smbios.Parse(whole.AsMemory(0, cut));
            Assert.True(parsed.Length <= all.Length);
            _ = SmbiosFacts.Read(whole.AsMemory(0, cut), (3, 0));
        }
    }

    [Fact]
    public void A_table_of_noise_never_throws()
    {
        var random = new Random(7);
        for (var i = 0; i < 2000; i++)
        {
            var noise = new byte[random.Next(0, 600)];
            random.NextBytes(noise);
            _ = SmbiosFacts.Read(noise, (random.Next(4), random.Next(9)));
        }
    }

    [Fact]
    public void A_structure_shorter_than_its_header_ends_the_table() => Assert.Empty(Smbios.Parse(new byte[] { 1, 0, 0, 0, 0, 0, 0, 0 }));

    [Fact]
    public void A_string_number_beyond_the_strings_is_empty()
    {
        var table = new SmbiosTable().Add(2, [9, 9, 9, 9], ["only one"]).End();
        Assert.Equal(new Board("", "", ""), SmbiosFacts.Read(table, (3, 0)).Board);
    }

    [Fact]
    public void Control_characters_do_not_get_through() => Assert.Equal("a?b?", Smbios.Clean([0x20, 0x61, 0x1B, 0x62, 0xC3, 0x20, 0x00, 0x63]));

    [Fact]
    public void Entry_points_of_both_kinds()
    {
        Assert.Equal((2, 8), Smbios.Version([.. "_SM_"u8, 0, 0, 2, 8, 0]));
        Assert.Equal((3, 1), Smbios.Version([.. "_SM3_"u8, 0, 0, 3, 1]));
        Assert.Equal((0, 0), Smbios.Version([1, 2, 3]));
    }
}
