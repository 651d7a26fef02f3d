namespace Ppec.Contracts.Events;

/// <summary>
/// An append carries an event id that the log already holds at another place or with other content. Nothing of the append was written.
/// Stores whose ids are unique only within a stream (EventStoreDB) detect it only within the stream.
/// </summary>
public sealed class EventIdConflictException(string message) : Exception(message);
