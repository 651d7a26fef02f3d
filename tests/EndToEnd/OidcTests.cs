using Ppec.EndToEnd.Running;

namespace Ppec.EndToEnd;

/// <summary>A person signs in at a real identity provider, by the command line, to a real node.</summary>
public sealed class OidcTests
{
    [Fact]
    public async Task A_person_signs_in_at_the_provider_and_is_who_it_says()
    {
        await using var provider = await IdentityProvider.Start();
        await using var site = new Site("--oidc-issuer", provider.Url, "--oidc-client-id", IdentityProvider.Client);
        await site.StartNode();
        await site.Client.Groups.SetAsync(new("oidc-ops", "who runs things"));
        await site.Client.Grants.CreateAsync(new("group:oidc-ops", "viewer", "global"));

        var home = new Dictionary<string, string> { ["HOME"] = site.Under("home") };
        await using var login = Child.Start(Programs.Cli, ["login", "--oidc", "--context", "here", "--server", site.Url.ToString(), "--timeout", "1m"], home);
        string? address = null;
        for (var wait = 0; address is null; wait++)
        {
            Assert.True(wait < 200, $"No address was said:\n{login.Errors}");
            await Task.Delay(100);
            address = login.Errors.Split('\n').FirstOrDefault(line => line.Contains("/authorize?", StringComparison.Ordinal));
        }
        using var browser = new HttpClient();
        Assert.Contains("go back to the terminal", await browser.GetStringAsync(new Uri(address.Trim())), StringComparison.Ordinal);
        Assert.True(await login.Exit(TimeSpan.FromSeconds(20)) == 0, login.Errors);
        Assert.Contains("as alice", login.Errors, StringComparison.Ordinal);

        await using var me = Child.Start(Programs.Cli, ["whoami", "--context", "here", "-o", "name"], home);
        Assert.Equal((0, "alice"), (await me.Exit(TimeSpan.FromSeconds(20)), me.Output.Trim()));
        await using var list = Child.Start(Programs.Cli, ["machine", "list", "--context", "here", "-o", "name"], home);
        Assert.True(await list.Exit(TimeSpan.FromSeconds(20)) == 0, list.Errors);
        var alice = (await site.Client.Users.GetAsync("alice")).Value;
        Assert.Equal($"{provider.Url}/#248289761001", alice.OidcSubject);
    }
}
