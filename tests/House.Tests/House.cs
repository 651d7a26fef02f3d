using System.Text.RegularExpressions;

namespace Ppec.House.Tests;

/// <summary>The repository, as files.</summary>
static class House
{
    public static string Root { get; } = Find();

    public static IEnumerable<string> Sources(string folder, string pattern = "*.cs") =>
        Directory.EnumerateFiles(Path.Combine(Root, folder), pattern, SearchOption.AllDirectories)
            .Where(f => !Regex.IsMatch(Path.GetRelativePath(Root, f), "(^|/)(obj|bin|node_modules)/", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)));

    /// <summary>A reviewed file. <c>UPDATE_GOLDEN=1</c> writes it anew; otherwise a difference fails with its first line.</summary>
    public static void Golden(string name, IEnumerable<string> lines)
    {
        var path = Path.Combine(Root, "tests", "House.Tests", name);
        string[] now = [.. lines];
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllLines(path, now);
        var was = File.Exists(path) ? File.ReadAllLines(path) : [];
        for (var i = 0; i < Math.Max(was.Length, now.Length); i++)
            if (was.ElementAtOrDefault(i) != now.ElementAtOrDefault(i))
                Assert.Fail($"{name} differs from line {i + 1} on. Review, then run with UPDATE_GOLDEN=1.\n  file: {was.ElementAtOrDefault(i)}\n  now:  {now.ElementAtOrDefault(i)}");
    }

    static string Find()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "PPEC.sln"))) return at.FullName;
        throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
