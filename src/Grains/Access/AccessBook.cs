using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Domain.Access;
using Directory = Ppec.Domain.Access.Directory;

namespace Ppec.Grains.Access;

/// <summary>
/// Who may do what, straight from the log: every silo folds the one stream for itself, and no command waits for another silo. It is read on whenever a second is over,
/// so what is revoked is revoked within one; while the log does not answer, what was known holds for a quarter of an hour, and then nothing does.
/// </summary>
public sealed class AccessBook(Log log, TimeProvider time)
{
    static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);
    static readonly TimeSpan WhileAway = TimeSpan.FromMinutes(15);

    /// <summary>What was read, and when (0: it may be old).</summary>
    sealed record Page(Rights Rights, long Version, long At);

    readonly SemaphoreSlim _reading = new(1);
    volatile Page? _page;
    long _told;

    /// <exception cref="EventStoreUnavailableException">The log does not answer, and what was known is too old.</exception>
    public async ValueTask<Rights> Now()
    {
        if (_page is { } page && IsFresh(page)) return page.Rights;
        await _reading.WaitAsync();
        try
        {
            if (_page is { } read && IsFresh(read)) return read.Rights; // who was before read it
            return (_page = await Read(_page)).Rights;
        }
        catch (EventStoreUnavailableException) when (_page is { } known && time.GetElapsedTime(known.At) < WhileAway)
        {
            return _page.Rights;
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Something was changed through this silo: it holds here at once.</summary>
    public void Told() => Interlocked.Exchange(ref _told, time.GetTimestamp());

    bool IsFresh(Page page) => page.At > Interlocked.Read(ref _told) && time.GetElapsedTime(page.At) < Fresh;

    async Task<Page> Read(Page? before)
    {
        var at = time.GetTimestamp();
        var (directory, version) = (before?.Rights.Directory ?? Directory.Initial, before?.Version ?? 0);
        await foreach (var entry in log.Read($"access-{AccessCommand.Directory}", version))
        {
            directory = Directory.Evolve(directory, (AccessEvent)entry.Event);
            version = entry.Version + 1;
        }
        return before is not null && version == before.Version ? before with { At = at } : new(new(directory), version, at);
    }
}
