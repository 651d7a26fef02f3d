using System.Text.RegularExpressions;

namespace Ppec.Api.Tests.Surface;

/// <summary>What a browser is told with every answer, and what a page of somebody else may do here: nothing.</summary>
public sealed class SurfaceHeaderTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    [Theory]
    [InlineData("/api/v1/machines", 200)]
    [InlineData("/api/v1/machines/nobody", 404)]
    [InlineData("/api/v1/machines?limit=x", 400)]
    [InlineData("/nowhere", 404)]
    [InlineData("/openapi/v1.json", 200)]
    [InlineData("/health/ready", 200)]
    [InlineData("/boot/ipxe", 200)]
    [InlineData("/agent/v1/task", 401)]
    public async Task Every_answer_is_to_be_taken_for_what_it_says_kept_nowhere_and_framed_by_nobody(string path, int status)
    {
        var answer = (await Api.Get(path)).Is(status);
        Assert.Equal("nosniff", answer.Header("X-Content-Type-Options"));
        Assert.Equal("DENY", answer.Header("X-Frame-Options"));
        Assert.Equal("no-referrer", answer.Header("Referrer-Policy"));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        Assert.StartsWith("default-src 'none'; ", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.EndsWith("frame-ancestors 'none'", answer.Header("Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Null(answer.Header("Server"));
        Assert.Null(answer.Header("Strict-Transport-Security")); // of http it would mean nothing
    }

    [Fact]
    public async Task A_stranger_is_told_the_same() =>
        Assert.Equal("nosniff", (await shared.Node.As(null).Get("/api/v1/machines")).Is(401).Header("X-Content-Type-Options"));

    [Fact]
    public async Task The_documentation_runs_its_own_scripts_and_no_others()
    {
        var page = (await Api.Get("/swagger/index.html")).Is(200);
        var policy = page.Header("Content-Security-Policy")!;
        Assert.Contains("script-src 'self';", policy, StringComparison.Ordinal);
        Assert.Contains("connect-src 'self'", policy, StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        // What that policy would stop is not on the page: every script is a file of this server's, and it is there.
        var scripts = Regex.Matches(page.Text, "<script[^>]*>(?<inside>[^<]*)</script>", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Assert.True(scripts.Count >= 3, page.Text);
        foreach (Match script in scripts)
        {
            Assert.Equal("", script.Groups["inside"].Value.Trim());
            var source = script.Value.Split("src=\"")[1].Split('"')[0];
            Assert.DoesNotContain("//", source, StringComparison.Ordinal);
            (await Api.Get($"/swagger/{source.TrimStart('.', '/')}")).Is(200);
        }
        Assert.DoesNotContain("onload=", page.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task No_other_origin_is_let_in()
    {
        var simple = (await Api.Get("/api/v1/machines", "Origin", "https://elsewhere.example")).Is(200);
        Assert.DoesNotContain(simple.Headers, h => h.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        foreach (var path in (string[])["/api/v1/machines", "/api/v1/machines/x/hold", "/api/v1/events", "/agent/v1/session"])
        {
            var preflight = (await Api.Send(HttpMethod.Options, path, null, "Origin", "https://elsewhere.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")).Is(405, "method-not-allowed");
            Assert.DoesNotContain(preflight.Headers, h => h.Key.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
        }
    }
}
