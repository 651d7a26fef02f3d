using System.Globalization;

namespace Ppec.Benchmarks;

/// <summary>One line of the table.</summary>
static class Row
{
    const int Width = 66;

    public static void Head() => Console.WriteLine($"{"what",-Width} {"measured",16} {"target",12}");

    public static void Print(string what, double value, string unit, string format = "N0", string target = "") =>
        Console.WriteLine($"{what,-Width} {value.ToString(format, CultureInfo.InvariantCulture) + " " + unit,16} {target,12}");

    /// <summary>Words about what follows, or about why it does not.</summary>
    public static void Note(string text) => Console.WriteLine(text);

    public static double Percentile(IReadOnlyList<double> sorted, double part) => sorted[(int)((sorted.Count - 1) * part)];
}
