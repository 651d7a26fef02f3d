using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Ppec.House.Tests;

public static class LayoutTests
{
    /// <summary>Who may import whom (architecture). A project not named here may import nothing: name it when it appears.</summary>
    static readonly Dictionary<string, string[]> May = new(StringComparer.Ordinal)
    {
        ["Contracts"] = [],
        ["Domain"] = ["Contracts"],
        ["Stores"] = ["Contracts", "Domain"],
        ["Drivers"] = ["Contracts"],
        ["Grains"] = ["Contracts", "Domain", "Stores", "Drivers"],
        ["Projections"] = ["Contracts", "Domain"],
        ["Api"] = ["Contracts"],
        ["Silo"] = ["Contracts", "Domain", "Stores", "Drivers", "Grains", "Projections", "Api"],
        ["Sdk"] = ["Contracts"],
        ["Agent"] = ["Contracts"],
        ["Lab"] = ["Contracts"],
        ["Cli"] = ["Contracts", "Sdk"],
        ["Prover"] = [],
    };

    [Fact]
    public static void Projects_import_only_whom_they_may()
    {
        foreach (var file in House.Sources("src", "*.csproj"))
        {
            var name = Path.GetFileNameWithoutExtension(file);
            var imports = XDocument.Load(file).Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(((string)r.Attribute("Include")!).Replace('\\', '/')));
            Assert.True(May.TryGetValue(name, out var may), $"{name} has no row in the import rules.");
            Assert.Empty(imports.Except(may!).Select(i => $"{name} imports {i}"));
        }
    }

    [Fact]
    public static void The_top_level_is_what_the_house_says()
    {
        string[] known = ["src", "tests", "ops", "PPEC.sln", "README.md", "Directory.Build.props", "Directory.Packages.props", "global.json"];
        Assert.Empty(new DirectoryInfo(House.Root).EnumerateFileSystemInfos().Select(e => e.Name).Where(n => !n.StartsWith('.')).Except(known));
    }

    [Fact]
    public static void A_long_file_says_why_in_its_first_line() =>
        Assert.Empty(House.Sources("src").Where(f => File.ReadLines(f).Count() > 400 && !File.ReadLines(f).First().StartsWith("//", StringComparison.Ordinal)).Select(f => Path.GetRelativePath(House.Root, f)));

    [Fact]
    public static void No_type_is_named_after_nothing()
    {
        var named = new Regex(@"\b(class|record|struct|interface|enum)\s+(?<name>\w+(Manager|Helper|Utils?|Base|Service|Common|Core))\b", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
        Assert.Empty(House.Sources("src").SelectMany(f => named.Matches(File.ReadAllText(f)).Select(m => $"{Path.GetRelativePath(House.Root, f)}: {m.Groups["name"].Value}")));
    }

    /// <summary>Paths in backticks that begin with a top-level folder.</summary>
    [Fact]
    public static void Documents_name_paths_that_exist()
    {
        var path = new Regex("`(?<path>(src|tests|ops)/[\\w./-]+)`", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5));
        var documents = House.Sources("src", "*.md").Concat(Directory.EnumerateFiles(House.Root, "*.md"));
        Assert.Empty(documents.SelectMany(d => path.Matches(File.ReadAllText(d)).Select(m => m.Groups["path"].Value.TrimEnd('.'))
            .Where(p => !Path.Exists(Path.Combine(House.Root, p))).Select(p => $"{Path.GetRelativePath(House.Root, d)}: {p}")));
    }
}
