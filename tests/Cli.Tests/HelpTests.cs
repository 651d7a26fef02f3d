using System.CommandLine;
using System.Text.RegularExpressions;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>The help of every command is reviewed text: <c>help/*.txt</c>, written anew with UPDATE_GOLDEN=1.</summary>
public sealed partial class HelpTests
{
    static readonly string s_folder = Folder();

    static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    static RootCommand Tree() => CommandTree.Build(new Terminal().Surroundings(TextWriter.Null, TextWriter.Null));

    public static TheoryData<string> Commands() => [.. All(Tree()).Select(CommandTree.Path)];

    [Theory, MemberData(nameof(Commands))]
    public async Task Help_is_as_reviewed(string command)
    {
        using var terminal = new Terminal();
        var ran = await terminal.RunAsync([.. command.Split(' ').Skip(1), "--help"]);
        Assert.Equal((0, ""), (ran.Exit, ran.Error));
        var file = Path.Combine(s_folder, command.Replace(' ', '-') + ".txt");
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") await File.WriteAllTextAsync(file, ran.Out, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(file), $"{file} is missing: run with UPDATE_GOLDEN=1 and review it.");
        Assert.Equal(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken), ran.Out);
    }

    [Fact]
    public void No_reviewed_help_is_left_of_a_command_that_is_gone() =>
        Assert.Empty(Directory.GetFiles(s_folder).Select(Path.GetFileNameWithoutExtension).Except(All(Tree()).Select(command => CommandTree.Path(command).Replace(' ', '-'))));

    [Fact]
    public void Every_command_says_what_it_does_and_its_examples_can_be_typed()
    {
        var tree = Tree();
        foreach (var command in All(tree).OfType<Verb>())
        {
            Assert.EndsWith(".", command.Description, StringComparison.Ordinal);
            foreach (var option in command.Options) Assert.False(string.IsNullOrEmpty(option.Description), $"{command.Name} {option.Name}");
            foreach (var example in command.Examples)
            {
                var parsed = tree.Parse(Words().Matches(example.Split("| ")[^1]).Select(word => word.Value.Trim('\'')).Skip(1).ToArray(), new ParserConfiguration { ResponseFileTokenReplacer = null });
                Assert.True(parsed.Errors.Count == 0, $"{example}: {string.Join(' ', parsed.Errors)}");
            }
        }
    }

    [Fact]
    public void Only_these_commands_exist() => Assert.Equal(
        """
        ppec version
        ppec login
        ppec logout
        ppec whoami
        ppec context list|use|set
        ppec machine list|show|rack|accept|reject|set|rekey|unrack|bmc|inspect|promote|provision|reimage|adopt|maintain|release|retire|hold|unhold|waive|repair|locate|tag|power|log|history|diff
        ppec op list|show|watch|cancel|retry|history|diff
        ppec event tail
        ppec region list|show|create|set|history|diff
        ppec rack list|show|create|set|retire|history|diff
        ppec profile list|show|create|history|diff
        ppec image list|show|register|deprecate|history|diff
        ppec find
        ppec disk show
        ppec filter list|show|save|delete|history|diff
        ppec tag list|show|set|delete
        ppec user list|show|create|set|password|mail|history|diff
        ppec group list|show|set|delete|history|diff
        ppec role list|show|set|delete|history|diff
        ppec grant list|show|create|revoke|explain|history|diff
        ppec owner list|show|set|delete|history|diff
        ppec policy list|show|set|delete|history|diff
        ppec credential list|show|create|rotate|revoke
        ppec change list|show|now|approve|reject|withdraw|again|review|history|diff
        ppec undo
        ppec alert list|show|ack|resolve|silence|history|diff
        ppec webhook list|show|create|set|delete|test|deliveries|history|diff
        ppec log search
        ppec audit search|export|verify|prove|heads
        ppec import
        ppec export
        ppec lab up|down|status
        """.ReplaceLineEndings("\n"),
        string.Join('\n', Tree().Subcommands.Select(noun => $"ppec {noun.Name} {string.Join('|', noun.Subcommands.Select(verb => verb.Name))}".TrimEnd())));

    static string Folder()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "PPEC.sln"))) directory = directory.Parent ?? throw new InvalidOperationException("Not inside the repository.");
        return Path.Combine(directory.FullName, "tests", "Cli.Tests", "help");
    }

    [GeneratedRegex("'[^']*'|[^ ]+", RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
