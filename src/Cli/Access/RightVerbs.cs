using Ppec.Cli.Output;
using Ppec.Contracts.Access;
using Ppec.Sdk;

namespace Ppec.Cli.Access;

/// <summary><c>ppec role</c> and <c>ppec grant</c>: what may be done, and who may do it where.</summary>
static class RightVerbs
{
    public static Verb Roles(Shell shell) => new Verb("role", "Roles: sets of permissions. PPEC's own cannot be changed.", "ppec role list", "ppec role set imager --permission image.read --permission image.register")
        .Under(
            new Verb("list", "List roles.", "ppec role list").With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Roles, RoleTable, role => role.Id)),
            TeamVerbs.Show(shell, "role", "operator", call => call.Client.Roles, Show), SetRole(shell), TeamVerbs.Delete(shell, "role", "imager", (call, id) => call.Client.Roles.DeleteAsync(id, call.Mutation(), call.Cancellation))).Under(PastVerbs.Of(shell, "role", "imager", call => call.Client.Roles));

    public static Verb Grants(Shell shell) => new Verb("grant", "Grants: who has which role where.", "ppec grant create --to group:ops --role operator --on region:blr1", "ppec grant explain alice machine.release machine:sn-7c4k2")
        .Under(
            new Verb("list", "List grants.", "ppec grant list --filter subject:user:alice").With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Grants, GrantTable, grant => grant.Id)),
            TeamVerbs.Show(shell, "grant", "01jabcdefghjkmnpqrstvwxyz0", call => call.Client.Grants, Show), CreateGrant(shell),
            TeamVerbs.Delete(shell, "grant", "01jabcdefghjkmnpqrstvwxyz0", (call, id) => call.Client.Grants.RevokeAsync(id, call.Mutation(), call.Cancellation), "revoke", "Take back"), Explain(shell)).Under(PastVerbs.Of(shell, "grant", "01jabcdefghjkmnpqrstvwxyz0", call => call.Client.Grants));

    static Verb SetRole(Shell shell)
    {
        var verb = new Verb("set", "Make a role, or replace one's permissions.", "ppec role set imager --permission image.read --permission image.register --description 'puts images in'");
        var id = verb.Takes("role", "The role's name, a short slug.");
        var permissions = verb.Has<string[]>("--permission", "PERMISSION", "machine.read, machine.*, *.read; may be repeated.", required: true);
        var description = verb.Has<string?>("--description", "TEXT", "What it is, for people.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            Show(call, await call.Client.Roles.SetAsync(new(call.Get(id), [.. call.Get(permissions)!], call.Get(description) ?? ""), call.Mutation(), call.Cancellation)));
    }

    static Verb CreateGrant(Shell shell)
    {
        var verb = new Verb("create", "Give a role on a scope; nobody gives more than they have.",
            "ppec grant create --to group:ops --role operator --on region:blr1", "ppec grant create --to user:alice --role site-operator --on rack:blr1.r12 --until 2026-12-31T00:00Z --plan");
        var to = verb.Has<string>("--to", "SUBJECT", "user:NAME, group:NAME, or owner:NAME for its members.", required: true);
        var role = verb.Has<string>("--role", "ROLE", "The role.", required: true);
        var on = verb.Has<string>("--on", "SCOPE", "global, region:blr1, rack:blr1.r12, pool:NAME, owner:NAME, tag:KEY=VALUE, or one thing: machine:sn-7c4k2.", required: true);
        var until = SharedOptions.Moment("--until", "When it ends by itself.");
        return verb.With(until).With(shell.Options.Changing).Does(shell, async call =>
            Show(call, await call.Client.Grants.CreateAsync(new(call.Get(to)!, call.Get(role)!, call.Get(on)!, call.Get(until)), call.Mutation(), call.Cancellation)));
    }

    static Verb Explain(Shell shell)
    {
        var verb = new Verb("explain", "Why a user may or may not do something to a thing, and who else would have to agree.", "ppec grant explain alice machine.release machine:sn-7c4k2", "ppec grant explain alice region.create global");
        var (user, permission, resource) = (verb.Takes("user", "The user's name."), verb.Takes("permission", "The permission, noun.verb."), verb.Takes("resource", "The thing: machine:sn-7c4k2, region:blr1, global."));
        return verb.With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await call.Client.Grants.ExplainAsync(call.Get(user), call.Get(permission), call.Get(resource), call.Cancellation), (e, _) => [Sheet(e)], e => [e.Allowed ? "yes" : "no"]));
    }

    static Sheet Sheet(Explanation e) => new Sheet(null).Fact("May", e.Allowed ? new("yes", Tone.Good) : new("no", Tone.Bad)).Fact("Why", e.Why).Fact("Grant", e.Grant).Fact("Through", e.Through)
        .Fact("Others", string.Join("; ", e.Others.Each())).Fact("Second person by", string.Join(' ', e.Policies.Each()));

    static int Show(Call call, Answer<RoleView> answer) => call.Show(answer, (role, wide) => [RoleTable([role], wide)], role => [role.Id]);

    static int Show(Call call, Answer<GrantView> answer) => call.Show(answer, (grant, wide) => [GrantTable([grant], wide)], grant => [grant.Id]);

    static Sheet RoleTable(IEnumerable<RoleView> roles, bool wide)
    {
        var sheet = new Sheet(null, "NAME", "PERMISSIONS", "DESCRIPTION");
        foreach (var r in roles) sheet.Add(r.Id, wide || r.Permissions.Each().Count() <= 4 ? string.Join(' ', r.Permissions.Each()) : $"{string.Join(' ', r.Permissions.Take(3))} and {r.Permissions.Length - 3} more", r.Description);
        return sheet;
    }

    static Sheet GrantTable(IEnumerable<GrantView> grants, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["ID", "SUBJECT", "ROLE", "SCOPE", "UNTIL", "SINCE", "BY"] : ["ID", "SUBJECT", "ROLE", "SCOPE", "UNTIL"]);
        foreach (var g in grants)
        {
            Cell[] row = [g.Id, g.Subject, g.Role, g.Scope, g.ExpiresAt];
            sheet.Add(wide ? [.. row, Words.Time(g.GrantedAt), g.GrantedBy] : row);
        }
        return sheet;
    }
}
