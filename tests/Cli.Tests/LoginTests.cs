using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>Coming and going.</summary>
public sealed class LoginTests : AgainstStub
{
    const string Me = """{"user":"ada","credential":"c1","limits":{"regions":["blr1"]},"signedInAt":"2026-01-05T08:00:00Z","permissions":["machine.read"],"mustChangePassword":false}""";

    static string Session(string token, bool mustChange = false) => $$"""{"user":"ada","token":"{{token}}","expiresAt":"2026-01-05T20:00:00Z","mustChangePassword":{{(mustChange ? "true" : "false")}}}""";

    [Fact]
    public async Task A_session_is_kept_for_its_user_alone_used_and_ended()
    {
        _server.On("POST /api/v1/sign-in", Session("ppec_ses_a")).On("GET /api/v1/me", Me).On("POST /api/v1/sign-out", "", 204);
        _terminal.IsTerminal = true;
        _terminal.Typed.Enqueue("correct horse");
        var ran = await _terminal.RunAsync("login", "ada", "--server", _server.Address.ToString(), "--context", "lab");
        Assert.True(ran.Exit == 0, ran.Error);
        Assert.Contains("Signed in to", ran.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("correct horse", ran.Out + ran.Error, StringComparison.Ordinal);
        var kept = Path.Combine(_terminal.Home, ".config", "ppec", "sessions", "lab");
        Assert.Equal("ppec_ses_a\n", await File.ReadAllTextAsync(kept, TestContext.Current.CancellationToken));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(kept));

        var me = await _terminal.RunAsync("whoami", "--context", "lab");
        foreach (var word in (string[])["ada", "in:blr1", "machine.read"]) Assert.Contains(word, me.Out, StringComparison.Ordinal);
        Assert.Equal("Bearer ppec_ses_a", _server.Of("GET /api/v1/me").Last().Headers["Authorization"]);

        Assert.Equal(0, (await _terminal.RunAsync("logout", "--context", "lab")).Exit);
        Assert.Equal("Bearer ppec_ses_a", _server.Of("POST /api/v1/sign-out").Single().Headers["Authorization"]);
        Assert.False(File.Exists(kept));
        Assert.Equal(2, (await _terminal.RunAsync("logout", "--context", "lab")).Exit);
    }

    [Fact]
    public async Task A_password_that_must_be_changed_is_changed_before_the_session_is_kept()
    {
        _server.InTurn("POST /api/v1/sign-in", StubServer.Json(Session("ppec_ses_first", mustChange: true)), StubServer.Json(Session("ppec_ses_second"))).On("GET /api/v1/me", Me)
            .On("POST /api/v1/users/ada/password", """{"id":"ada","kind":"person","disabled":false,"createdAt":"2026-01-05T08:00:00Z","createdBy":"root","version":2,"passwordVersion":2,"mailVersion":0}""");
        var ran = await _terminal.RunAsync("login", "ada", "--password-file", _terminal.Write("old", "bootstrap\n"), "--new-password-file", _terminal.Write("new", "my very own\n"));
        Assert.True(ran.Exit == 0, ran.Error);
        var changed = _server.Of("POST /api/v1/users/ada/password").Single();
        Assert.Equal(("Bearer ppec_ses_first", """{"password":"my very own","current":"bootstrap"}"""), (changed.Headers["Authorization"], changed.Body));
        Assert.Contains("my very own", _server.Of("POST /api/v1/sign-in").Last().Body, StringComparison.Ordinal);
        await _terminal.RunAsync("whoami", "--context", "127.0.0.1");
        Assert.Equal("Bearer ppec_ses_second", _server.Of("GET /api/v1/me").Last().Headers["Authorization"]);
    }

