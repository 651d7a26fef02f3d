using Ppec.Contracts.Access;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Persons, and service accounts for which a person answers.</summary>
public sealed class UsersClient : HistoricClient<UserView>
{
    internal UsersClient(Transport transport) : base(transport, "users", PpecJson.Api.UserView, PpecJson.Api.ListPageUserView) { }

    /// <summary>Adds one.</summary>
    public Task<Answer<UserView>> CreateAsync(UserBody body, MutationOptions? options = null, CancellationToken cancellation = default) => CreateAsync(body, PpecJson.Api.UserBody, options, cancellation);

    /// <summary>Disables or enables one (credentials of a disabled user die at once), or gives a service account to another person.</summary>
    public Task<Answer<UserView>> SetAsync(string id, SetUserBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        TurnAsync(id, "set", body, PpecJson.Api.SetUserBody, options, cancellation);

    /// <summary>Sets one's own password, or another's, who must change it at first use.</summary>
    public Task<Answer<UserView>> SetPasswordAsync(string id, PasswordBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        TurnAsync(id, "password", body, PpecJson.Api.PasswordBody, options, cancellation);

    /// <summary>Says where a user reads mail; without an address nothing more is sent. It is not shown again.</summary>
    public Task<Answer<UserView>> SetMailAsync(string id, MailBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        TurnAsync(id, "mail", body, PpecJson.Api.MailBody, options, cancellation);
}

/// <summary>Users who are granted things together.</summary>
public sealed class GroupsClient : HistoricClient<GroupView>
{
    internal GroupsClient(Transport transport) : base(transport, "groups", PpecJson.Api.GroupView, PpecJson.Api.ListPageGroupView) { }

    /// <summary>Makes one, or adds and removes members; what is left out stays.</summary>
    public Task<Answer<GroupView>> SetAsync(GroupBody body, MutationOptions? options = null, CancellationToken cancellation = default) => CreateAsync(body, PpecJson.Api.GroupBody, options, cancellation);

    /// <summary>Deletes one and what was granted to it.</summary>
    public Task DeleteAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => EndAsync(id, "delete", options, cancellation);
}

/// <summary>Teams that things belong to.</summary>
public sealed class OwnersClient : HistoricClient<OwnerView>
{
    internal OwnersClient(Transport transport) : base(transport, "owners", PpecJson.Api.OwnerView, PpecJson.Api.ListPageOwnerView) { }

    /// <summary>Makes one, or changes its members and quotas; what is left out stays, quotas are replaced together.</summary>
    public Task<Answer<OwnerView>> SetAsync(OwnerBody body, MutationOptions? options = null, CancellationToken cancellation = default) => CreateAsync(body, PpecJson.Api.OwnerBody, options, cancellation);

    /// <summary>Deletes one and what was granted to its members.</summary>
    public Task DeleteAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => EndAsync(id, "delete", options, cancellation);
}

/// <summary>Coming, going, and who one is.</summary>
public sealed class SessionClient
{
    readonly Transport _transport;

    internal SessionClient(Transport transport) => _transport = transport;

    /// <summary>A session for a person who gives a password. Guessing is slowed down: 429 with when to try again.</summary>
    public async Task<Answer<SessionView>> SignInAsync(SignInBody body, CancellationToken cancellation = default) =>
        (await _transport.AskAsync(new PathText("api/v1/sign-in"), Payload.Json(body, PpecJson.Api.SignInBody), cancellation)).As(PpecJson.Api.SessionView);

    /// <summary>Where people sign in elsewhere. 404 where there is no such place.</summary>
    public async Task<Answer<IdentityProviderView>> IdentityProviderAsync(CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(new PathText("api/v1/sign-in/oidc"), cancellation)).As(PpecJson.Api.IdentityProviderView);

    /// <summary>A session for a person with an ID token of that provider.</summary>
    public async Task<Answer<SessionView>> SignInByTokenAsync(TokenSignInBody body, CancellationToken cancellation = default) =>
        (await _transport.AskAsync(new PathText("api/v1/sign-in/oidc"), Payload.Json(body, PpecJson.Api.TokenSignInBody), cancellation)).As(PpecJson.Api.SessionView);

    /// <summary>Ends the credential that this client presents.</summary>
    public Task SignOutAsync(MutationOptions? options = null, CancellationToken cancellation = default) =>
        _transport.ChangeAsync(new PathText("api/v1/sign-out"), Payload.Empty, options, cancellation);

    /// <summary>Who one is, and what one may do somewhere.</summary>
    public async Task<Answer<WhoAmI>> WhoAmIAsync(CancellationToken cancellation = default) => (await _transport.ReadAsync(new PathText("api/v1/me"), cancellation)).As(PpecJson.Api.WhoAmI);
}
