using System.Collections.Immutable;
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

public sealed record CredentialIssued(string Credential, string Principal, string Sha256, string? Kind = null, string? Name = null, Limits? Limits = null, DateTimeOffset? ExpiresAt = null, string? By = null) : CredentialEvent;
public sealed record CredentialRotated(string Sha256, DateTimeOffset OldUntil, DateTimeOffset? ExpiresAt) : CredentialEvent;
public sealed record CredentialRevoked : CredentialEvent;

/// <summary>A credential: whose, for what, until when. <paramref name="OldSha256"/> is honoured until <paramref name="OldUntil"/>.</summary>
public sealed record CredentialState(
    string Principal, string Sha256, string Kind, string Name, Limits Limits, DateTimeOffset? ExpiresAt, string By, DateTimeOffset IssuedAt,
    string? OldSha256 = null, DateTimeOffset? OldUntil = null, DateTimeOffset? RotatedAt = null, DateTimeOffset? RevokedAt = null)
{
    /// <summary>Whether it is worth anything now.</summary>
    public bool Live(DateTimeOffset now) => RevokedAt is null && !(ExpiresAt <= now);
}

/// <summary>A token of a person or of automation. The log has only the hash of its secret.</summary>
public static class Credential
{
    /// <summary>As long as a credential may live, and a session.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromDays(366);
    public static readonly TimeSpan Session = TimeSpan.FromHours(12);

    /// <summary>As long as a rotated secret may still be honoured.</summary>
    public static readonly TimeSpan LongestOverlap = TimeSpan.FromDays(7);

    public static Decision<CredentialEvent> Decide(CredentialState? state, CredentialCommand command) => (state, command) switch
    {
        (null, IssueCredential c) => new CredentialIssued(c.Credential, c.Principal, c.Sha256, c.Kind, c.Name, c.Limits, c.ExpiresAt, c.By) { At = c.At },
        ({ } s, IssueCredential c) when s.Principal == c.Principal && s.Sha256 == c.Sha256 => Nothing<CredentialEvent>(),
        (_, IssueCredential c)    => No(ProblemCodes.CredentialExists, $"Credential {c.Credential} exists already."),
        (null, _)                 => No(ProblemCodes.NotFound, $"There is no credential {command.Credential}."),
        ({ RevokedAt: not null }, RevokeCredential) => Nothing<CredentialEvent>(),
        (_, RevokeCredential c)   => new CredentialRevoked { At = c.At },
        ({ } s, RotateCredential c) when s.Sha256 == c.Sha256 => Nothing<CredentialEvent>(),
        ({ } s, RotateCredential c) when !s.Live(c.At) => No(ProblemCodes.CredentialEnded, $"Credential {c.Credential} has ended: create another."),
        ({ Kind: "session" }, RotateCredential) => No(ProblemCodes.Invalid, "A session is not rotated: sign in again."),
        (_, RotateCredential c)   => new CredentialRotated(c.Sha256, c.OldUntil, c.ExpiresAt) { At = c.At },
        _                         => throw new UnreachableException(command.GetType().Name),
    };

    public static CredentialState? Evolve(CredentialState? state, CredentialEvent @event) => (state, @event) switch
    {
        (null, CredentialIssued e)    => new(e.Principal, e.Sha256, e.Kind ?? "token", e.Name ?? "", e.Limits ?? Limits.None, e.ExpiresAt, string.IsNullOrEmpty(e.By) ? e.Principal : e.By, e.At),
        ({ } s, CredentialRotated e)  => s with { Sha256 = e.Sha256, OldSha256 = s.Sha256, OldUntil = e.OldUntil, ExpiresAt = e.ExpiresAt ?? s.ExpiresAt, RotatedAt = e.At },
        ({ } s, CredentialRevoked e)  => s with { RevokedAt = e.At },
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    /// <summary>Why it would live too long for a site where none lives longer than so; null when it would not.</summary>
    public static Problem? TooLong(Command command, TimeSpan longest) =>
        command switch { IssueCredential c => c.ExpiresAt, RotateCredential c => c.ExpiresAt, _ => null } is { } end && end > command.At + longest
            ? Problem.Invalid("expiresAt", $"Here a credential lives for at most {longest.TotalDays:0} days: say an earlier end.")
            : null;

    /// <summary>
    /// Why this credential may not be issued; null when it may. Anyone may issue to oneself, and to the service accounts one answers for; another's needs <c>credential.create</c>
    /// and all that the other has. No credential gives more than the one it was made with.
    /// </summary>
    public static Problem? MayIssue(Rights rights, Principal who, IssueCredential c)
    {
        if (rights.Directory.Users.GetValueOrDefault(c.Principal) is not { Disabled: false } user) return No(ProblemCodes.NotFound, $"There is no user {c.Principal}, or it is disabled.");
        if (Wider(who.Limits, c.Limits ?? Limits.None) is { } wider) return No(ProblemCodes.Escalation, $"A credential gives no more than the one it is made with, and that one is limited: {wider}.");
        if (c.Principal == who.User || (user.Kind == "service" && user.Responsible == who.User)) return null;
        if (rights.May(who, c.Permission, new("user", c.Principal), c.At) is { Allowed: false, Why: var why }) return No(ProblemCodes.Forbidden, why);
        if (user.Kind == "person") return No(ProblemCodes.Forbidden, $"{c.Principal} is a person, and nobody else makes credentials of a person: let them sign in.");
        return rights.Powers(c.Principal).Select(p => rights.Lacks(who.User, who.Limits, Permissions.Of(p.Role.Permissions), p.Scope, c.At)).FirstOrDefault(l => l is not null) is { } lacking
            ? No(ProblemCodes.Escalation, $"{c.Principal} has {lacking}, which you do not have there yourself.")
            : null;
    }

    /// <summary>In what the second reaches further than the first; null when in nothing.</summary>
    public static string? Wider(Limits held, Limits wished)
    {
        if (!held.Permissions.IsDefaultOrEmpty && (wished.Permissions.IsDefaultOrEmpty || Permissions.Of(wished.Permissions).Except(Permissions.Of(held.Permissions)).Count > 0)) return $"permissions {string.Join(", ", held.Permissions)}";
        if (!held.Regions.IsDefaultOrEmpty && (wished.Regions.IsDefaultOrEmpty || wished.Regions.Except(held.Regions).Any())) return $"regions {string.Join(", ", held.Regions)}";
        if (!held.Networks.IsDefaultOrEmpty && (wished.Networks.IsDefaultOrEmpty || wished.Networks.Except(held.Networks).Any())) return $"networks {string.Join(", ", held.Networks)}";
        if (held.Tags is { Count: > 0 } tags && tags.Any(t => wished.Tags?.GetValueOrDefault(t.Key) != t.Value)) return $"tags {string.Join(", ", tags.Select(t => $"{t.Key}={t.Value}"))}";
        return null;
    }
}
