using Ppec.Cli.Contexts;
using Ppec.Cli.Machines;
using Ppec.Cli.Output;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;

namespace Ppec.Cli.Access;

/// <summary><c>ppec login</c>, <c>logout</c> and <c>whoami</c>.</summary>
static class SessionVerbs
{
    public static Verb Login(Shell shell)
    {
        var verb = new Verb("login", "Sign in, and keep the session in the context. A password that must be changed is changed here.",
            "ppec login alice --server https://ppec.example.net", "ppec login alice --context lab --password-file ./password", "ppec login --oidc --server https://ppec.example.net", "ppec login --token-file ./token --context ci --server https://ppec.example.net");
        var user = verb.MayTake("user", "The user's name; not with --oidc or --token-file.");
        var oidc = new System.CommandLine.Option<bool>("--oidc") { Description = "Sign in at the identity provider, in a browser on this machine." };
        var password = verb.Has<string?>("--password-file", "FILE", "The file with the password; - reads it from standard input. At a terminal it is asked for.");
        var fresh = verb.Has<string?>("--new-password-file", "FILE", "The file with the password to set where it must be changed.");
        var token = verb.Has<string?>("--token-file", "FILE", "The file with a credential, in place of a user and a password; - reads it from standard input.");
        return verb.With(oidc).With(shell.Options.Server, shell.Options.Context, shell.Options.CaFile, shell.Options.Timeout).Does(shell, async call =>
        {
            var contexts = ContextFile.Load(call.Io);
            var (name, context) = Meant(call, contexts);
            string credential;
            if (new[] { call.May(user) is not null, call.Get(oidc), call.Get(token) is not null }.Count(way => way) > 1) throw new UsageException("A user with a password, --oidc, or --token-file: one of them.");
            if (call.Get(token) is { } file) credential = RackVerb.Secret(call, file).Trim();
            else if (call.Get(oidc))
            {
                using var stranger = Connection.Open(call, context, credential: null);
                credential = await BrowserSignIn.AtProviderAsync(call, stranger, call.Get(shell.Options.Timeout) ?? TimeSpan.FromMinutes(5));
            }
            else
            {
                var who = call.May(user) ?? throw new UsageException("Say who signs in: ppec login USER; at the identity provider with --oidc; or name a credential's file with --token-file FILE.");
                var secret = call.Get(password) is { } from ? new SecretText(RackVerb.Secret(call, from)) : call.Hidden($"Password of {who}:");
                credential = await SignInAsync(call, context, who, secret, call.Get(fresh));
            }

            using var client = Connection.Open(call, context, credential);
            var me = await client.Session.WhoAmIAsync(call.Cancellation);
            var kept = CredentialStore.FileOf(contexts, name);
            CredentialStore.Write(kept, credential);
            contexts.Contexts[name] = context with { CredentialFile = kept };
            contexts.Current = name;
            contexts.Save();
            call.Screen.Say($"Signed in to {context.Server} as {me.Value.User}; context {name} is current.");
            if (((string[])["PPEC_CREDENTIAL_FILE", "PPEC_SERVER"]).FirstOrDefault(variable => call.Io.Variable(variable) is { Length: > 0 }) is { } first)
                call.Screen.Say($"warning: {first} is set, and comes before the context: unset it, or name the context with --context {name}.");
            return ExitCodes.Done;
        });
    }

    public static Verb Logout(Shell shell)
    {
        var verb = new Verb("logout", "End the session that the context keeps, on the server and here.", "ppec logout", "ppec logout --context lab");
        return verb.With(shell.Options.Context).Does(shell, async call =>
        {
            var contexts = ContextFile.Load(call.Io);
            var name = call.Get(shell.Options.Context) ?? call.Io.Variable("PPEC_CONTEXT") ?? contexts.Current ?? throw new UsageException("There is no context to leave.");
            var context = contexts.Find(name);
            var kept = CredentialStore.FileOf(contexts, name);
            if (context.CredentialFile != kept || !File.Exists(kept)) throw new UsageException($"Context {name} keeps no session: nothing was signed in there with ppec login.");
            using var client = Connection.Open(call, context, File.ReadAllText(kept).Trim());
            try
            {
                await client.Session.SignOutAsync(call.Mutation(), call.Cancellation);
            }
            catch (Sdk.PpecException gone) when (gone.Code == ProblemCodes.Unauthenticated) { } // it is over already
            File.Delete(kept);
            contexts.Contexts[name] = context with { CredentialFile = null };
            contexts.Save();
            call.Screen.Say($"Signed out of {context.Server}.");
            return ExitCodes.Done;
        });
    }

