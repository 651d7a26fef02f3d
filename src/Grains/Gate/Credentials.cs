using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
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
    public const string Administrator = "admin";
    const int Kept = 10_000;
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    static readonly TimeSpan WhileAway = TimeSpan.FromMinutes(15);

    readonly ConcurrentDictionary<string, (string Principal, long At)> _known = new(StringComparer.Ordinal);
    readonly ConcurrentDictionary<string, Task<string?>> _asking = new(StringComparer.Ordinal);

    /// <summary>The principal; null for anything that is not a credential valid now.</summary>
    /// <exception cref="EventStoreUnavailableException">The log does not answer, and this credential was not seen lately.</exception>
    public async ValueTask<string?> Principal(string token)
    {
        if (Tokens.Parse(token) is not { } parsed || parsed.Kind == "agt") return null;
        var hash = Tokens.Hash(token);
        if (Remembered(hash, Fresh) is { } known) return known;
        try
        {
            return await _asking.GetOrAdd(hash, _ => Ask(parsed.Id, hash)); // many callers at once ask once
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

    public string IdOf(string token) => Tokens.Parse(token)?.Id ?? "";

    string? Remembered(string hash, TimeSpan within) =>
        _known.TryGetValue(hash, out var known) && time.GetElapsedTime(known.At) < within ? known.Principal : null;

    async Task<string?> Ask(string id, string hash)
    {
        var at = time.GetTimestamp();
        CredentialState? state = null;
        await foreach (var entry in log.Read($"credential-{id}", 0)) state = Credential.Evolve(state, (CredentialEvent)entry.Event);
        if (state is null || !CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(state.Sha256), Encoding.ASCII.GetBytes(hash)))
        {
            _known.TryRemove(hash, out _);
            return null;
        }
        if (_known.Count > Kept) _known.Clear();
        _known[hash] = (state.Principal, at);
        return state.Principal;
    }
}
