using System.Collections.Immutable;

namespace Ppec.Silo.Upkeep;

/// <summary>An option of an upkeep command. <paramref name="Value"/> null: a flag.</summary>
sealed record UpkeepOption(string Name, string? Value, string Help, bool Required = false)
{
    public string Synopsis => Value is null ? $"--{Name}" : $"--{Name} {Value}";
}

/// <summary>A command that looks after what a node keeps. <paramref name="Run"/> answers what to print when it is done.</summary>
sealed record UpkeepCommand(string Name, string Summary, ImmutableArray<UpkeepOption> Options, string Notes, Func<UpkeepArguments, CancellationToken, Task<string>> Run)
{
    public string Help => $"""
        ppec-silo {Name}: {Summary}

        Usage: ppec-silo {Name} {string.Join(' ', Options.Select(o => o.Required ? o.Synopsis : $"[{o.Synopsis}]"))}

        {string.Join('\n', Options.Select(o => $"  {o.Synopsis,-20}  {o.Help}"))}

        {Notes}

        Exit: 0 done, 1 it could not be done (standard error says why), 2 the command line is wrong.
        """;
}

/// <summary>The values of a command's options.</summary>
sealed class UpkeepArguments
{
    readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <exception cref="OptionException">An option is unknown, given twice, missing, or lacks its value.</exception>
    public static UpkeepArguments Read(UpkeepCommand command, IReadOnlyList<string> arguments)
    {
        var read = new UpkeepArguments();
        for (var i = 0; i < arguments.Count; i++)
        {
            var (name, given) = arguments[i].Split('=', 2) is [var n, var v] ? (n, v) : (arguments[i], null);
            if (command.Options.FirstOrDefault(o => $"--{o.Name}" == name) is not { } option)
                throw new OptionException($"'{arguments[i]}' is not an option of {command.Name}: it has {string.Join(", ", command.Options.Select(o => o.Synopsis))}.");
            if (option.Value is not null) given ??= ++i < arguments.Count ? arguments[i] : throw new OptionException($"--{option.Name} lacks its value: give {option.Synopsis}.");
            else if (given is not null) throw new OptionException($"--{option.Name} takes no value.");
            if (!read._values.TryAdd(option.Name, given ?? "")) throw new OptionException($"--{option.Name} is given twice.");
        }
        return command.Options.FirstOrDefault(o => o.Required && !read.Has(o.Name)) is { } missing
            ? throw new OptionException($"--{missing.Name} is missing: give {missing.Synopsis}. {missing.Help}")
            : read;
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string this[string name] => _values[name];

    public string? Find(string name) => _values.GetValueOrDefault(name);

    /// <summary>Full path of a directory.</summary>
    public string Directory(string name) => Path.GetFullPath(_values[name]);

    /// <summary>Opens the store that an option (or <paramref name="otherwise"/>) gives the address of.</summary>
    public async Task<OpenStore> Store(string name, Use use, CancellationToken cancellation, string? otherwise = null)
    {
        try { return await EventStores.Open(_values.GetValueOrDefault(name) ?? otherwise!, use, cancellation); }
        catch (OptionException e) { throw new OptionException($"--{name}: {e.Message}"); }
    }
}

/// <summary>An upkeep command cannot do its work; the message says why, and what to do.</summary>
sealed class UpkeepException(string message) : Exception(message);
