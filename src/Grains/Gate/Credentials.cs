using System.Collections.Concurrent;
using Ppec.Contracts.Access;
using Ppec.Grains.Access;

namespace Ppec.Grains.Gate;

/// <summary>Whose credential it is. A good answer is remembered for a second, so that a revocation holds within one.</summary>
public sealed class Credentials(IGrainFactory grains, TimeProvider time)
{
    public const string Administrator = "admin";
    const int Kept = 10_000;
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    readonly ConcurrentDictionary<string, (string Principal, long At)> _known = new(StringComparer.Ordinal);

    /// <summary>The principal; null for anything that is not a credential valid now.</summary>
    public async ValueTask<string?> Principal(string token)
    {
        if (Tokens.Parse(token) is not { } parsed || parsed.Kind == "agt") return null;
        var hash = Tokens.Hash(token);
        if (_known.TryGetValue(hash, out var known) && time.GetElapsedTime(known.At) < Fresh) return known.Principal;
        if (await grains.GetGrain<ICredentialGrain>(parsed.Id).Verify(hash) is not { } principal)
        {
            _known.TryRemove(hash, out _);
            return null;
        }
        if (_known.Count > Kept) _known.Clear();
        _known[hash] = (principal, time.GetTimestamp());
        return principal;
    }

    public string IdOf(string token) => Tokens.Parse(token)?.Id ?? "";
}
