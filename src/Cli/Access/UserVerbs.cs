using Ppec.Cli.Machines;
using Ppec.Cli.Output;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Sdk;

namespace Ppec.Cli.Access;

/// <summary><c>ppec user</c>.</summary>
static class UserVerbs
{
    public static Verb Build(Shell shell) => new Verb("user", "Users: persons, and service accounts for which a person answers.", "ppec user create alice", "ppec user create ci --service --responsible alice")
        .Under(List(shell), Show(shell), Create(shell), Set(shell), Password(shell), Mail(shell)).Under(PastVerbs.Of(shell, "user", "alice", call => call.Client.Users));

    static Verb List(Shell shell) => new Verb("list", "List users.", "ppec user list --filter kind:service")
        .With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Users, Table, user => user.Id));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one user.", "ppec user show alice", "ppec user show alice --at 2026-01-31T12:00Z");
        var id = verb.Takes("user", "The user's name.");
        return verb.With(shell.Options.At).With(shell.Options.Reading).Does(shell, async call => Show(call, await call.Client.Users.GetAsync(call.Get(id), new() { At = call.Get(shell.Options.At) }, call.Cancellation)));
    }

    static Verb Create(Shell shell)
    {
        var verb = new Verb("create", "Add a person, or with --service a service account. A person signs in once a password is set.", "ppec user create alice", "ppec user create ci --service --responsible alice");
        var id = verb.Takes("user", "The name, a short slug.");
        var service = new System.CommandLine.Option<bool>("--service") { Description = "A service account: it has credentials and no password." };
        var responsible = verb.Has<string?>("--responsible", "USER", "The person who answers for a service account.");
        return verb.With(service).With(shell.Options.Changing).Does(shell, async call =>
            Show(call, await call.Client.Users.CreateAsync(new(call.Get(id), call.Get(service) ? "service" : "person", call.Get(responsible)), call.Mutation(), call.Cancellation)));
    }

    static Verb Set(Shell shell)
    {
        var verb = new Verb("set", "Disable or enable a user, give a service account to another person, or say who a person is at the identity provider. A disabled user's credentials die at once.", "ppec user set alice --disable --reason 'left the company'", "ppec user set alice --enable", "ppec user set ci --responsible bob", "ppec user set alice --oidc-subject https://id.example.net#248289761001");
        var id = verb.Takes("user", "The user's name.");
        var disable = new System.CommandLine.Option<bool>("--disable") { Description = "End every session and credential, and let nothing new begin." };
        var enable = new System.CommandLine.Option<bool>("--enable") { Description = "Let the user in again; credentials are made anew." };
        var responsible = verb.Has<string?>("--responsible", "USER", "The person who answers for a service account from now on.");
        var oidcSubject = verb.Has<string?>("--oidc-subject", "ISSUER#SUB", "Who this person is at the identity provider, by its issuer and unchanging subject.");
        return verb.With(disable, enable).With(shell.Options.Changing).Does(shell, async call =>
        {
            bool? disabled = (call.Get(disable), call.Get(enable)) switch { (true, true) => throw new UsageException("--disable or --enable: not both."), (true, _) => true, (_, true) => false, _ => null };
            if (disabled is null && call.Get(responsible) is null && call.Get(oidcSubject) is null) throw new UsageException("Say what to set: --disable, --enable, --responsible USER or --oidc-subject ISSUER#SUB.");
            return Show(call, await call.Client.Users.SetAsync(call.Get(id), new(disabled, call.Get(responsible), call.Get(oidcSubject)), call.Mutation(), call.Cancellation));
        });
    }

    static Verb Password(Shell shell)
    {
        var verb = new Verb("password", "Set a password: one's own, or another's, who must change it at first use.", "ppec user password alice", "ppec user password alice --password-file ./new --current-file ./old");
        var id = verb.Takes("user", "The user's name.");
        var password = verb.Has<string?>("--password-file", "FILE", "The file with the new password; - reads it from standard input. At a terminal it is asked for.");
        var current = verb.Has<string?>("--current-file", "FILE", "The file with the password until now, for one's own.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            var me = (await call.Client.Session.WhoAmIAsync(call.Cancellation)).Value.User;
            var old = call.Get(current) is { } file ? new SecretText(RackVerb.Secret(call, file)) : me == call.Get(id) && call.Get(password) is null ? call.Hidden("Your password until now (empty if there is none):") : null;
            var fresh = call.Get(password) is { } from ? new SecretText(RackVerb.Secret(call, from)) : SessionVerbs.Twice(call);
            return Show(call, await call.Client.Users.SetPasswordAsync(call.Get(id), new(fresh, old is { Value.Length: > 0 } ? old : null), call.Mutation(), call.Cancellation));
        });
    }

    static Verb Mail(Shell shell)
    {
        var verb = new Verb("mail", "Say where a user reads mail; without --address nothing more is sent there. The address is not shown again.", "ppec user mail alice --address alice@example.net", "ppec user mail alice");
        var id = verb.Takes("user", "The user's name.");
        var address = verb.Has<string?>("--address", "MAIL", "The address.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            Show(call, await call.Client.Users.SetMailAsync(call.Get(id), new(call.Get(address) is { } mail ? new SecretText(mail) : null), call.Mutation(), call.Cancellation)));
    }

    static int Show(Call call, Answer<UserView> answer) => call.Show(answer, (user, wide) => [Table([user], wide)], user => [user.Id]);

    static Sheet Table(IEnumerable<UserView> users, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["NAME", "KIND", "STATE", "PASSWORD", "RESPONSIBLE", "CREATED", "BY"] : ["NAME", "KIND", "STATE", "PASSWORD", "RESPONSIBLE"]);
        foreach (var u in users)
        {
            Cell[] row = [u.Id, u.Kind, u.Disabled ? new Cell("disabled", Tone.Bad) : "enabled", u.Password ?? "", u.Responsible ?? ""];
            sheet.Add(wide ? [.. row, Words.Time(u.CreatedAt), u.CreatedBy] : row);
        }
        return sheet;
    }
}
