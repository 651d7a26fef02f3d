using System.Collections.Immutable;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Survey;

/// <summary>The whole machine, read and never written.</summary>
public static class MachineSurvey
{
    /// <summary>Everything, for a <see cref="GatherInventory"/>.</summary>
    public static Inventory Gather(SysTree tree)
    {
        var facts = Facts(tree);
        return new(
            facts.System, facts.Board, facts.Bios,
            BoardSurvey.Cpus(tree, facts.Sockets), facts.Dimms,
            DiskSurvey.Read(tree), NicSurvey.Read(tree), BoardSurvey.Pci(tree), BoardSurvey.Numa(tree), BoardSurvey.Tpm(tree),
            BoardSurvey.MemoryMiB(tree, facts.Dimms), BoardSurvey.BootMode(tree));
    }

    /// <summary>Just the identity, for the session request.</summary>
    public static MachineEvidence Evidence(SysTree tree)
    {
        var facts = Facts(tree);
        ImmutableArray<string> macs = [.. NicSurvey.Read(tree).Select(n => n.Mac).Where(m => m.Length > 0).Order(StringComparer.Ordinal)];
        return new(facts.System.Serial, facts.System.Uuid, facts.Board.Serial, macs);
    }

    static SmbiosFacts Facts(SysTree tree) =>
        SmbiosFacts.Read(tree.Bytes("sys/firmware/dmi/tables/DMI"), Smbios.Version(tree.Bytes("sys/firmware/dmi/tables/smbios_entry_point")));
}
