using System.Diagnostics;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Access;

public abstract record CredentialEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record CredentialIssued(string Credential, string Principal, string Sha256) : CredentialEvent;

public sealed record CredentialState(string Principal, string Sha256);

/// <summary>A token of a person or of automation. The log has only the hash of its secret.</summary>
public static class Credential
{
    public static Decision<CredentialEvent> Decide(CredentialState? state, CredentialCommand command) => (state, command) switch
    {
        (null, IssueCredential c)                                               => new CredentialIssued(c.Credential, c.Principal, c.Sha256) { At = c.At },
        ({ } s, IssueCredential c) when s == new CredentialState(c.Principal, c.Sha256) => Nothing<CredentialEvent>(),
        (_, IssueCredential c)                                                  => No(ProblemCodes.CredentialExists, $"Credential {c.Credential} exists already."),
        _                                                                       => throw new UnreachableException(command.GetType().Name),
    };

    public static CredentialState? Evolve(CredentialState? state, CredentialEvent @event) => (state, @event) switch
    {
        (null, CredentialIssued e) => new(e.Principal, e.Sha256),
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };
}