    [Fact]
    public async Task At_an_identity_provider_one_signs_in_by_a_code_that_only_this_run_can_use()
    {
        var provider = _server.Address.ToString().TrimEnd('/');
        _server.On("GET /api/v1/sign-in/oidc", $$"""{"issuer":"{{provider}}","clientId":"ppec","scopes":"openid"}""").On("GET /api/v1/me", Me)
            .On("GET /.well-known/openid-configuration", $$"""{"issuer":"{{provider}}","authorization_endpoint":"{{provider}}/authorize","token_endpoint":"{{provider}}/token"}""")
            .On("POST /token", """{"id_token":"an.id.token"}""").On("POST /api/v1/sign-in/oidc", Session("ppec_ses_oidc"));
        using StringWriter output = new();
        using var error = new Overheard();
        var running = CommandTree.RunAsync(["login", "--oidc", "--context", "lab", "--server", provider, "--timeout", "1m"], _terminal.Surroundings(output, error));
        await error.UntilAsync("code_challenge_method=S256");
        var address = new Uri(error.ToString().Split('\n').First(line => line.Contains("/authorize?", StringComparison.Ordinal)));
        var asked = address.Query.TrimStart('?').Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        using var browser = new HttpClient();
        using (var other = await browser.GetAsync(new Uri($"{asked["redirect_uri"]}?code=stolen&state=guessed"), TestContext.Current.CancellationToken)) Assert.Equal(404, (int)other.StatusCode);
        using (var back = await browser.GetAsync(new Uri($"{asked["redirect_uri"]}?code=c-1&state={asked["state"]}"), TestContext.Current.CancellationToken)) Assert.Equal(200, (int)back.StatusCode);
        Assert.True(await running == 0, error.ToString());

        var form = _server.Of("POST /token").Single().Body.Split('&').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Uri.UnescapeDataString(pair[1]));
        Assert.Equal(("c-1", "ppec", asked["redirect_uri"]), (form["code"], form["client_id"], form["redirect_uri"]));
        Assert.Equal(asked["code_challenge"], System.Buffers.Text.Base64Url.EncodeToString(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(form["code_verifier"]))));
        Assert.Equal($$"""{"idToken":"an.id.token","nonce":"{{asked["nonce"]}}"}""", _server.Of("POST /api/v1/sign-in/oidc").Single().Body);
        Assert.Equal("ppec_ses_oidc\n", await File.ReadAllTextAsync(Path.Combine(_terminal.Home, ".config", "ppec", "sessions", "lab"), TestContext.Current.CancellationToken));
        Assert.DoesNotContain("ppec_ses_oidc", output + error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://id.example.net", "https")]
    [InlineData("file:///etc/passwd", "https")]
    public async Task A_provider_without_https_is_not_gone_to(string issuer, string says)
    {
        _server.On("GET /api/v1/sign-in/oidc", $$"""{"issuer":"{{issuer}}","clientId":"ppec","scopes":"openid"}""");
        var ran = await _terminal.RunAsync("login", "--oidc", "--context", "lab", "--server", _server.Address.ToString());
        Assert.Equal(2, ran.Exit);
        Assert.Contains(says, ran.Error, StringComparison.Ordinal);
        Assert.Equal(2, (await _terminal.RunAsync("login", "ada", "--oidc")).Exit);
    }

    [Fact]
    public async Task A_token_can_be_kept_in_place_of_a_password_and_a_wrong_one_is_not()
    {
        _server.On("GET /api/v1/me", StubServer.Problem(401, "unauthenticated"));
        var refused = await _terminal.RunAsync("login", "--token-file", _terminal.Write("token", "ppec_tok_x\n"), "--context", "ci");
        Assert.Equal(5, refused.Exit);
        Assert.False(Directory.Exists(Path.Combine(_terminal.Home, ".config", "ppec", "sessions")));
        _server.On("GET /api/v1/me", Me);
        Assert.Equal(0, (await _terminal.RunAsync("login", "--token-file", _terminal.Write("token", "ppec_tok_x\n"), "--context", "ci")).Exit);
        Assert.Equal(2, (await _terminal.RunAsync("login", "ada", "--token-file", "-")).Exit);
        Assert.Equal(2, (await _terminal.RunAsync("login")).Exit);
        Assert.Equal(2, (await _terminal.RunAsync("login", "ada")).Exit); // no terminal to ask on
    }
}
