using System.Globalization;

namespace Ppec.Cli.Output;

/// <summary>How a cell is meant, which a terminal shows as colour.</summary>
enum Tone { Plain, Good, Busy, Bad, Dim, Head }

/// <summary>One cell. The text may be hostile; it is made safe where it is printed.</summary>
readonly record struct Cell(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Cell(string? text) => new(text ?? "");
    public static implicit operator Cell(int number) => new(number.ToString(CultureInfo.InvariantCulture));
    public static implicit operator Cell(long number) => new(number.ToString(CultureInfo.InvariantCulture));
    public static implicit operator Cell(int? number) => new(number?.ToString(CultureInfo.InvariantCulture) ?? "");
    public static implicit operator Cell(DateTimeOffset? time) => new(time is { } t ? Words.Time(t) : "");
}

/// <summary>What is shown for people: a title over columns and rows. Without columns it is a list of facts.</summary>
sealed class Sheet(string? title, params string[] columns)
{
    public string? Title { get; } = title;
    public IReadOnlyList<string> Columns { get; } = columns;
    public List<Cell[]> Rows { get; } = [];

    public Sheet Add(params Cell[] row)
    {
        Rows.Add(row);
        return this;
    }

    /// <summary>A fact, when there is something to say.</summary>
    public Sheet Fact(string label, Cell value)
    {
        if (value.Text.Length > 0) Rows.Add([new($"{label}:", Tone.Dim), value]);
        return this;
    }
}

/// <summary>How things are said everywhere.</summary>
static class Words
{
    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Size(long bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var size = (double)bytes;
        var unit = 0;
        for (; size >= 1024 && unit < units.Length - 1; unit++) size /= 1024;
        return string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {units[unit]}");
    }

    public static string Pairs(IEnumerable<KeyValuePair<string, string>>? pairs) =>
        string.Join(' ', (pairs ?? []).Select(pair => $"{pair.Key}={pair.Value}"));

    /// <summary>A list that the server may have left out.</summary>
    public static IEnumerable<T> Each<T>(this System.Collections.Immutable.ImmutableArray<T> items) => items.IsDefault ? [] : items;
}
