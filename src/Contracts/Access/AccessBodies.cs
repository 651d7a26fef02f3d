using System.Collections.Immutable;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Access;

/// <summary>The body of POST /api/v1/users. <paramref name="Kind"/>: <c>person</c> or <c>service</c>.</summary>
public sealed record UserBody(string Id, string Kind = "person", string? Responsible = null);

/// <summary>The body of POST /api/v1/users/{id}/set; what is left out stays. <paramref name="OidcSubject"/>: who it is at the identity provider, <c>ISSUER#SUB</c>.</summary>
public sealed record SetUserBody(bool? Disabled = null, string? Responsible = null, string? OidcSubject = null);

/// <summary>The body of POST /api/v1/users/{id}/mail; without an address nothing more is sent there. It is not shown again.</summary>
public sealed record MailBody(SecretText? Address = null);

/// <summary>The body of POST /api/v1/users/{id}/password. <paramref name="Current"/>: of one's own, where there is one.</summary>
public sealed record PasswordBody(SecretText Password, SecretText? Current = null);

/// <summary>The body of POST /api/v1/groups; a group that is there is changed by it. What is left out stays.</summary>
public sealed record GroupBody(string Id, string? Description = null, ImmutableArray<string> Add = default, ImmutableArray<string> Remove = default);

/// <summary>The body of POST /api/v1/roles; a role of that name is replaced.</summary>
public sealed record RoleBody(string Id, ImmutableArray<string> Permissions, string Description = "");

/// <summary>The body of POST /api/v1/grants.</summary>
public sealed record GrantBody(string Subject, string Role, string Scope, DateTimeOffset? ExpiresAt = null);

/// <summary>The body of POST /api/v1/owners; an owner that is there is changed by it. What is left out stays; quotas are replaced together.</summary>
public sealed record OwnerBody(string Id, string? Description = null, ImmutableArray<string> Add = default, ImmutableArray<string> Remove = default, ImmutableSortedDictionary<string, long>? Quotas = null);

/// <summary>The body of POST /api/v1/policies; a policy of that name is replaced. <see cref="PolicyView"/> says what each part means.</summary>
public sealed record PolicyBody(
    string Id, ImmutableArray<string> Permissions, string Scope = "global", int Quorum = 1, ImmutableArray<string> Approvers = default, string Description = "", int MinCount = 0, int MinDisks = 0,
    string? Window = null, int ApproveWithinMinutes = 24 * 60, int ExecuteWithinMinutes = 60, PolicyStage? SecondStage = null, bool Severe = false);

/// <summary>
/// The body of POST /api/v1/credentials. <paramref name="User"/>: oneself unless said. What limits it is left out where it may do all its user may;
/// it lives for <paramref name="Days"/> days unless <paramref name="ExpiresAt"/> is said.
/// </summary>
public sealed record CredentialBody(
    string Name, string? User = null, ImmutableArray<string> Permissions = default, ImmutableArray<string> Regions = default, ImmutableSortedDictionary<string, string>? Tags = null,
    ImmutableArray<string> Networks = default, int Days = 30, DateTimeOffset? ExpiresAt = null);

/// <summary>The body of POST /api/v1/credentials/{id}/rotate. The old secret is honoured for <paramref name="OverlapMinutes"/> more; the expiry stays unless <paramref name="ExpiresAt"/> is said.</summary>
public sealed record RotateBody(int OverlapMinutes = 24 * 60, DateTimeOffset? ExpiresAt = null);

/// <summary>A credential just made. <paramref name="Token"/> is said this once and kept nowhere.</summary>
public sealed record CredentialMade(string Id, string User, string Token, DateTimeOffset? ExpiresAt);

/// <summary>The body of POST /api/v1/sign-in.</summary>
public sealed record SignInBody(string User, SecretText Password);

/// <summary>The body of POST /api/v1/sign-in/oidc. <paramref name="Nonce"/>: what the ID token was asked for with; it must be in the token then.</summary>
public sealed record TokenSignInBody(SecretText IdToken, string? Nonce = null);

/// <summary>A session. With <paramref name="MustChangePassword"/> it is good for changing the password and nothing else.</summary>
public sealed record SessionView(string User, string Token, DateTimeOffset ExpiresAt, bool MustChangePassword);
