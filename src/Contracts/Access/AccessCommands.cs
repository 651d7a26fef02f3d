using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Access;

/// <summary>
/// A command about who may do what. All of it is one stream, so that a decision sees every user, group, role, grant and policy as they are at one moment.
/// </summary>
[GenerateSerializer]
public abstract record AccessCommand : Command
{
    public const string Directory = "directory";

    public override string Target => $"access-{Directory}";

    /// <summary>The noun it is about.</summary>
    [JsonIgnore] public abstract string Noun { get; }

    /// <summary>Its id.</summary>
    [JsonIgnore] public abstract string Subject { get; }

    /// <summary>Who wishes it: nobody gives more than they have. Set by the gate.</summary>
    [Id(0), JsonIgnore] public string By { get; init; } = "";

    /// <summary>What the credential leaves of that. Set by the gate.</summary>
    [Id(1), JsonIgnore] public Limits Within { get; init; } = Limits.None;
}

[GenerateSerializer]
public abstract record UserCommand(string User) : AccessCommand
{
    public override string Noun => "user";
    public override string Subject => User;
}

/// <summary>Adds a person, or a service account for which <paramref name="Responsible"/> answers.</summary>
[GenerateSerializer, Immutable]
public sealed record CreateUser(string User, string Kind, string? Responsible) : UserCommand(User)
{
    public override string Permission => "user.create";
}

/// <summary>Says where a user reads mail, or (with nothing beside it) that nobody knows. The address goes beside it, to the secret store: a log is for ever, and an address is a person's.</summary>
[GenerateSerializer, Immutable]
public sealed record SetMail(string User) : UserCommand(User)
{
    public override string Permission => "user.mail";

    /// <summary>Which version of the address; 0 = none. Set by the gate.</summary>
    [Id(100), JsonIgnore] public int Version { get; init; }
}

/// <summary>
/// Disables or enables a user, gives a service account to another person, or says who a person is at the identity provider. Null leaves as it is.
/// Who is disabled has no credentials that work.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record SetUser(string User, bool? Disabled, string? Responsible, string? OidcSubject = null) : UserCommand(User)
{
    public override string Permission => "user.set";
}

/// <summary>
/// The identity provider says who stands at the door: <paramref name="OidcSubject"/>, whom it calls <paramref name="User"/>, in these of its groups. PPEC's own.
/// Whoever was never here is added; the members of groups that are the provider's become what it says of this person.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record AdmitPerson(string User, string OidcSubject, ImmutableArray<string> Groups) : UserCommand(User)
{
    public const string Actor = "system:oidc";

    [JsonIgnore] public override string Permission => "user.admit";
}

/// <summary>
/// Replaces a password; its hash went to the secret store as this version. Set by another person, it must be changed at first use.
/// Of one's own the <paramref name="Current"/> one is asked for, where there is one.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record SetPassword(string User, SecretText? Current = null, int Version = 0) : UserCommand(User)
{
    public override string Permission => "user.password";
}

[GenerateSerializer]
public abstract record GroupCommand(string Group) : AccessCommand
{
    public override string Noun => "group";
    public override string Subject => Group;
}

/// <summary>Makes a group, describes it, adds and removes members. A null description leaves as it is.</summary>
[GenerateSerializer, Immutable]
public sealed record SetGroup(string Group, string? Description, ImmutableArray<string> Add, ImmutableArray<string> Remove) : GroupCommand(Group)
{
    public override string Permission => "group.set";
}

/// <summary>Deletes a group and with it what was granted to it.</summary>
[GenerateSerializer, Immutable]
public sealed record DeleteGroup(string Group) : GroupCommand(Group)
{
    public override string Permission => "group.delete";
}

[GenerateSerializer]
public abstract record RoleCommand(string Role) : AccessCommand
{
    public override string Noun => "role";
    public override string Subject => Role;
}

/// <summary>Makes a role, or replaces its permissions: for all who have it, at once.</summary>
[GenerateSerializer, Immutable]
public sealed record SetRole(string Role, string Description, ImmutableArray<string> Permissions) : RoleCommand(Role)
{
    public override string Permission => "role.set";
}

/// <summary>Deletes a role that nobody has.</summary>
[GenerateSerializer, Immutable]
public sealed record DeleteRole(string Role) : RoleCommand(Role)
{
    public override string Permission => "role.delete";
}

[GenerateSerializer]
public abstract record GrantCommand(string Grant) : AccessCommand
{
    public override string Noun => "grant";
    public override string Subject => Grant;
}

/// <summary>Gives a subject a role on a scope. The gate makes the id.</summary>
[GenerateSerializer, Immutable]
public sealed record CreateGrant(string Grant, string To, string Role, string Scope, DateTimeOffset? ExpiresAt) : GrantCommand(Grant)
{
    public override string Permission => "grant.create";
}

[GenerateSerializer, Immutable]
public sealed record RevokeGrant(string Grant) : GrantCommand(Grant)
{
    public override string Permission => "grant.revoke";
}

[GenerateSerializer]
public abstract record OwnerCommand(string Owner) : AccessCommand
{
    public override string Noun => "owner";
    public override string Subject => Owner;
}

/// <summary>Makes an owner, describes it, adds and removes members (<c>user:alice</c>, <c>group:ops</c>), replaces its quotas. Null leaves as it is.</summary>
[GenerateSerializer, Immutable]
public sealed record SetOwner(string Owner, string? Description, ImmutableArray<string> Add, ImmutableArray<string> Remove, ImmutableSortedDictionary<string, long>? Quotas) : OwnerCommand(Owner)
{
    public override string Permission => "owner.set";
}

[GenerateSerializer, Immutable]
public sealed record DeleteOwner(string Owner) : OwnerCommand(Owner)
{
    public override string Permission => "owner.delete";
}

[GenerateSerializer]
public abstract record PolicyCommand(string Policy) : AccessCommand
{
    public override string Noun => "policy";
    public override string Subject => Policy;
}

/// <summary>Makes or replaces a policy; <see cref="PolicyView"/> says what each part means.</summary>
[GenerateSerializer, Immutable]
public sealed record SetPolicy(
    string Policy, string Description, ImmutableArray<string> Permissions, string Scope, int Quorum, ImmutableArray<string> Approvers, int MinCount, int MinDisks, string? Window,
    int ApproveWithinMinutes, int ExecuteWithinMinutes, PolicyStage? SecondStage, bool Severe) : PolicyCommand(Policy)
{
    public override string Permission => "policy.set";
}

[GenerateSerializer, Immutable]
public sealed record DeletePolicy(string Policy) : PolicyCommand(Policy)
{
    public override string Permission => "policy.delete";
}

/// <summary>The door to the one directory.</summary>
[Alias("access")]
public interface IAccessGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(AccessCommand command, Caller caller);

    /// <summary>Whether this very command was carried out before.</summary>
    Task<bool> Did(Caller caller);
}
