using System.Globalization;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace Ppec.Grains.Access;

/// <summary>
/// A credential's text: <c>ppec_KIND_ID_SECRETCRC</c>, where SECRET is 30 base62 characters (178 bits) and CRC is CRC-32 of all before it in six base62 digits,
/// so that scanners and typos are caught offline. Only SHA-256 of the whole is kept.
/// </summary>
public static class Tokens
{
    const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const int SecretLength = 30;
    const int CheckLength = 6;

    public static string New(string kind, string id) => Of(kind, id, RandomNumberGenerator.GetString(Base62, SecretLength));

    /// <summary>The same token whenever it is made from the same secret bytes, of which there must be at least 30.</summary>
    internal static string From(string kind, string id, ReadOnlySpan<byte> secret)
    {
        Span<char> text = stackalloc char[SecretLength];
        for (var i = 0; i < SecretLength; i++) text[i] = Base62[secret[i] % Base62.Length];
        return Of(kind, id, new string(text));
    }

    static string Of(string kind, string id, string secret)
    {
        var body = $"ppec_{kind}_{id}_{secret}";
        return body + Check(body);
    }

    /// <summary>Kind and id of a well-formed token; null for anything else.</summary>
    public static (string Kind, string Id)? Parse(string? token)
    {
        if (token is not { Length: > 20 and < 200 }) return null;
        var parts = token.Split('_');
        if (parts.Length != 4 || parts[0] != "ppec" || !IsName(parts[1]) || !IsName(parts[2]) || parts[3].Length != SecretLength + CheckLength) return null;
        return Check(token[..^CheckLength]) == token[^CheckLength..] ? (parts[1], parts[2]) : null;
    }

    static bool IsName(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-');

    public static string Hash(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    static string Check(string text)
    {
        var crc = Crc32.HashToUInt32(Encoding.UTF8.GetBytes(text));
        Span<char> digits = stackalloc char[CheckLength];
        for (var i = CheckLength - 1; i >= 0; i--, crc /= 62) digits[i] = Base62[(int)(crc % 62)];
        return new string(digits);
    }
}

/// <summary>
/// One-use tickets that need no store until they are used: purpose, operation, id and expiry under this node's key (HMAC-SHA-256).
/// Their use is recorded by the operation, which refuses a second one.
/// </summary>
public sealed class Tickets(byte[] key, TimeProvider time)
{
    public const string Boot = "boot";
    public const string FirstBoot = "first-boot";
    public const string Enlist = "enlist";

    public string Mint(string purpose, string operation, TimeSpan life)
    {
        var id = RandomNumberGenerator.GetHexString(16, lowercase: true);
        var expires = (time.GetUtcNow() + life).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var body = $"ppec.{purpose}.{operation}.{id}.{expires}";
        return $"{body}.{Sign(body)}";
    }

    /// <summary>Purpose, operation and id of a ticket we minted that has not expired; null for anything else.</summary>
    public (string Purpose, string Operation, string Id)? Open(string? ticket)
    {
        if (ticket is not { Length: > 20 and < 400 }) return null;
        var parts = ticket.Split('.');
        if (parts.Length != 6 || parts[0] != "ppec" || !long.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var expires)) return null;
        var signed = Encoding.ASCII.GetBytes(Sign(string.Join('.', parts[..5])));
        if (!CryptographicOperations.FixedTimeEquals(signed, Encoding.ASCII.GetBytes(parts[5]))) return null;
        return DateTimeOffset.FromUnixTimeSeconds(expires) > time.GetUtcNow() ? (parts[1], parts[2], parts[3]) : null;
    }

    /// <summary>The agent's credential that a boot ticket is exchanged for; the same each time, so that a lost answer can be given again.</summary>
    public string Session(string operation, string ticket) =>
        Tokens.From("agt", operation, HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"session/{operation}/{ticket}")));

    string Sign(string body) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(body)));
}
