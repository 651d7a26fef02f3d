using System.Collections.Concurrent;
using System.Collections.Immutable;
using Ppec.Contracts.Access;

namespace Ppec.Grains.Access;

/// <summary>Which credentials this silo honoured since it last said so. To note one costs a look; only those of people who are known come here, so nobody can fill it.</summary>
public sealed class Uses(IGrainFactory grains, TimeProvider time)
{
    static readonly TimeSpan Every = TimeSpan.FromSeconds(20);

    readonly ConcurrentDictionary<string, DateTimeOffset> _since = new(StringComparer.Ordinal);
    long _told = time.GetTimestamp();

    /// <summary>Called within a grain, whose call the telling is.</summary>
    public void Note(string credential)
    {
        var now = time.GetUtcNow();
        if (!_since.TryGetValue(credential, out var last) || now - last > TimeSpan.FromSeconds(1)) _since[credential] = now;
        var told = Interlocked.Read(ref _told);
        if (time.GetElapsedTime(told) >= Every && Interlocked.CompareExchange(ref _told, time.GetTimestamp(), told) == told) Tell().Ignore();
    }

    public Task Tell()
    {
        var uses = ImmutableArray.CreateBuilder<CredentialUse>();
        foreach (var (credential, _) in _since)
            if (_since.TryRemove(credential, out var at)) uses.Add(new(credential, at));
        return uses.Count == 0 ? Task.CompletedTask : grains.GetGrain<ILastUsedGrain>(0).Used(uses.DrainToImmutable());
    }
}