    public static Verb WhoAmI(Shell shell) => new Verb("whoami", "Say as whom one acts, within which limits, and what one may do somewhere.", "ppec whoami", "ppec whoami -o json")
        .With(shell.Options.Reading).Does(shell, async call => call.Show(await call.Client.Session.WhoAmIAsync(call.Cancellation), (me, wide) => [Sheet(me, wide)], me => [me.User]));

    /// <summary>A new password, typed twice.</summary>
    public static SecretText Twice(Call call)
    {
        var first = call.Hidden("New password:");
        return call.Hidden("The new password again:").Value == first.Value ? first : throw new UsageException("The two are not the same. Nothing was changed.");
    }

    static async Task<string> SignInAsync(Call call, ServerContext context, string user, SecretText password, string? freshFile)
    {
        using var stranger = Connection.Open(call, context, credential: null);
        var session = (await stranger.Session.SignInAsync(new(user, password), call.Cancellation)).Value;
        if (!session.MustChangePassword) return session.Token;
        call.Screen.Say("This password must be changed before anything else.");
        var fresh = freshFile is null ? Twice(call) : new SecretText(RackVerb.Secret(call, freshFile));
        using (var once = Connection.Open(call, context, session.Token)) await once.Users.SetPasswordAsync(user, new(fresh, password), null, call.Cancellation);
        return (await stranger.Session.SignInAsync(new(user, fresh), call.Cancellation)).Value.Token;
    }

    /// <summary>Which context is signed in to: the one named, else the current one, else one that is made for the server.</summary>
    static (string Name, ServerContext Context) Meant(Call call, ContextFile contexts)
    {
        var (server, named) = (call.Get(call.Options.Server) ?? call.Io.Variable("PPEC_SERVER"), call.Get(call.Options.Context) ?? call.Io.Variable("PPEC_CONTEXT"));
        var name = named ?? (server is null ? contexts.Current : contexts.Contexts.FirstOrDefault(pair => Connection.Address(pair.Value.Server) == Connection.Address(server)).Key) ?? (server is null ? null : Connection.Address(server).Host)
            ?? throw new UsageException("Which server? ppec login USER --server URL.");
        var before = contexts.Contexts.GetValueOrDefault(name);
        var address = server is null ? before?.Server ?? throw new UsageException($"There is no context '{name}' yet: say its server with --server URL.") : Connection.Address(server).AbsoluteUri.TrimEnd('/');
        var authority = call.Get(call.Options.CaFile) ?? call.Io.Variable("PPEC_CA_FILE");
        return (name, new(address, before?.CredentialFile, authority is null ? before?.CaFile : Path.GetFullPath(authority)));
    }

    static Sheet Sheet(WhoAmI me, bool wide) => new Sheet(null).Fact("User", me.User).Fact("Credential", me.Credential).Fact("Signed in", me.SignedInAt).Fact("Password", me.MustChangePassword ? "must be changed" : null)
        .Fact("Only", string.Join(' ', me.Limits.Permissions.Each().Concat(me.Limits.Regions.Each().Select(region => $"in:{region}")).Concat(me.Limits.Networks.Each().Select(network => $"from:{network}"))))
        .Fact("May somewhere", wide || me.Permissions.Each().Count() <= 12 ? string.Join(' ', me.Permissions.Each()) : $"{me.Permissions.Length} permissions (-o wide names them)");
}
