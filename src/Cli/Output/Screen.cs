using Spectre.Console;

namespace Ppec.Cli.Output;

/// <summary>Data goes to standard output, words to standard error; colour only to a terminal that wants it. Everything printed is made safe here.</summary>
sealed class Screen(Surroundings io)
{
    readonly bool _colour = io.OutIsTerminal && !io.IsPlain();

    /// <summary>A message for the person: one line on standard error.</summary>
    public void Say(string message) => io.Error.WriteLine(SafeText.Line(message));

    /// <summary>One line of data whose text may be hostile.</summary>
    public void Line(string text) => io.Out.WriteLine(SafeText.Line(text));

    /// <summary>Text that is safe already, because it was encoded.</summary>
    public void Encoded(string text) => io.Out.WriteLine(text);

    public void Show(IEnumerable<Sheet> sheets) => Show(sheets, io.Out, _colour);

    /// <summary>For a question: on standard error, so that it never mixes with data.</summary>
    public void ShowAside(IEnumerable<Sheet> sheets) => Show(sheets, io.Error, io.ErrorIsTerminal && !io.IsPlain());

    /// <summary>Asks for a word. Null when there is no more input.</summary>
    public async Task<string?> AskAsync(string question)
    {
        await io.Error.WriteAsync(SafeText.Line(question) + " ");
        await io.Error.FlushAsync();
        // Reading a line cannot be cancelled; leaving it behind is harmless, since the process ends.
        return await Task.Run(io.In.ReadLine).WaitAsync(io.Interrupted);
    }

    /// <summary>A console for live displays on standard error; null where there is no terminal, or one that cannot move its cursor.</summary>
    public IAnsiConsole? Live() => !io.ErrorIsTerminal || io.Variable("TERM") is "dumb" or "" or null ? null : AnsiConsole.Create(new()
    {
        Ansi = AnsiSupport.Yes,
        ColorSystem = io.IsPlain() ? ColorSystemSupport.NoColors : ColorSystemSupport.Standard,
        Interactive = InteractionSupport.No,
        Out = new AnsiConsoleOutput(io.Error),
    });

    static void Show(IEnumerable<Sheet> sheets, TextWriter to, bool colour)
    {
        var first = true;
        foreach (var sheet in sheets)
        {
            if (!first) to.WriteLine();
            first = false;
            if (sheet.Title is { } title) to.WriteLine(Toned(SafeText.Line(title), Tone.Head, colour));
            var rows = sheet.Columns.Count == 0 ? sheet.Rows : [[.. sheet.Columns.Select(name => new Cell(name, Tone.Head))], .. sheet.Rows];
            var texts = rows.ConvertAll(row => Array.ConvertAll(row, cell => SafeText.Line(cell.Text)));
            var widths = Enumerable.Range(0, texts.Count == 0 ? 0 : texts.Max(row => row.Length))
                .Select(column => texts.Max(row => column < row.Length ? row[column].GetCellWidth() : 0)).ToArray();
            for (var r = 0; r < rows.Count; r++)
            {
                if (sheet.Title is not null) to.Write("  ");
                for (var c = 0; c < rows[r].Length; c++)
                {
                    to.Write(Toned(texts[r][c], rows[r][c].Tone, colour));
                    if (texts[r].Skip(c + 1).All(text => text.Length == 0)) break; // nothing further: no trailing blanks
                    to.Write(new string(' ', widths[c] - texts[r][c].GetCellWidth() + 2));
                }
                to.WriteLine();
            }
        }
    }

    static string Toned(string text, Tone tone, bool colour) => !colour || text.Length == 0 ? text : tone switch
    {
        Tone.Good => $"\e[32m{text}\e[0m",
        Tone.Busy => $"\e[33m{text}\e[0m",
        Tone.Bad => $"\e[31m{text}\e[0m",
        Tone.Dim => $"\e[2m{text}\e[0m",
        Tone.Head => $"\e[1m{text}\e[0m",
        _ => text,
    };
}

static class Plainness
{
    /// <summary>https://no-color.org: any value that is not empty.</summary>
    public static bool IsPlain(this Surroundings io) => io.Variable("NO_COLOR") is { Length: > 0 } || io.Variable("TERM") is "dumb";
}
