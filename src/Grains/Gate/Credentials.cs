using System.Collections.Concurrent;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
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

    /// <summary>Makes the bootstrap administrator's credential; the text is returned once and only its hash is kept.</summary>
    public static async Task<string> Bootstrap(IGrainFactory grains, string id, DateTimeOffset at)
    {
        var token = Tokens.New("pat", id);
        var outcome = await grains.GetGrain<ICredentialGrain>(id).Execute(
            new IssueCredential(id, Administrator, Tokens.Hash(token)) { At = at },
            new Caller("system:bootstrap", "internal", "internal", $"bootstrap/{id}", ""));
        return outcome.Problem is { } problem ? throw new InvalidOperationException(problem.Message) : token;
    }
}
