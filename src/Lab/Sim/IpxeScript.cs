using System.Text.RegularExpressions;

namespace Ppec.Lab.Sim;

/// <summary>What network booting came to.</summary>
public abstract record BootOutcome
{
    /// <summary>A kernel was started with these arguments.</summary>
    public sealed record Kernel(string Arguments) : BootOutcome;

    /// <summary>The script ended, or asked for the disk: the next boot device.</summary>
    public sealed record NextDevice : BootOutcome;

    /// <summary>No script, or a command of it failed: the next boot device as well, but worth a word.</summary>
    public sealed record Failed(string Why) : BootOutcome;
}

/// <summary>
/// As much of iPXE's script language as boot scripts use: <c>set isset iseq echo goto :label chain kernel initrd imgargs boot exit sanboot sleep</c>,
/// <c>||</c>, <c>&amp;&amp;</c> and <c>${name}</c>.
/// </summary>
public sealed partial class IpxeScript(IReadOnlyDictionary<string, string> settings, Func<Uri, Task<string?>> fetch, Func<TimeSpan, Task> sleep)
{
    const int MaxSteps = 10_000; // a script that loops for ever holds nobody up for ever
    const int MaxDepth = 8;

    readonly Dictionary<string, string> variables = new(settings, StringComparer.Ordinal);
    string? kernel;
    int steps;

    public async Task<BootOutcome> Run(Uri url)
    {
        var (outcome, ok) = await Chain(url, 0);
        return outcome ?? (ok ? new BootOutcome.NextDevice() : new BootOutcome.Failed($"{url} failed"));
    }

    async Task<(BootOutcome? Outcome, bool Ok)> Chain(Uri url, int depth)
    {
        if (depth > MaxDepth || await fetch(url) is not { } text || !text.StartsWith("#!ipxe", StringComparison.Ordinal)) return (null, false);
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        for (var i = 1; i < lines.Length && steps++ < MaxSteps; i++)
        {
            var line = lines[i].Trim();
            if (line.Length == 0 || line[0] is '#' or ':') continue;
            var step = await Line(line, url, depth);
            if (step.Outcome is not null) return (step.Outcome, true);
            if (step.Exit) return (null, true);
            if (step.Label is not null && (i = Array.FindIndex(lines, l => l.Trim() == ":" + step.Label)) < 0) return (null, false);
            if (step.Label is null && !step.Ok) return (null, false); // a failing command ends a script
        }

        return (null, steps < MaxSteps);
    }

    async Task<Step> Line(string line, Uri url, int depth)
    {
        var step = new Step(true);
        var parts = Operators().Split(line);
        for (var i = 0; i < parts.Length; i += 2)
        {
            if (i > 0 && (parts[i - 1].Trim() == "||") == step.Ok) continue; // a || b: b only after a failed; a && b: only after it did not
            step = await Command(Expand(parts[i]).Split(' ', StringSplitOptions.RemoveEmptyEntries), url, depth);
            if (step.Outcome is not null || step.Exit || step.Label is not null) return step;
        }

        return step;
    }

    async Task<Step> Command(string[] words, Uri url, int depth)
    {
        if (words.Length == 0) return new(true);
        var arguments = words[Options(words)..];
        switch (words[0])
        {
            case "set":
                variables[words[1]] = string.Join(' ', words[2..]);
                return new(true);
            case "isset":
                return new(words.Length > 1);
            case "iseq":
                return new(words.Length == 3 && words[1] == words[2]);
            case "goto":
                return new(true, Label: words[1]);
            case "exit":
                return new(true, Exit: true);
            case "sleep":
                await sleep(TimeSpan.FromSeconds(words.Length > 1 && int.TryParse(words[1], out var seconds) ? Math.Min(seconds, 60) : 1));
                return new(true);
            case "chain":
            case "imgexec" when arguments.Length > 0:
                if (arguments.Length == 0 || Resolve(url, arguments[0]) is not { } next) return new(false);
                var (outcome, ok) = await Chain(next, depth + 1);
                return new(ok, outcome);
            case "kernel":
                kernel = string.Join(' ', arguments.Skip(1));
                return new(arguments.Length > 0);
            case "imgargs":
                kernel = string.Join(' ', words[2..]);
                return new(true);
            case "boot":
            case "imgexec":
                return kernel is null ? new(false) : new(true, new BootOutcome.Kernel(kernel));
            case "sanboot":
                return new(true, new BootOutcome.NextDevice());
            case "echo" or "initrd" or "imgfree" or "imgstat" or "dhcp" or "ifopen" or "ifclose" or "sync" or "console" or "cpuid" or "prompt" or "ntp" or "clear":
                return new(true);
            default:
                return new(false);
        }
    }

    /// <summary>As iPXE reads it, whatever stands before the first colon is a scheme: <c>/boot/52:54:…</c> is none it knows.</summary>
    static Uri? Resolve(Uri from, string reference)
    {
        var colon = reference.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) return Uri.TryCreate(from, reference, out var relative) ? relative : null;
        return reference[..colon] is "http" or "https" && Uri.TryCreate(reference, UriKind.Absolute, out var absolute) ? absolute : null;
    }

    /// <summary>Where the options end and the URL stands.</summary>
    static int Options(string[] words)
    {
        var i = 1;
        while (i < words.Length && words[i][0] == '-') i += words[i] is "--name" or "-n" or "--timeout" or "-t" ? 2 : 1;
        return Math.Min(i, words.Length);
    }

    string Expand(string text) => Variable().Replace(text, match =>
    {
        var name = match.Groups[1].Value.Replace("netX/", "net0/", StringComparison.Ordinal); // the card it booted from: it has tried no other
        var value = variables.GetValueOrDefault(name) ?? variables.GetValueOrDefault("net0/" + name) ?? "";
        return match.Groups[2].Value switch
        {
            "uristring" => Uri.EscapeDataString(value),
            "hexhyp" => value.Replace(':', '-'),
            "hexraw" => value.Replace(":", "", StringComparison.Ordinal),
            _ => value,
        };
    });

    [GeneratedRegex(@"\s(\|\||&&)(?:\s|$)")]
    private static partial Regex Operators();

    [GeneratedRegex(@"\$\{([^}:]+)(?::([a-z]+))?\}")]
    private static partial Regex Variable();

    readonly record struct Step(bool Ok, BootOutcome? Outcome = null, bool Exit = false, string? Label = null);
}
