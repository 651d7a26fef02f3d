using System.Text.Json;
using Ppec.Cli.Output;
using Ppec.Sdk;

namespace Ppec.Cli.Contexts;

/// <summary><c>ppec context</c>: which servers there are for this user, and which is meant.</summary>
static class ContextVerbs
{
    public static Verb Build(Shell shell) => new Verb("context", "The servers this user works with, and the credential for each.",
            "ppec context set lab --server http://127.0.0.1:8080 --credential-file ./admin-credential", "ppec context use lab")
        .Under(List(shell), Use(shell), Set(shell));

    static Verb List(Shell shell) => new Verb("list", "List the contexts; the current one is marked.", "ppec context list")
        .With(shell.Options.Output).Does(shell, call =>
        {
            var file = ContextFile.Load(call.Io);
            var json = JsonText.Compose(writer =>
            {
                writer.WriteStartObject();
                writer.WriteString("current", file.Current);
                writer.WriteStartArray("items");
                foreach (var (name, context) in file.Contexts)
                {
                    writer.WriteStartObject();
                    writer.WriteString("name", name);
                    writer.WriteString("server", context.Server);
                    writer.WriteString("credentialFile", context.CredentialFile);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            });
            return Task.FromResult(call.Show(new Answer<ContextFile>(file, json), (_, _) => [Table(file)], _ => file.Contexts.Keys));
        });

    static Verb Use(Shell shell)
    {
        var verb = new Verb("use", "Make a context the current one.", "ppec context use lab");
        var name = verb.Takes("name", "The context.");
        return verb.Does(shell, call =>
        {
            var file = ContextFile.Load(call.Io);
            var context = file.Find(call.Get(name));
            file.Current = call.Get(name);
            file.Save();
            call.Screen.Say($"Current context: {file.Current} ({context.Server})");
            return Task.FromResult(ExitCodes.Done);
        });
    }

    static Verb Set(Shell shell)
    {
        var verb = new Verb("set", "Add or change a context. The first one becomes the current one.",
            "ppec context set lab --server http://127.0.0.1:8080 --credential-file ./admin-credential");
        var name = verb.Takes("name", "The context.");
        verb.With(shell.Options.Server, shell.Options.CredentialFile, shell.Options.CaFile);
        return verb.Does(shell, call =>
        {
            var file = ContextFile.Load(call.Io);
            var before = file.Contexts.GetValueOrDefault(call.Get(name));
            var server = call.Get(shell.Options.Server) ?? before?.Server ?? throw new UsageException("A new context needs --server URL.");
            var credential = call.Get(shell.Options.CredentialFile) is { } given ? Path.GetFullPath(given) : before?.CredentialFile;
            var authority = call.Get(shell.Options.CaFile) is { } trusted ? Path.GetFullPath(trusted) : before?.CaFile;
            if (authority is not null) Connection.Authorities(authority);
            if (credential is not null && !File.Exists(credential)) throw new UsageException($"There is no file {credential}.");
            file.Contexts[call.Get(name)] = new(Connection.Address(server).AbsoluteUri.TrimEnd('/'), credential, authority);
            file.Current ??= call.Get(name);
            file.Save();
            call.Screen.Say($"Context {call.Get(name)}: {server}{(file.Current == call.Get(name) ? ", current" : "")}");
            return Task.FromResult(ExitCodes.Done);
        });
    }

    static Sheet Table(ContextFile file)
    {
        var sheet = new Sheet(null, "CURRENT", "NAME", "SERVER", "CREDENTIAL FILE");
        foreach (var (name, context) in file.Contexts) sheet.Add(name == file.Current ? "*" : "", name, context.Server, context.CredentialFile);
        return sheet;
    }
}
