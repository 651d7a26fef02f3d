using System.Collections.Immutable;

namespace Ppec.Contracts.Changes;

/// <summary>
/// What is told of a change. <paramref name="What"/>: <c>opened</c>, <c>nears-expiry</c>, or how it was decided: <c>approved</c>, <c>executed</c>, <c>failed</c>, <c>superseded</c>, <c>rejected</c>, <c>withdrawn</c>, <c>expired</c>.
/// <paramref name="Effects"/>: what it would do, a line each; <paramref name="Checkers"/>: the users whose word counts.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record ChangeNotice(
    string Change, string What, string Permission, string Target, string Maker, string? Reason, string? Ticket, string PlanHash, ImmutableArray<string> Effects,
    DateTimeOffset ApproveUntil, bool BreakGlass, string? Why, ImmutableArray<string> Checkers);

/// <summary>Tells checkers by mail; one for the whole cluster.</summary>
[Alias("mail-courier")]
public interface IMailCourierGrain : IGrainWithStringKey
{
    /// <summary>Goes on if it stands still. Harmless at any time.</summary>
    Task Wake();
}
