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

/// <summary>What a ticket says. Tickets of one purpose live equally long, so of two the one that expires later was made later.</summary>
public readonly record struct Ticket(string Purpose, string Operation, string Id, DateTimeOffset ExpiresAt);

/// <summary>
/// One-use tickets that need no store until they are used: purpose, operation, id and expiry under this node's key (HMAC-SHA-256).
/// Their use is recorded by the operation, which refuses a second one.
/// </summary>
public sealed class Tickets(byte[] key, TimeProvider time)
{
    public const string Boot = "boot";
    public const string FirstBoot = "first-boot";
    public const string Enlist = "enlist";

    /// <param name="purpose">What it is good for.</param>
    /// <param name="operation">The operation it belongs to.</param>
    /// <param name="life">How long it may be used.</param>
    /// <param name="after">It expires later than this, whatever the clock says: the newest ticket is the newest on every node.</param>
    public string Mint(string purpose, string operation, TimeSpan life, DateTimeOffset after = default)
    {
        var id = RandomNumberGenerator.GetHexString(16, lowercase: true);
        var expires = Math.Max((time.GetUtcNow() + life).ToUnixTimeMilliseconds(), after.ToUnixTimeMilliseconds() + 1);
        var body = string.Create(CultureInfo.InvariantCulture, $"ppec.{purpose}.{operation}.{id}.{expires}");
        return $"{body}.{Sign(body)}";
    }

    /// <summary>A ticket we minted that has not expired; null for anything else.</summary>
    public Ticket? Open(string? ticket) => Read(ticket) is { } read && read.ExpiresAt > time.GetUtcNow() ? read : null;

    /// <summary>A ticket we minted, its time over or not: it still says which installation speaks, and buys nothing any more. Null for anything else.</summary>
    public Ticket? Read(string? ticket)
    {
        if (ticket is not { Length: > 20 and < 400 }) return null;
        var parts = ticket.Split('.');
        if (parts.Length != 6 || parts[0] != "ppec" || !long.TryParse(parts[4], NumberStyles.None, CultureInfo.InvariantCulture, out var expires)) return null;
        var signed = Encoding.ASCII.GetBytes(Sign(string.Join('.', parts[..5])));
        if (!CryptographicOperations.FixedTimeEquals(signed, Encoding.ASCII.GetBytes(parts[5]))) return null;
        return new(parts[1], parts[2], parts[3], DateTimeOffset.FromUnixTimeMilliseconds(expires));
    }

    /// <summary>
    /// The agent's credential that a boot ticket is exchanged for. The same agent gets the same one, so that a lost answer can be given again;
    /// nobody else can ask for it, since nobody else knows its nonce.
    /// </summary>
    public string Session(Ticket ticket, string nonce) =>
        Tokens.From("agt", ticket.Operation, HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"session/{ticket.Operation}/{ticket.Id}/{nonce}")));

    /// <summary>A credential's text. Whoever repeats the request that it is made for gets the same.</summary>
    public string Credential(string kind, string id, string request) =>
        Tokens.From(kind, id, HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"credential/{id}/{request}")));

    string Sign(string body) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(body)));
}
