using System.Globalization;

namespace Ppec.Agent.Boot;

/// <summary>
/// What the kernel command line tells the agent, and all it is told: where PPEC is, a token that buys one session, and the time
/// (servers come back from storage with clocks that are years off).
/// </summary>
public sealed record BootArguments(Uri Url, string Token, DateTimeOffset? Time)
{
    /// <summary>Reads <c>ppec.url</c>, <c>ppec.token</c> and <c>ppec.time</c>; null with the reason when there is nothing to work with.</summary>
    public static (BootArguments? Arguments, string? Error) Parse(string commandLine)
    {
        string? url = null, token = null, time = null;
        foreach (var word in commandLine.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.StartsWith("ppec.url=", StringComparison.Ordinal)) url = word["ppec.url=".Length..];
            else if (word.StartsWith("ppec.token=", StringComparison.Ordinal)) token = word["ppec.token=".Length..];
            else if (word.StartsWith("ppec.time=", StringComparison.Ordinal)) time = word["ppec.time=".Length..];
        }

        if (string.IsNullOrEmpty(url) || string.IsNullOrEmpty(token)) return (null, "the kernel command line has no ppec.url or no ppec.token");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttp && address.Scheme != Uri.UriSchemeHttps))
            return (null, $"ppec.url is not an http or https address: {url}");
        return (new BootArguments(address, token, ReadTime(time)), null);
    }

    static DateTimeOffset? ReadTime(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= 253402300799 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;
}
