using System.Text;
using Xunit;

namespace Ppec.Domain.Tests;

/// <summary>Reviewed tables. <c>UPDATE_GOLDEN=1</c> writes them anew; otherwise a difference fails with its first line.</summary>
public static class Golden
{
    public static void Compare(string name, StringBuilder text)
    {
        var path = Path.Combine(Folder(), name);
        var found = text.ToString().ReplaceLineEndings("\n");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(path, found);
        var expected = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        if (expected == found) return;
        var (was, now) = (expected.Split('\n'), found.Split('\n'));
        var line = Enumerable.Range(0, Math.Max(was.Length, now.Length)).First(i => was.ElementAtOrDefault(i) != now.ElementAtOrDefault(i));
        Assert.Fail($"tables/{name} differs from line {line + 1} on. Review, then run with UPDATE_GOLDEN=1.\n  table: {was.ElementAtOrDefault(line)}\n  now:   {now.ElementAtOrDefault(line)}");
    }

    static string Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "PPEC.sln"))) return Path.Combine(at.FullName, "tests", "Domain.Tests", "tables");
        throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
