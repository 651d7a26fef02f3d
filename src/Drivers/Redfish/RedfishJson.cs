using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ppec.Drivers.Redfish;

/// <summary>Reads JSON that may have been written to hurt: a wrong kind is absent, text is cut and stripped, a link stays on its BMC.</summary>
internal static class RedfishJson
{
    const int MaxText = 256;
    const int MaxLink = 2048;

    public static JsonElement? Child(this JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element)) return null;
        }

        return element;
    }

    /// <summary>The text at the path, printable and at most 256 characters; empty where there is none.</summary>
    public static string Text(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.Child(path) is { ValueKind: JsonValueKind.String } text ? Printable(text.GetString()!, MaxText) : "";

    public static string Printable(string text, int limit)
    {
        var kept = new StringBuilder(Math.Min(text.Length, limit));
        foreach (var c in text)
        {
            if (kept.Length == limit) break;
            if (!char.IsControl(c) && !char.IsSurrogate(c) && CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.Format) kept.Append(c);
        }

        return kept.ToString().Trim();
    }

    /// <summary>A number at the path; null where there is none.</summary>
    public static double? Number(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.Child(path) is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) ? value : null;

    /// <summary>The <c>@odata.id</c> (or plain URI) at the path, or null where there is none that is an absolute path on this BMC.</summary>
    public static string? Link(this JsonElement element, params ReadOnlySpan<string> path)
    {
        if (element.Child(path) is not { } found) return null;
        if (found.ValueKind == JsonValueKind.Object) found = found.Child("@odata.id") ?? default;
        return found.ValueKind == JsonValueKind.String && IsLocal(found.GetString()!) ? found.GetString() : null;
    }

    /// <summary>Strings of an array; null where there is no array.</summary>
    public static List<string>? Texts(this JsonElement element, params ReadOnlySpan<string> path) =>
        element.Child(path) is { ValueKind: JsonValueKind.Array } array
            ? [.. array.EnumerateArray().Take(MaxText).Where(e => e.ValueKind == JsonValueKind.String).Select(e => e.GetString()!)]
            : null;

    /// <summary><c>//host/…</c> and <c>http://…</c> would carry the session token to a stranger.</summary>
    public static bool IsLocal(string link) =>
        link.Length is > 0 and <= MaxLink && link[0] == '/' && !link.StartsWith("//", StringComparison.Ordinal)
        && !link.Contains('\\') && link.All(c => c is > ' ' and < (char)127);
}
