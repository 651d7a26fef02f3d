using System.Text.Json;

namespace Ppec.Sdk;

/// <summary>A line of an export. <paramref name="Cursor"/> goes on after it; the head of a CSV has none.</summary>
public sealed record AuditLine(string Text, string Cursor)
{
    /// <summary>It names the columns.</summary>
    public bool IsHead => Cursor.Length == 0;

    /// <summary>Null for what is no whole line.</summary>
    public static AuditLine? Read(string line, bool csv)
    {
        var cursor = csv ? line[(line.LastIndexOf(',') + 1)..] : InJson(line);
        return cursor == "cursor" ? new(line, "") : cursor is { Length: > 0 } && cursor.All(c => char.IsAsciiDigit(c) || c == '.') && cursor.Contains('.', StringComparison.Ordinal) ? new(line, cursor) : null;
    }

    static string? InJson(string line)
    {
        try
        {
            using var row = JsonDocument.Parse(line);
            return row.RootElement.ValueKind == JsonValueKind.Object && row.RootElement.TryGetProperty("cursor", out var cursor) ? cursor.GetString() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
