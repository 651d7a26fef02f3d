using System.Text.Json;
using System.Text.RegularExpressions;

namespace Ppec.House.Tests;

/// <summary>No feature that nothing uses: every endpoint, verb and option stands in some test or ops script.</summary>
public static class UnusedTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    static readonly string Users = string.Join('\n', House.Sources("tests").Concat(Directory.EnumerateFiles(Path.Combine(House.Root, "ops"), "*", SearchOption.AllDirectories))
        .Where(f => !f.Contains("House.Tests", StringComparison.Ordinal)).Select(File.ReadAllText));

    [Fact]
    public static void Every_endpoint_is_called_by_a_test()
    {
        var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(House.Root, "tests", "Api.Tests", "openapi.json")));
        Assert.Empty(document.RootElement.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(o => (Path: path.Name, Id: o.Value.GetProperty("operationId").GetString()!)))
            .Where(e => !Called(e.Path) && !CalledBySdk(e.Id)).Select(e => $"{e.Id} {e.Path}"));
    }

    [Fact]
    public static void Every_verb_is_run_by_a_test()
    {
        Assert.Empty(Helps().Select(h => Path.GetFileNameWithoutExtension(h).Split('-')).Where(words => words.Length == 3)
            .Where(words => !Regex.IsMatch(Users, $@"\b{words[1]}\W{{1,5}}{words[2]}\b", RegexOptions.None, Patience)).Select(words => string.Join(' ', words)));
    }

    [Fact]
    public static void Every_option_is_used_by_a_test()
    {
        var options = Helps().SelectMany(h => Regex.Matches(File.ReadAllText(h), "--[a-z][a-z-]+", RegexOptions.None, Patience).Select(m => m.Value))
            .Concat(Regex.Matches(File.ReadAllText(Path.Combine(House.Root, "src", "Silo", "NodeOptions.cs")), "^ {8}new\\(\"(?<name>[a-z-]+)\"", RegexOptions.Multiline | RegexOptions.ExplicitCapture, Patience).Select(m => $"--{m.Groups["name"].Value}"));
        Assert.DoesNotContain(options.Distinct(), o => !Regex.IsMatch(Users, $"{o}(?![a-z-])", RegexOptions.None, Patience));
    }

    static IEnumerable<string> Helps() => Directory.EnumerateFiles(Path.Combine(House.Root, "tests", "Cli.Tests", "help"), "*.txt");

    /// <summary>By its path, with anything in the place of an id.</summary>
    static bool Called(string path) =>
        Regex.IsMatch(Users, Regex.Replace(path, "/api/v1/|{[a-z0-9]+}", m => m.Value[0] == '/' ? "" : "[^\"/?]+", RegexOptions.None, Patience) + "(?![a-z])", RegexOptions.None, Patience);

    /// <summary><c>machine_promote</c> → <c>Machines.PromoteAsync</c>.</summary>
    static bool CalledBySdk(string id) => id.Split('_') is [var noun, var verb]
        && Regex.IsMatch(Users, $@"\b{noun}s\.{verb}Async", RegexOptions.IgnoreCase, Patience);
}
