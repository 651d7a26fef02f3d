using Ppec.Contracts.Changes;
using Ppec.Contracts.Events;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Changes;
using Ppec.Grains.Access;

namespace Ppec.Grains.Changes;

/// <summary>What is told of a change, for a fact of the log.</summary>
public sealed class ChangeNotices(IGrainFactory grains, IEventCodec codec, AccessBook book, TimeProvider time)
{
    const string Stream = "change-";

    /// <summary>Null for what is no turn of a change.</summary>
    public async Task<(ChangeNotice Notice, string Maker)?> Of(RecordedEvent e)
    {
        if (!e.Stream.StartsWith(Stream, StringComparison.Ordinal) || codec.Decode(e.Type, e.Data) is not ChangeEvent @event) return null;
        var id = e.Stream[Stream.Length..];
        return await grains.GetGrain<IChangeGrain>(id).Facts() is { } facts && Notices.Of(id, facts, @event, await book.Now(), time.GetUtcNow()) is { } notice ? (notice, facts.Person) : null;
    }

    /// <summary>Where a user's mail address is kept.</summary>
    public static SecretRef Address(string user, int version) => new($"mail/{user}", version);
}
