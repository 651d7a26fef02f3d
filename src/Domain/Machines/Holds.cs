namespace Ppec.Domain.Machines;

/// <summary>The sources of the holds that PPEC places itself. An operation that fails before it writes holds under its kind's name.</summary>
public static class Holds
{
    /// <summary>Hardware or health is not as it should be; the next passing inspection lifts it.</summary>
    public const string Inspection = "inspection";

    /// <summary>It matches no profile, or more than one.</summary>
    public const string Unclassified = "unclassified";

    /// <summary>Disks may be half written; only a wipe lifts it.</summary>
    public const string Dirty = "dirty";

    /// <summary>Another machine answered in its place.</summary>
    public const string Identity = "identity";

    /// <summary>Maintenance left other hardware than before.</summary>
    public const string Baseline = "baseline";
}
