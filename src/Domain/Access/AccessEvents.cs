using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;

namespace Ppec.Domain.Access;

/// <summary>A fact about who may do what. <c>By</c> is who did it: approvals look at it.</summary>
public abstract record AccessEvent(string By) : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

/// <summary>The directory begins: with the first administrator, PPEC's roles and its rules.</summary>
public sealed record Founded(string By) : AccessEvent(By);

/// <summary>Who holds the node's files made this person an administrator again, past the gate. What was changed for it stands before it.</summary>
public sealed record Recovered(string User, string Why, string By) : AccessEvent(By);
public sealed record UserCreated(string User, string Kind, string? Responsible, string By, string? OidcSubject = null) : AccessEvent(By);
public sealed record MailSet(string User, int Version, string By) : AccessEvent(By);
public sealed record UserSet(string User, bool Disabled, string? Responsible, string By, string? OidcSubject = null) : AccessEvent(By);
public sealed record PasswordSet(string User, int Version, bool MustChange, string By) : AccessEvent(By);
public sealed record GroupSet(string Group, string Description, ImmutableArray<string> Added, ImmutableArray<string> Removed, string By) : AccessEvent(By);
public sealed record GroupDeleted(string Group, string By) : AccessEvent(By);
public sealed record RoleSet(string Role, string Description, ImmutableArray<string> Permissions, string By) : AccessEvent(By);
public sealed record RoleDeleted(string Role, string By) : AccessEvent(By);
public sealed record Granted(string Grant, string Subject, string Role, string Scope, DateTimeOffset? ExpiresAt, string By) : AccessEvent(By);
public sealed record GrantRevoked(string Grant, string By) : AccessEvent(By);
public sealed record OwnerSet(string Owner, string Description, ImmutableArray<string> Members, ImmutableSortedDictionary<string, long> Quotas, string By) : AccessEvent(By);
public sealed record OwnerDeleted(string Owner, string By) : AccessEvent(By);
public sealed record PolicySet(
    string Policy, string Description, ImmutableArray<string> Permissions, string Scope, int Quorum, ImmutableArray<string> Approvers, int MinCount, int MinDisks, string? Window,
    int ApproveWithinMinutes, int ExecuteWithinMinutes, PolicyStage? SecondStage, bool Severe, string By) : AccessEvent(By);
public sealed record PolicyDeleted(string Policy, string By) : AccessEvent(By);
