using System.Globalization;

namespace Ppec.Contracts;

/// <summary>Names with a version: images as <c>name@3</c>, profiles as <c>name-v3</c>; without one, the newest is meant.</summary>
public static class Versioned
{
    public static (string Name, int? Version) Parse(string id) => Split(id, id.LastIndexOf('@'), 1);

    public static (string Name, int? Version) ParseProfile(string id) => Split(id, id.LastIndexOf("-v", StringComparison.Ordinal), 2);

    static (string, int?) Split(string id, int at, int separator) =>
        at > 0 && int.TryParse(id.AsSpan(at + separator), NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            ? (id[..at], version)
            : (id, null);
}
