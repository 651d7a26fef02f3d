using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Access;

/// <summary>Users, groups, roles, grants, owners and policies.</summary>
static class AccessEndpoints
{
    public static void MapAccess(this IEndpointRouteBuilder routes)
    {
        MapUsers(routes);
        MapGroups(routes);
        MapGrants(routes);
        MapOwners(routes);
        MapPolicies(routes);
    }

    static void MapUsers(IEndpointRouteBuilder routes)
    {
        var users = routes.MapNoun<UserView>("user", "users");

        users.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<UserBody>();
            return await http.Document(await http.Send(grains, new CreateUser(b.Id, b.Kind, b.Responsible)), model, "user", b.Id, 201, $"/api/v1/users/{b.Id}");
        }).Named("user_create", "Adds a person, or a service account for which a person answers").Takes<UserBody>().Answers<UserView>(201);

        users.MapPost("/{id}/set", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<SetUserBody>();
            return await http.Document(await http.Send(grains, new SetUser(id, b.Disabled, b.Responsible, b.OidcSubject)), model, "user", id, 200);
        }).Named("user_set", "Disables or enables a user, gives a service account to another person, or says who a person is at the identity provider; a disabled user's credentials die at once").Takes<SetUserBody>().Answers<UserView>(200).Mutates();

        users.MapPost("/{id}/password", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<PasswordBody>();
            return await http.Document(await http.Send(grains, new SetPassword(id, b.Current), b.Password), model, "user", id, 200);
        }).Named("user_password", "Sets a password: one's own, or (to be changed at first use) another's").Takes<PasswordBody>().Answers<UserView>(200).Mutates();

        users.MapPost("/{id}/mail", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<MailBody>();
            return await http.Document(await http.Send(grains, new SetMail(id), b.Address), model, "user", id, 200);
        }).Named("user_mail", "Says where a user reads mail: one's own, or another's; it is not shown again").Takes<MailBody>().Answers<UserView>(200).Mutates();
    }

    static void MapGroups(IEndpointRouteBuilder routes)
    {
        var groups = routes.MapNoun<GroupView>("group", "groups");

        groups.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<GroupBody>();
            return await http.Document(await http.Send(grains, new SetGroup(b.Id, b.Description, b.Add.IsDefault ? [] : b.Add, b.Remove.IsDefault ? [] : b.Remove)), model, "group", b.Id, 201, $"/api/v1/groups/{b.Id}");
        }).Named("group_set", "Makes a group, or adds and removes members of one").Takes<GroupBody>().Answers<GroupView>(201);

        groups.MapPost("/{id}/delete", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new DeleteGroup(id)), model)).Named("group_delete", "Deletes a group and what was granted to it").Mutates().Produces(204);

        var roles = routes.MapNoun<RoleView>("role", "roles");

        roles.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<RoleBody>();
            return await http.Document(await http.Send(grains, new SetRole(b.Id, b.Description, b.Permissions)), model, "role", b.Id, 201, $"/api/v1/roles/{b.Id}");
        }).Named("role_set", "Makes a role, or replaces one's permissions").Takes<RoleBody>().Answers<RoleView>(201);

        roles.MapPost("/{id}/delete", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new DeleteRole(id)), model)).Named("role_delete", "Deletes a role that nobody has").Mutates().Produces(204);
    }

    static void MapGrants(IEndpointRouteBuilder routes)
    {
        // Before {id}, which would take the word for one.
        routes.MapGet("/api/v1/grants/explain", async (HttpContext http, IGrainFactory grains) =>
        {
            string Query(string name) => http.Request.Query[name].ToString() is { Length: > 0 and <= 300 } value ? value : throw RequestException.Invalid(name, $"Say the {name}.");
            var (user, permission, resource) = (Query("user"), Query("permission"), Query("resource"));
            var answer = await grains.Gate(g => g.Explain(new(http.Credential(), http.Source(), "grant.read"), user, permission, resource));
            return answer.Problem is { } problem ? Problems.Of(problem) : Results.Json(answer.Explanation, PpecJson.Options);
        }).WithTags("grants").Named("grant_explain", "Why a user may or may not do something to a thing, and who else would have to agree").Answers<Explanation>(200).WithQuery("user", "permission", "resource");

        var grants = routes.MapNoun<GrantView>("grant", "grants");

        grants.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<GrantBody>();
            return await http.Made(await http.Send(grains, new CreateGrant("", b.Subject, b.Role, b.Scope, b.ExpiresAt)), model, "grant", "grants");
        }).Named("grant_create", "Gives a user, a group or an owner's members a role on a scope; nobody gives more than they have").Takes<GrantBody>().Answers<GrantView>(201);

        grants.MapPost("/{id}/revoke", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new RevokeGrant(id)), model)).Named("grant_revoke", "Takes it back; it holds within a second").Mutates().Produces(204);
    }

    static void MapOwners(IEndpointRouteBuilder routes)
    {
        var owners = routes.MapNoun<OwnerView>("owner", "owners");

        owners.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<OwnerBody>();
            return await http.Document(await http.Send(grains, new SetOwner(b.Id, b.Description, b.Add.IsDefault ? [] : b.Add, b.Remove.IsDefault ? [] : b.Remove, b.Quotas)), model, "owner", b.Id, 201, $"/api/v1/owners/{b.Id}");
        }).Named("owner_set", "Makes a team that machines belong to, or changes its members and quotas").Takes<OwnerBody>().Answers<OwnerView>(201);

        owners.MapPost("/{id}/delete", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new DeleteOwner(id)), model)).Named("owner_delete", "Deletes an owner and what was granted to its members").Mutates().Produces(204);
    }

    static void MapPolicies(IEndpointRouteBuilder routes)
    {
        var policies = routes.MapNoun<PolicyView>("policy", "policies");

        policies.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<PolicyBody>();
            var command = new SetPolicy(b.Id, b.Description, b.Permissions, b.Scope, b.Quorum, b.Approvers.IsDefault ? [] : b.Approvers, b.MinCount, b.MinDisks, b.Window,
                b.ApproveWithinMinutes, b.ExecuteWithinMinutes, b.SecondStage, b.Severe);
            return await http.Document(await http.Send(grains, command), model, "policy", b.Id, 201, $"/api/v1/policies/{b.Id}");
        }).Named("policy_set", "Says which commands need a second person, and whose word counts").Takes<PolicyBody>().Answers<PolicyView>(201);

        policies.MapPost("/{id}/delete", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new DeletePolicy(id)), model)).Named("policy_delete", "Deletes a policy").Mutates().Produces(204);
    }
}
