using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;

namespace Ppec.Grains.Access;

/// <summary>Kept where snapshots are, which is disposable in the same way: what cannot be read is begun anew, and what cannot be saved is saved the next time.</summary>
public sealed partial class LastUsedGrain(ISnapshotStore store, ILogger<LastUsedGrain> logger) : Grain, ILastUsedGrain
{
    const string Name = "last-used";
    const int Most = 50_000;

    Dictionary<string, DateTimeOffset> _last = new(StringComparer.Ordinal);

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (await store.Load(Name, cancellationToken) is { } kept && JsonSerializer.Deserialize(kept.Span, UsesJson.Default.DictionaryStringDateTimeOffset) is { } last) _last = last;
        }
        catch (Exception e) { logger.LastUsedNotKept(e); }
    }

    public async Task Used(ImmutableArray<CredentialUse> uses)
    {
        foreach (var use in uses)
            if (!_last.TryGetValue(use.Credential, out var before) || before < use.At) _last[use.Credential] = use.At;
        if (_last.Count > Most) _last = _last.OrderByDescending(use => use.Value).Take(Most / 2).ToDictionary(StringComparer.Ordinal);
        try { await store.Save(Name, JsonSerializer.SerializeToUtf8Bytes(_last, UsesJson.Default.DictionaryStringDateTimeOffset), CancellationToken.None); }
        catch (Exception e) { logger.LastUsedNotKept(e); }
    }

    public Task<ImmutableArray<CredentialUse>> Of(ImmutableArray<string> credentials) =>
        Task.FromResult<ImmutableArray<CredentialUse>>([.. credentials.Where(_last.ContainsKey).Select(c => new CredentialUse(c, _last[c]))]);

    [JsonSerializable(typeof(Dictionary<string, DateTimeOffset>))]
    sealed partial class UsesJson : JsonSerializerContext;
}

static partial class LastUsedLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "When credentials were last used could not be kept; it is tried again")]
    public static partial void LastUsedNotKept(this ILogger logger, Exception e);
}
