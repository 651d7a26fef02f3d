namespace Ppec.Cli;

/// <summary>Everything the command line touches outside itself, so that a test can be its world.</summary>
sealed record Surroundings
{
    public required TextReader In { get; init; }
    public required TextWriter Out { get; init; }
    public required TextWriter Error { get; init; }
    public required Func<string, string?> Variable { get; init; }
    /// <summary>A line that is typed and not echoed; null when it was broken off.</summary>
    public Func<string?>? ReadHidden { get; init; }

    public bool InIsTerminal { get; init; }
    public bool OutIsTerminal { get; init; }
    public bool ErrorIsTerminal { get; init; }

    /// <summary>Cancelled by Ctrl-C and by a polite request to end.</summary>
    public CancellationToken Interrupted { get; init; }

    /// <summary>The first pause before a request is sent again.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The arguments as given, for a command that hands them on.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>A question can be asked and answered.</summary>
    public bool Interactive => InIsTerminal && ErrorIsTerminal;

    public static Surroundings OfThisProcess(CancellationToken interrupted) => new()
    {
        In = Console.In,
        Out = Console.Out,
        Error = Console.Error,
        Variable = Environment.GetEnvironmentVariable,
        ReadHidden = () => TypedUnseen(interrupted),
        InIsTerminal = !Console.IsInputRedirected,
        OutIsTerminal = !Console.IsOutputRedirected,
        ErrorIsTerminal = !Console.IsErrorRedirected,
        Interrupted = interrupted,
    };

    static string? TypedUnseen(CancellationToken interrupted)
    {
        var text = new System.Text.StringBuilder();
        while (!interrupted.IsCancellationRequested)
        {
            var key = Console.ReadKey(intercept: true);
            if (key.Key == ConsoleKey.Enter) return text.ToString();
            if (key.Key == ConsoleKey.Backspace) text.Length = Math.Max(0, text.Length - 1);
            else if (key.KeyChar != '\0' && !char.IsControl(key.KeyChar)) text.Append(key.KeyChar);
        }
        return null;
    }
}
