using System.Globalization;

namespace Ppec.Sdk.Wire;

/// <summary>A path below the server's address, each part and value escaped where it is added.</summary>
sealed class PathText(string start)
{
    readonly System.Text.StringBuilder _text = new(start);
    bool _queried;

    public PathText Add(string part)
    {
        // An id of dots alone would be folded away with its neighbour when the address is normalised.
        if (part is "." or "..") throw new ArgumentException($"“{part}” is not an id.", nameof(part));
        _text.Append('/').Append(Uri.EscapeDataString(part));
        return this;
    }

    public PathText Query(string name, string? value)
    {
        if (value is null) return this;
        _text.Append(_queried ? '&' : '?').Append(name).Append('=').Append(Uri.EscapeDataString(value));
        _queried = true;
        return this;
    }

    public PathText Query(string name, long? value) => Query(name, value?.ToString(CultureInfo.InvariantCulture));

    public PathText Query(string name, DateTimeOffset? value) =>
        Query(name, value?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture));

    public override string ToString() => _text.ToString();
}
