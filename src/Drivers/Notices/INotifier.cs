namespace Ppec.Drivers.Notices;

/// <summary>Tells somebody outside. It may be told twice: a receiver knows a repeated notice by its id.</summary>
public interface INotifier
{
    /// <summary>Sends once. Whatever goes wrong on the way or at the other end is an answer, not an exception.</summary>
    Task<Sent> Send(Notice notice, CancellationToken cancellation);
}

/// <summary>
/// What is told. <paramref name="To"/>: a URL, or e-mail addresses with commas between them. <paramref name="Subject"/>: a line; of a webhook the type of what is told.
/// <paramref name="Key"/>: what it is signed with, where it is signed.
/// </summary>
public sealed record Notice(string Id, string To, string Subject, string Body, string? Key = null)
{
    public override string ToString() => $"{Subject} ({Id}) to {To}";
}

/// <summary>How it went. <paramref name="Status"/>: what was answered; null = nothing was. <paramref name="Error"/>: why not; null = it was taken.</summary>
public sealed record Sent(int? Status, string? Error)
{
    public bool Taken => Error is null;
}
