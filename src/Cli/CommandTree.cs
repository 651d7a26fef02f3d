using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Reflection;
using Ppec.Cli.Access;
using Ppec.Cli.Alerts;
using Ppec.Cli.Audit;
using Ppec.Cli.Changes;
using Ppec.Cli.Contexts;
using Ppec.Cli.Events;
using Ppec.Cli.Find;
using Ppec.Cli.Images;
using Ppec.Cli.Lab;
using Ppec.Cli.Logs;
using Ppec.Cli.Machines;
using Ppec.Cli.Operations;
using Ppec.Cli.Output;
using Ppec.Cli.Places;
using Ppec.Cli.Profiles;
using Ppec.Cli.Webhooks;

namespace Ppec.Cli;

/// <summary>Every command, and how one is run.</summary>
static class CommandTree
{
    const string Description = "PPEC: servers and virtual machines of a private cloud, and who did what to them.";

    public static RootCommand Build(Surroundings io)
    {
        var shell = new Shell(io);
        var root = new RootCommand(Description) { HelpName = "ppec" };
        Command[] nouns =
        [
            Version(shell), SessionVerbs.Login(shell), SessionVerbs.Logout(shell), SessionVerbs.WhoAmI(shell), ContextVerbs.Build(shell), MachineVerbs.Build(shell), OperationVerbs.Build(shell), EventVerbs.Build(shell),
            RegionVerbs.Build(shell), RackVerbs.Build(shell), ProfileVerbs.Build(shell), ImageVerbs.Build(shell),
            FindVerb.Build(shell), DiskVerbs.Build(shell), FilterVerbs.Build(shell), TagVerbs.Build(shell),
            UserVerbs.Build(shell), TeamVerbs.Groups(shell), RightVerbs.Roles(shell), RightVerbs.Grants(shell), TeamVerbs.Owners(shell), PolicyVerbs.Build(shell), CredentialVerbs.Build(shell), ChangeVerbs.Build(shell), ChangeVerbs.Undo(shell),
            AlertVerbs.Build(shell), WebhookVerbs.Build(shell), LogVerbs.Build(shell), AuditVerbs.Build(shell), SiteVerbs.Import(shell), SiteVerbs.Export(shell), LabVerbs.Build(shell),
        ];
        foreach (var noun in nouns) root.Subcommands.Add(noun);
        root.Options.Remove(root.Options.OfType<VersionOption>().Single()); // "version" is a command, which says ppec's and not a host process's
        root.Options.OfType<HelpOption>().Single().Action = new HelpWithExamples();
        return root;
    }

    public static async Task<int> RunAsync(string[] args, Surroundings io)
    {
        var root = Build(io with { Arguments = args });
        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpWithExamples)
        {
            var screen = new Screen(io);
            var unknown = parsed.UnmatchedTokens.Count > 0; // then "a command is required" says nothing more
            foreach (var error in parsed.Errors.Where(error => !unknown || !error.Message.StartsWith("Required command", StringComparison.Ordinal)))
                screen.Say($"error: {error.Message}");
            screen.Say($"next: {Path(parsed.CommandResult.Command)} --help");
            return ExitCodes.Usage;
        }
        return await parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = io.Out, Error = io.Error, EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null, // signals arrive by Surroundings.Interrupted, so that a test can send one
        }, CancellationToken.None);
    }

    /// <summary>The command as it is typed.</summary>
    public static string Path(Command command) => command is RootCommand ? "ppec" : $"{Path((Command)command.Parents.First())} {command.Name}";

    static Verb Version(Shell shell) => new Verb("version", "Print the version of ppec.", "ppec version").Does(shell, call =>
    {
        call.Screen.Line($"ppec {typeof(CommandTree).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}");
        return Task.FromResult(ExitCodes.Done);
    });

    sealed class HelpWithExamples : SynchronousCommandLineAction
    {
        readonly HelpAction _help = new() { MaxWidth = 120 };

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var output = parseResult.InvocationConfiguration.Output;
            using var help = new StringWriter();
            parseResult.InvocationConfiguration.Output = help;
            _help.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output = output;
            foreach (var line in help.ToString().TrimEnd().Split('\n')) output.WriteLine(line.TrimEnd());
            output.WriteLine();
            IReadOnlyList<string> examples = parseResult.CommandResult.Command is Verb verb ? verb.Examples : ["ppec context set lab --server http://127.0.0.1:8080 --credential-file ./admin-credential", "ppec machine list"];
            output.WriteLine("Examples:");
            foreach (var example in examples) output.WriteLine($"  {example}");
            return ExitCodes.Done;
        }
    }
}
