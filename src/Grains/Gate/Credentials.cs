using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Domain.Access;
using Ppec.Grains.Access;

namespace Ppec.Grains.Gate;

/// <summary>
/// Whose credential it is, straight from the log: a grain would be one for the whole cluster, and every command would wait while its silo is being missed.
/// A good answer is remembered for a second, so that a revocation holds within one; while the log does not answer, for a quarter of an hour.
/// </summary>
public sealed class Credentials(Log log, TimeProvider time)
{
    const int Kept = 10_000;
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    static readonly TimeSpan WhileAway = TimeSpan.FromMinutes(15);

    readonly ConcurrentDictionary<string, (CredentialState State, long At)> _known = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, Task<CredentialState?>> _asking = new(StringComparer.Ordinal);
    long _told;

    /// <summary>Who presents it; null for anything that is not a credential valid now and from there.</summary>
    /// <exception cref="EventStoreUnavailableException">The log does not answer, and this credential was not seen lately.</exception>
    public async ValueTask<Principal?> Principal(string token, string address)
    {
        if (Tokens.Parse(token) is not { } parsed || parsed.Kind == "agt") return null;
        var hash = Tokens.Hash(token);
        var now = time.GetUtcNow();
        if ((Remembered(hash, Fresh) ?? await Find(parsed.Id, hash)) is not { } state || !state.Live(now)) return null;
        if (state.Sha256 != hash && state.OldUntil <= now) return null; // rotated, and the overlap is over
        return From(state.Limits, address) ? new(state.Principal, state.Limits, parsed.Id, state.By, state.Kind == "session" ? state.IssuedAt : null) : null;
    }

    public static string IdOf(string token) => Tokens.Parse(token)?.Id ?? "";

    /// <summary>A credential was rotated or revoked through this silo: it holds here at once.</summary>
    public void Told() => Interlocked.Exchange(ref _told, time.GetTimestamp());

    async Task<CredentialState?> Find(string id, string hash)
    {
        try
        {
            return await _asking.GetOrAdd(hash, _ => Ask(id, hash)); // many callers at once ask once
        }
        catch (EventStoreUnavailableException) when (Remembered(hash, WhileAway) is not null)
        {
            return Remembered(hash, WhileAway);
        }
        finally
        {
            _asking.TryRemove(hash, out _);
        }
    }

    CredentialState? Remembered(string hash, TimeSpan within) =>
        _known.TryGetValue(hash, out var known) && time.GetElapsedTime(known.At) < within && (within == WhileAway || known.At > Interlocked.Read(ref _told)) ? known.State : null;

    async Task<CredentialState?> Ask(string id, string hash)
    {
        var at = time.GetTimestamp();
        CredentialState? state = null;
        await foreach (var entry in log.Read($"credential-{id}", 0)) state = Credential.Evolve(state, (CredentialEvent)entry.Event);
        if (state is null || !(Same(state.Sha256, hash) | Same(state.OldSha256 ?? "", hash)))
        {
            _known.TryRemove(hash, out _);
            return null;
        }
        if (_known.Count > Kept) _known.Clear();
        _known[hash] = (state, at);
        return state;
    }

    static bool Same(string a, string b) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(a), Encoding.ASCII.GetBytes(b));

    /// <summary>Whether the address is in one of the networks from which it is honoured.</summary>
    static bool From(Limits limits, string address) =>
        limits.Networks.IsDefaultOrEmpty || (IPAddress.TryParse(address, out var ip) && limits.Networks.Any(n => IPNetwork.TryParse(n, out var network) && network.Contains(ip)));
}
