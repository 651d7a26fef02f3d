using Ppec.Contracts.Access;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Sets of permissions.</summary>
public sealed class RolesClient : HistoricClient<RoleView>
{
    internal RolesClient(Transport transport) : base(transport, "roles", PpecJson.Api.RoleView, PpecJson.Api.ListPageRoleView) { }

    /// <summary>Makes one, or replaces one's permissions. PPEC's own cannot be changed.</summary>
    public Task<Answer<RoleView>> SetAsync(RoleBody body, MutationOptions? options = null, CancellationToken cancellation = default) => CreateAsync(body, PpecJson.Api.RoleBody, options, cancellation);

    /// <summary>Deletes one that nobody has.</summary>
    public Task DeleteAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => EndAsync(id, "delete", options, cancellation);
}

/// <summary>Who has which role where.</summary>
public sealed class GrantsClient : HistoricClient<GrantView>
{
    internal GrantsClient(Transport transport) : base(transport, "grants", PpecJson.Api.GrantView, PpecJson.Api.ListPageGrantView) { }

    /// <summary>Gives a role on a scope; nobody gives more than they have.</summary>
    public Task<Answer<GrantView>> CreateAsync(GrantBody body, MutationOptions? options = null, CancellationToken cancellation = default) => CreateAsync(body, PpecJson.Api.GrantBody, options, cancellation);

    /// <summary>Takes one back; it holds within a second.</summary>
    public Task RevokeAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => EndAsync(id, "revoke", options, cancellation);

    /// <summary>Why a user may or may not do something to a thing (<c>machine:sn-1</c>), and who else would have to agree.</summary>
    public async Task<Answer<Explanation>> ExplainAsync(string user, string permission, string resource, CancellationToken cancellation = default) =>
        (await Transport.ReadAsync(new PathText("api/v1/grants/explain").Query("user", user).Query("permission", permission).Query("resource", resource), cancellation)).As(PpecJson.Api.Explanation);
}

/// <summary>Which commands need a second person, and whose word counts.</summary>
public sealed class PoliciesClient : HistoricClient<PolicyView>
{
    internal PoliciesClient(Transport transport) : base(transport, "policies", PpecJson.Api.PolicyView, PpecJson.Api.ListPagePolicyView) { }

    /// <summary>Makes one, or replaces the one of that name.</summary>
    public Task<Answer<PolicyView>> SetAsync(PolicyBody body, MutationOptions? options = null, CancellationToken cancellation = default) => CreateAsync(body, PpecJson.Api.PolicyBody, options, cancellation);

    /// <summary>Deletes one.</summary>
    public Task DeleteAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => EndAsync(id, "delete", options, cancellation);
}

/// <summary>Tokens, scoped and expiring.</summary>
public sealed class CredentialsClient : NounClient<CredentialView>
{
    internal CredentialsClient(Transport transport) : base(transport, "credentials", PpecJson.Api.CredentialView, PpecJson.Api.ListPageCredentialView) { }

    /// <summary>Makes one: of oneself, or of a service account. Its token is said this once.</summary>
    public async Task<Answer<CredentialMade>> CreateAsync(CredentialBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(new PathText("api/v1").Add(Plural), Payload.Json(body, PpecJson.Api.CredentialBody), options, cancellation)).As(PpecJson.Api.CredentialMade);

    /// <summary>Gives one a new secret, said this once; the old one is honoured for a while.</summary>
    public async Task<Answer<CredentialMade>> RotateAsync(string id, RotateBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Path(id).Add("rotate"), Payload.Json(body, PpecJson.Api.RotateBody), options, cancellation)).As(PpecJson.Api.CredentialMade);

    /// <summary>Ends one for good, within a second.</summary>
    public Task<Answer<CredentialView>> RevokeAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => TurnAsync(id, "revoke", options, cancellation);
}
