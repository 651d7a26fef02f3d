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
