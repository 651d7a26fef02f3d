using System.CommandLine;

namespace Ppec.Cli;

/// <summary>A command with examples: the help of every one shows at least one.</summary>
sealed class Verb : Command
{
    public Verb(string name, string description, params string[] examples) : base(name, description)
    {
        if (examples.Length == 0) throw new ArgumentException($"{name}: a command without an example.", nameof(examples));
        Examples = examples;
    }

    public IReadOnlyList<string> Examples { get; }

    public Verb With(params IEnumerable<Option> options)
    {
        foreach (var option in options.Where(option => !Options.Contains(option))) Options.Add(option);
        return this;
    }

    public Verb Under(params IEnumerable<Command> verbs)
    {
        foreach (var verb in verbs) Subcommands.Add(verb);
        return this;
    }

    public Argument<string> Takes(string name, string description)
    {
        var argument = new Argument<string>(name) { Description = description, HelpName = name.ToUpperInvariant() };
        Arguments.Add(argument);
        return argument;
    }

    /// <summary>An argument that may be left out, when something else says what is meant.</summary>
    public Argument<string?> MayTake(string name, string description)
    {
        var argument = new Argument<string?>(name) { Description = description, HelpName = name.ToUpperInvariant(), Arity = ArgumentArity.ZeroOrOne };
        Arguments.Add(argument);
        return argument;
    }

    public Argument<string[]> TakesMany(string name, string description)
    {
        var argument = new Argument<string[]>(name) { Description = description, HelpName = name.ToUpperInvariant(), Arity = ArgumentArity.OneOrMore };
        Arguments.Add(argument);
        return argument;
    }

    public Option<T> Has<T>(string name, string value, string description, bool required = false)
    {
        var option = new Option<T>(name) { Description = description, HelpName = value, Required = required };
        Options.Add(option);
        return option;
    }

    /// <summary>What the verb does. Failures become messages and an exit status in one place.</summary>
    public Verb Does(Shell shell, Func<Call, Task<int>> action) => Does(shell, (call, _) => action(call));

    public Verb Does(Shell shell, Func<Call, ParseResult, Task<int>> action)
    {
        SetAction(async (parsed, _) =>
        {
            using var call = new Call(shell, parsed);
            try { return await action(call, parsed); }
            catch (Exception e) { return Failures.Report(e, call); }
        });
        return this;
    }
}

/// <summary>What the commands of one run share.</summary>
sealed class Shell(Surroundings io)
{
    public Surroundings Io { get; } = io;
    public SharedOptions Options { get; } = new();
}
