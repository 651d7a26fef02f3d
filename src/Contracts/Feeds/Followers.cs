using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Feeds;

/// <summary>How far somebody who follows the log has come; the key is who. Written now and then and not after every event: what came since comes again after a crash.</summary>
[Alias("follower")]
public interface IFollowerGrain : IGrainWithStringKey
{
    /// <summary>Start of the log when it has not begun.</summary>
    Task<LogPosition> Reached();

    /// <summary>Never goes back.</summary>
    Task<Outcome> Reach(LogPosition position, DateTimeOffset at, Caller caller);
}
