using System.Globalization;

namespace Ppec.Benchmarks;

/// <summary>One line of the table.</summary>
static class Row
{
    public static void Print(string what, double value, string unit, string format = "N0", string target = "") =>
        Console.WriteLine($"{what,-58} {value.ToString(format, CultureInfo.InvariantCulture) + " " + unit,16} {target,12}");

    public static double Percentile(IReadOnlyList<double> sorted, double part) => sorted[(int)((sorted.Count - 1) * part)];
}
