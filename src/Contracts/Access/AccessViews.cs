using System.Collections.Immutable;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Access;

/// <summary>
/// A person, or a service account. <paramref name="Kind"/>: <c>person</c> or <c>service</c>; <paramref name="Responsible"/>: the person who answers for a service account;
/// <paramref name="Password"/>: none, <c>set</c>, or <c>must-change</c>.
/// </summary>
public sealed record UserView(string Id, string Kind, string? Responsible, bool Disabled, string? Password, DateTimeOffset CreatedAt, string CreatedBy, long Version)
{
    public int PasswordVersion { get; init; }

    /// <summary>Which of the mail addresses that were said; 0 = none is known.</summary>
    public int MailVersion { get; init; }

    /// <summary>Who it is at the identity provider, <c>ISSUER#SUB</c>; null: nobody there.</summary>
    public string? OidcSubject { get; init; }

    [System.Text.Json.Serialization.JsonIgnore] public string? PasswordBy { get; init; }
}

/// <summary>Users who are granted things together.</summary>
public sealed record GroupView(string Id, string Description, ImmutableArray<string> Members, DateTimeOffset SetAt, long Version)
{
    /// <summary>By whom and when each member was added; of those who were there from the start, its maker.</summary>
    public ImmutableDictionary<string, MemberSince> Since { get; init; } = ImmutableDictionary<string, MemberSince>.Empty;
}

public sealed record MemberSince(string By, DateTimeOffset At);

/// <summary>A set of permissions. <paramref name="BuiltIn"/>: PPEC's own; it cannot be changed.</summary>
public sealed record RoleView(string Id, string Description, ImmutableArray<string> Permissions, bool BuiltIn, DateTimeOffset SetAt, long Version);

/// <summary>A role on a scope for a subject: <c>user:alice</c>, <c>group:ops</c> or <c>owner:payments</c> (its members).</summary>
public sealed record GrantView(string Id, string Subject, string Role, string Scope, DateTimeOffset? ExpiresAt, DateTimeOffset GrantedAt, string GrantedBy, long Version);

/// <summary>
/// A team that machines, VMs and addresses belong to. <paramref name="Members"/>: <c>user:alice</c>, <c>group:ops</c>.
/// <paramref name="Quotas"/>: how many at most, by what: <c>machines</c>, <c>machines:TYPE</c>.
/// </summary>
public sealed record OwnerView(string Id, string Description, ImmutableArray<string> Members, ImmutableSortedDictionary<string, long> Quotas, DateTimeOffset SetAt, long Version);

/// <summary>
/// Which commands need a second person. A command matches when its permission is one of <paramref name="Permissions"/> (patterns), a thing it touches is in <paramref name="Scope"/>,
/// and it touches at least <paramref name="MinCount"/> things or wipes at least <paramref name="MinDisks"/> disks (0: whatever it touches), inside <paramref name="Window"/>.
/// </summary>
/// <param name="Id">Its name.</param>
/// <param name="Description">Why, for people.</param>
/// <param name="Permissions">Patterns as a role has them.</param>
/// <param name="Scope">Where, as a grant has it.</param>
/// <param name="Quorum">How many different persons must approve.</param>
/// <param name="Approvers">Who may: <c>group:NAME</c> or <c>role:NAME</c>; empty: whoever has <c>change.approve</c> there.</param>
/// <param name="MinCount">Matches only what touches at least so many things.</param>
/// <param name="MinDisks">Matches only what wipes or overwrites at least so many disks.</param>
/// <param name="Window">When it applies, UTC: <c>mon-fri 08:00-18:00</c>; null: always.</param>
/// <param name="ApproveWithinMinutes">How long it may wait for approval.</param>
/// <param name="ExecuteWithinMinutes">How long after approval it may still begin.</param>
/// <param name="SecondStage">A second quorum that begins when the first is complete.</param>
/// <param name="Severe">An approver must have signed in within five minutes.</param>
/// <param name="BuiltIn">PPEC's own; it cannot be changed or deleted.</param>
/// <param name="SetAt">When it was last set.</param>
/// <param name="Version">How often it was set.</param>
public sealed record PolicyView(
    string Id, string Description, ImmutableArray<string> Permissions, string Scope, int Quorum, ImmutableArray<string> Approvers, int MinCount, int MinDisks, string? Window,
    int ApproveWithinMinutes, int ExecuteWithinMinutes, PolicyStage? SecondStage, bool Severe, bool BuiltIn, DateTimeOffset SetAt, long Version);

/// <summary>A quorum of its own.</summary>
[GenerateSerializer, Immutable]
public sealed record PolicyStage(int Quorum, ImmutableArray<string> Approvers);

/// <summary>A credential, without its secret.</summary>
public sealed record CredentialView(
    string Id, string User, string Kind, string Name, Limits Limits, DateTimeOffset IssuedAt, string IssuedBy, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt, DateTimeOffset? RotatedAt, long Version)
{
    /// <summary>When it was honoured last, at most a minute behind; null: never, or it is not known. It is noted beside the log, and so has no past.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>
/// What a credential may do of what its user may: each null or empty one limits nothing. <paramref name="Permissions"/>: patterns; <paramref name="Regions"/>;
/// <paramref name="Tags"/>: only things that have all of these; <paramref name="Networks"/>: CIDRs from which it is honoured.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record Limits(
    ImmutableArray<string> Permissions = default, ImmutableArray<string> Regions = default,
    ImmutableSortedDictionary<string, string>? Tags = null, ImmutableArray<string> Networks = default)
{
    public static readonly Limits None = new();
}

/// <summary>An explanation, or why there is none.</summary>
[GenerateSerializer, Immutable]
public sealed record ExplainAnswer(Explanation? Explanation, Problem? Problem);

/// <summary>
/// Why somebody may or may not. <paramref name="Grant"/> and <paramref name="Through"/>: by which grant, and through which membership; <paramref name="Others"/>: grants of the same
/// permission that do not reach so far, or are over; <paramref name="Policies"/>: those by which a second person must agree.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record Explanation(bool Allowed, string User, string Permission, string Resource, string Why, string? Grant, string? Through, ImmutableArray<string> Others, ImmutableArray<string> Policies);
