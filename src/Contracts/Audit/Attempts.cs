namespace Ppec.Contracts.Audit;

/// <summary>
/// What the gate did not do. An accepted command needs none of this: its events are its record. Kept beside the log, in a ring of stated size, since whoever is refused must not be able to fill it.
/// Noting one never waits, and never fails who is refused.
/// </summary>
public interface IAttempts
{
    /// <param name="attempt">What was tried.</param>
    /// <param name="command">Writes the command as text, without its secrets; asked only when it is kept.</param>
    void Note(Attempt attempt, Func<string>? command = null);
}

/// <summary>One attempt.</summary>
/// <param name="Time">When.</param>
/// <param name="Actor">Whose credential it was; null for nobody known.</param>
/// <param name="Credential">The credential's id; null for none that is valid here.</param>
/// <param name="Source">The address it came from.</param>
/// <param name="Permission">What it would have taken.</param>
/// <param name="Target">What it was about, <c>noun-id</c>; null when that is not one thing, or nobody known asked.</param>
/// <param name="Problem">The problem code of the answer.</param>
/// <param name="Why">The sentence of the answer.</param>
/// <param name="Reason">Why, in the caller's words.</param>
/// <param name="Ticket">A ticket number elsewhere.</param>
/// <param name="Request">The command id; null for a read.</param>
public sealed record Attempt(
    DateTimeOffset Time, string? Actor, string? Credential, string Source, string Permission, string? Target, string Problem, string Why,
    string? Reason = null, string? Ticket = null, string? Request = null);
