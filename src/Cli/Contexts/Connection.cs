using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ppec.Sdk;

namespace Ppec.Cli.Contexts;

/// <summary>Which server, and as whom: a flag before the environment before the file.</summary>
sealed record Connection(Uri Server, string? CredentialFile, string? CaFile)
{
    public static PpecClient Open(Call call)
    {
        var connection = Resolve(call.Io, call.Get(call.Options.Server), call.Get(call.Options.Context), call.Get(call.Options.CredentialFile), call.Get(call.Options.CaFile));
        return Open(call, connection, connection.Credential(call));
    }

    /// <summary>As whoever has this credential; as nobody where it is null.</summary>
    public static PpecClient Open(Call call, ServerContext context, string? credential) => Open(call, new Connection(Address(context.Server), null, context.CaFile), credential);

    static PpecClient Open(Call call, Connection connection, string? credential)
    {
        if (connection.Server is { Scheme: "http", IsLoopback: false })
            call.Screen.Say($"warning: {connection.Server.Host} is not this machine, and http sends the credential in the clear. Use https.");
        return new(new PpecClientOptions { Server = connection.Server, Credential = credential, TrustedAuthorities = connection.CaFile is { } file ? Authorities(file) : null, RetryDelay = call.Io.RetryDelay });
    }

    /// <summary>A context's credential goes to that context's server and to no other, whatever else is mixed.</summary>
    public static Connection Resolve(Surroundings io, string? serverFlag, string? contextFlag, string? credentialFlag, string? authorityFlag = null)
    {
        var file = ContextFile.Load(io);
        // A context named by a flag comes before a server named by the environment.
        var server = serverFlag ?? (contextFlag is null ? Variable("PPEC_SERVER") : null);
        var name = contextFlag ?? Variable("PPEC_CONTEXT") ?? (server is null ? file.Current : null);
        var context = name is null ? null : file.Find(name);
        var address = server ?? context?.Server
            ?? throw new UsageException("Which server? Set a context (ppec context set NAME --server URL --credential-file FILE), PPEC_SERVER, or --server.");
        var meant = context is not null && (server is null || Address(server) == Address(context.Server)) ? context : null;
        var ours = meant?.CredentialFile;
        var credential = credentialFlag ?? (contextFlag is null ? Variable("PPEC_CREDENTIAL_FILE") ?? ours : ours ?? Variable("PPEC_CREDENTIAL_FILE"));
        return new(Address(address), credential, authorityFlag ?? (contextFlag is null ? Variable("PPEC_CA_FILE") ?? meant?.CaFile : meant?.CaFile ?? Variable("PPEC_CA_FILE")));

        string? Variable(string variable) => io.Variable(variable) is { Length: > 0 } value ? value : null;
    }

    public static Uri Address(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri.UserInfo.Length == 0
        ? uri
        : throw new UsageException($"'{text}' is not a server's address. Write https://ppec.example.net or http://127.0.0.1:8080.");

    /// <exception cref="UsageException">The file cannot be read, or has no certificate.</exception>
    public static X509Certificate2Collection Authorities(string file)
    {
        var read = new X509Certificate2Collection();
        try { read.ImportFromPemFile(file); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException) { throw new UsageException($"The authority cannot be read: {e.Message}"); }
        return read.Count > 0 ? read : throw new UsageException($"{file} holds no certificate in PEM.");
    }

    string? Credential(Call call)
    {
        if (CredentialFile is null) return null;
        string text;
        try { text = File.ReadAllText(CredentialFile).Trim(); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new UsageException($"The credential cannot be read: {e.Message}"); }
        if (text.Length == 0 || text.AsSpan().ContainsAnyExceptInRange('!', '~')) throw new UsageException($"{CredentialFile} does not hold a credential.");
        if ((File.GetUnixFileMode(CredentialFile) & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != UnixFileMode.None)
            call.Screen.Say($"warning: others can read {CredentialFile}. Make it yours alone: chmod 600 {CredentialFile}");
        return text;
    }
}
