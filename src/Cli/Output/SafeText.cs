using System.Globalization;
using System.Text;

namespace Ppec.Cli.Output;

/// <summary>
/// Text from elsewhere (a server, a machine's firmware) may carry escape sequences that rewrite a terminal, or marks that
/// reorder what is read. All of it is shown as what it is, and does nothing.
/// </summary>
static class SafeText
{
    public static string Line(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        var hostile = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        if (hostile < 0) return text;
        var safe = new StringBuilder(text.Length + 16);
        safe.Append(text, 0, hostile);
        for (var i = hostile; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]) && !IsHostile(CharUnicodeInfo.GetUnicodeCategory(text, i)))
                safe.Append(c).Append(text[++i]);
            else if (c == '\n') safe.Append("\\n");
            else if (c == '\t') safe.Append("\\t");
            else if (IsHostile(c)) safe.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else safe.Append(c);
        }
        return safe.ToString();
    }

    /// <summary>Controls, format marks (bidirectional overrides, zero width), line separators, halves of characters, private use.</summary>
    public static bool IsHostile(char c) => IsHostile(char.GetUnicodeCategory(c));

    static bool IsHostile(UnicodeCategory category) => category is
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
