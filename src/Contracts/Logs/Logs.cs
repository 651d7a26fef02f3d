using System.Collections.Immutable;

namespace Ppec.Contracts.Logs;

/// <summary>
/// A line that somebody may want to look for: no fact, and not kept for long. <paramref name="Level"/>: <c>info</c>, <c>warning</c>, <c>error</c>.
/// <paramref name="Source"/>: <c>ppec</c> (an operation's steps), <c>agent</c>, <c>beacon</c> (an installed system that calls home), <c>boot</c>. <paramref name="Number"/> counts up while the lines are kept.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record LogEntry(long Number, DateTimeOffset Time, string Level, string Source, string? Machine, string? Operation, string Text);

/// <summary>Which lines, the newest first: those before <paramref name="Before"/>; of at least <paramref name="Level"/>; with <paramref name="Text"/> somewhere in them, whatever its case.</summary>
[GenerateSerializer, Immutable]
public sealed record LogQuery(string? Machine, string? Operation, string? Source, string? Level, DateTimeOffset? From, DateTimeOffset? To, string? Text, long Before, int Limit);

/// <summary>Lines, the newest first. <paramref name="NextCursor"/>: there are older ones.</summary>
[GenerateSerializer, Immutable]
public sealed record LogPage(ImmutableArray<LogEntry> Items, string? NextCursor);

/// <summary>Keeps the newest lines of the whole cluster, in memory: bounded, and gone when its silo ends.</summary>
[Alias("log-book")]
public interface ILogBookGrain : IGrainWithIntegerKey
{
    /// <summary>Numbers them. Nobody waits for it.</summary>
    Task Keep(ImmutableArray<LogEntry> lines);

    Task<ImmutableArray<LogEntry>> Search(LogQuery query);
}
