using System.Globalization;

namespace Ppec.Contracts.Events;

/// <summary>
/// A place in the log. Opaque to users; ordered within one log. EventStoreDB needs both parts
/// (its <c>AllStreamPosition</c>); stores with one counter set both to the same value. (0, 0) is before the first event.
/// </summary>
[GenerateSerializer, Immutable]
public readonly record struct LogPosition([property: Id(0)] ulong Commit, [property: Id(1)] ulong Prepare) : IComparable<LogPosition>
{
    public static readonly LogPosition Start;

    public LogPosition(ulong position) : this(position, position) { }

    public int CompareTo(LogPosition other) =>
        Commit == other.Commit ? Prepare.CompareTo(other.Prepare) : Commit.CompareTo(other.Commit);

    public static bool operator <(LogPosition a, LogPosition b) => a.CompareTo(b) < 0;
    public static bool operator >(LogPosition a, LogPosition b) => a.CompareTo(b) > 0;
    public static bool operator <=(LogPosition a, LogPosition b) => a.CompareTo(b) <= 0;
    public static bool operator >=(LogPosition a, LogPosition b) => a.CompareTo(b) >= 0;

    public override string ToString() => Commit == Prepare
        ? Commit.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Commit}.{Prepare}");

    public static bool TryParse(string? text, out LogPosition position)
    {
        position = default;
        if (string.IsNullOrEmpty(text) || text.Length > 41) return false;
        var dot = text.IndexOf('.', StringComparison.Ordinal);
        var first = dot < 0 ? text : text[..dot];
        if (!ulong.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var commit)) return false;
        var prepare = commit;
        if (dot >= 0 && !ulong.TryParse(text[(dot + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out prepare)) return false;
        position = new(commit, prepare);
        return true;
    }
}
