using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>Which server, and as whom.</summary>
public sealed class ContextTests : IDisposable
{
    readonly Terminal _terminal = new();

    public void Dispose() => _terminal.Dispose();

    async Task SetAsync(string name, string server, string credential) =>
        Assert.Equal(0, (await _terminal.RunAsync("context", "set", name, "--server", server, "--credential-file", _terminal.Write(credential, $"ppec_{credential}"))).Exit);

    (string, string?) Resolved(string? server = null, string? context = null, string? credential = null)
    {
        var connection = Contexts.Connection.Resolve(_terminal.Surroundings(TextWriter.Null, TextWriter.Null), server, context, credential);
        return (connection.Server.AbsoluteUri.TrimEnd('/'), Path.GetFileName(connection.CredentialFile));
    }

    [Fact]
    public async Task The_file_is_the_owners_alone_and_the_first_context_is_current()
    {
        await SetAsync("lab", "http://127.0.0.1:1", "a");
        await SetAsync("prod", "https://prod.example.net/ppec/", "b");
        var file = Path.Combine(_terminal.Home, ".config", "ppec", "contexts.yaml");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(("http://127.0.0.1:1", "a"), Resolved());
        Assert.Equal(0, (await _terminal.RunAsync("context", "use", "prod")).Exit);
        Assert.Equal(("https://prod.example.net/ppec", "b"), Resolved());
        var list = await _terminal.RunAsync("context", "list");
        Assert.Contains("*        prod  https://prod.example.net/ppec  ", list.Out, StringComparison.Ordinal);
        Assert.Equal("lab\nprod\n", (await _terminal.RunAsync("context", "list", "-o", "name")).Out);
        Assert.Equal(2, (await _terminal.RunAsync("context", "use", "nope")).Exit);
    }

    [Fact]
    public async Task An_authority_goes_with_its_context_and_is_one()
    {
        using var key = System.Security.Cryptography.ECDsa.Create();
        using var made = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=x", key, System.Security.Cryptography.HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(1));
        var (ours, other) = (_terminal.Write("ours.pem", made.ExportCertificatePem()), _terminal.Write("other.pem", made.ExportCertificatePem()));
        Assert.Equal(0, (await _terminal.RunAsync("context", "set", "lab", "--server", "https://ppec.example", "--credential-file", _terminal.Write("a", "ppec_a"), "--ca-file", ours)).Exit);
        Assert.Equal(ours, Trusted(null, null, null));
        Assert.Equal(other, Trusted(null, null, other));
        Assert.Null(Trusted("https://elsewhere.example", null, null));
        await SetAsync("lab", "https://ppec.example", "a"); // what is not named stays
        Assert.Equal(ours, Trusted(null, "lab", null));
        Assert.Equal(2, (await _terminal.RunAsync("context", "set", "lab", "--ca-file", _terminal.Write("empty.pem", "nothing"))).Exit);

        string? Trusted(string? server, string? context, string? flag) =>
            Contexts.Connection.Resolve(_terminal.Surroundings(TextWriter.Null, TextWriter.Null), server, context, null, flag).CaFile;
    }

    [Fact]
    public async Task A_file_that_was_open_to_others_is_closed()
    {
        await SetAsync("lab", "http://127.0.0.1:1", "a");
        var file = Path.Combine(_terminal.Home, ".config", "ppec", "contexts.yaml");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        await SetAsync("lab", "http://127.0.0.1:2", "a");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public async Task A_flag_comes_before_the_environment_and_that_before_the_file()
    {
        await SetAsync("lab", "http://127.0.0.1:1", "a");
        await SetAsync("prod", "http://127.0.0.1:2", "b");
        _terminal["PPEC_CONTEXT"] = "prod";
        Assert.Equal(("http://127.0.0.1:2", "b"), Resolved());
        Assert.Equal(("http://127.0.0.1:1", "a"), Resolved(context: "lab"));
        _terminal["PPEC_SERVER"] = "http://127.0.0.1:3";
        _terminal["PPEC_CREDENTIAL_FILE"] = "/c";
        Assert.Equal(("http://127.0.0.1:3", "c"), Resolved());
        Assert.Equal(("http://127.0.0.1:1", "a"), Resolved(context: "lab"));
        Assert.Equal(("http://127.0.0.1:4", "d"), Resolved(server: "http://127.0.0.1:4", credential: "/d"));
    }

    [Fact]
    public async Task A_contexts_credential_goes_to_no_other_server()
    {
        await SetAsync("lab", "http://127.0.0.1:1", "a");
        Assert.Equal(("http://127.0.0.1:9", null), Resolved(server: "http://127.0.0.1:9"));
        _terminal["PPEC_SERVER"] = "http://127.0.0.1:9";
        Assert.Equal(("http://127.0.0.1:9", null), Resolved());
        Assert.Equal(("http://127.0.0.1:9", null), Resolved(server: "http://127.0.0.1:9", context: "lab"));
        Assert.Equal(("http://127.0.0.1:1", "a"), Resolved(server: "http://127.0.0.1:1", context: "lab"));
    }

    [Fact]
    public async Task Another_file_can_be_named()
    {
        _terminal["PPEC_CONFIG"] = Path.Combine(_terminal.Home, "elsewhere", "c.yaml");
        await SetAsync("lab", "http://127.0.0.1:1", "a");
        Assert.True(File.Exists(Path.Combine(_terminal.Home, "elsewhere", "c.yaml")));
        Assert.Equal(("http://127.0.0.1:1", "a"), Resolved());
    }

    [Fact]
    public async Task Without_any_server_it_says_how_to_name_one()
    {
        var ran = await _terminal.RunAsync("machine", "list");
        Assert.Equal(2, ran.Exit);
        Assert.Contains("ppec context set", ran.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_that_others_can_read_is_warned_about()
    {
        await using var server = await StubServer.StartAsync();
        server.On("GET /api/v1/machines", Canned.Page());
        var file = _terminal.Write("open", "ppec_x", UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var ran = await _terminal.RunAsync("machine", "list", "--server", server.Address.ToString(), "--credential-file", file);
        Assert.Equal(0, ran.Exit);
        Assert.Contains("chmod 600", ran.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await _terminal.RunAsync("machine", "list", "--server", server.Address.ToString(), "--credential-file", "/nowhere")).Exit);
    }
}
