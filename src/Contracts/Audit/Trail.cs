using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;

namespace Ppec.Contracts.Audit;

/// <summary>One command that was accepted, with the events it led to; or an attempt that was not.</summary>
/// <param name="Cursor">Where the list goes on after this row.</param>
/// <param name="Time">When the gate accepted or refused it; of several refused alike, the first.</param>
/// <param name="Outcome"><c>accepted</c>, <c>refused</c> (by a rule), <c>unauthorised</c> or <c>unknown</c> (the log did not answer).</param>
/// <param name="Action">The permission it took; where the event does not say, the event's name without its version.</param>
/// <param name="Actor">Who; null for nobody known.</param>
/// <param name="Credential">With which credential.</param>
/// <param name="Source">From which address.</param>
/// <param name="Targets">What it was about, <c>noun:id</c>.</param>
/// <param name="Regions">Where that stood.</param>
/// <param name="Reason">Why, in the caller's words.</param>
/// <param name="Ticket">A ticket number elsewhere.</param>
/// <param name="Operation">The operation that it was a part of, or that it began.</param>
/// <param name="Change">The change that it was carried out for, or that it opened or decided.</param>
/// <param name="Request">The command id.</param>
/// <param name="Events">The first hundred events it led to.</param>
/// <param name="EventCount">How many in all.</param>
/// <param name="Command">Of an attempt: the command as JSON, secrets as <c>***</c>, cut at 2,000 characters.</param>
/// <param name="Problem">Of an attempt: the problem code.</param>
/// <param name="Why">Of an attempt: the sentence it was answered.</param>
/// <param name="Count">Of attempts: how many alike this row stands for.</param>
/// <param name="Until">Of several: the last.</param>
public sealed record AuditRow(
    string Cursor, DateTimeOffset Time, string Outcome, string Action, string? Actor, string? Credential, string? Source, ImmutableArray<string> Targets, ImmutableArray<string> Regions,
    string? Reason, string? Ticket, string? Operation, string? Change, string? Request, ImmutableArray<AuditEvent> Events, int EventCount,
    string? Command, string? Problem, string? Why, int Count, DateTimeOffset? Until);

/// <summary>One event of a command, by its place in the log; <c>ppec audit prove POSITION</c> proves it.</summary>
public sealed record AuditEvent(string Position, string Stream, string Type);

/// <summary>Some rows, and where the list goes on; a search of much that matches little may come in pages that are short, or empty, while there is a <paramref name="NextCursor"/>.</summary>
public sealed record AuditPage(ImmutableArray<AuditRow> Items, string? NextCursor);

/// <summary>What to search. <paramref name="From"/> inclusive, <paramref name="To"/> exclusive; <paramref name="Cursor"/> as a row or page gave it.</summary>
public sealed record AuditQuery(string? Filter, DateTimeOffset? From, DateTimeOffset? To, int Limit, string? Cursor, bool OldestFirst = false);

/// <summary>Who did what, and who tried: the log's commands and the attempts of this node, in one list.</summary>
public interface IAuditTrail
{
    /// <summary>Waits until the commands up to <paramref name="position"/> can be found. False when they could not within <paramref name="timeout"/>.</summary>
    Task<bool> WaitFor(LogPosition position, TimeSpan timeout, CancellationToken cancellation);

    /// <exception cref="Queries.QueryException">The filter or cursor is wrong.</exception>
    AuditPage Search(AuditQuery query, Sight sight);
}
