using System.Collections.Immutable;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Disks;

namespace Ppec.Contracts.Audit;

/// <summary>A disk's life as an auditor asks for it: with who had each wipe done, who agreed and to what, and a proof that the log says so. <paramref name="Head"/>: the newest signed head; the proofs are under it.</summary>
public sealed record DiskRecord(DiskView Disk, ImmutableArray<WipeRecord> Wipes, TreeHead? Head);

/// <summary>One wipe, and how it came to it.</summary>
/// <param name="Wipe">As its certificate says.</param>
/// <param name="Position">Where the log says that it was wiped.</param>
/// <param name="Maker">Who had it done; null when the log does not say what began the operation.</param>
/// <param name="Reason">Why, in the maker's words.</param>
/// <param name="Ticket">A ticket number elsewhere.</param>
/// <param name="BegunAt">When.</param>
/// <param name="PlanHash">The plan that was carried out.</param>
/// <param name="Change">The change it was carried out for, with the plan that its checkers saw and who agreed; null when nobody else had to.</param>
/// <param name="Proof">That the event at <paramref name="Position"/> is in the log of the newest head; null when no head covers it yet.</param>
public sealed record WipeRecord(
    DiskWipeView Wipe, string Position, string? Maker, string? Reason, string? Ticket, DateTimeOffset? BegunAt, string? PlanHash, ChangeView? Change, InclusionProof? Proof);

/// <summary>Answers an auditor about a disk.</summary>
public interface IDiskRecords
{
    /// <summary>Null when no machine ever had it.</summary>
    Task<DiskRecord?> Of(string serial, CancellationToken cancellation);
}
