using Ppec.Contracts.Access;
using Ppec.EndToEnd.Running;
using Ppec.Sdk;

namespace Ppec.EndToEnd;

/// <summary>Locked out of one's own system: the way back in is on the node, and everybody hears of it.</summary>
public sealed class RecoverTests
{
    [Fact]
    public async Task Whoever_holds_the_nodes_files_makes_an_administrator_again_and_it_is_an_event_and_a_critical_alert()
    {
        await using var site = new Site();
        Assert.Contains("There is no directory", await Upkeep.Silo(1, "recover", "--data", site.Data, "--reason", "r"), StringComparison.Ordinal);
        await site.StartNode();
        await Upkeep.Silo(1, "recover", "--data", site.Data, "--reason", "a node runs");
        var locked = site.Credential;
        await site.Client.Credentials.RevokeAsync("bootstrap"); // and with it the only way in
        var refused = await Assert.ThrowsAsync<PpecException>(() => site.Client.Users.GetAsync("admin"));
        Assert.Equal(401, refused.Status);
        Assert.True(await site.Node!.Terminate(TimeSpan.FromSeconds(10)) is (0, _));

        await Upkeep.Silo(2, "recover", "--data", site.Data, "--user", "Not A Name", "--reason", "r");
        await Upkeep.Silo(2, "recover", "--data", site.Data);
        var said = await Upkeep.Silo(0, "recover", "--data", site.Data, "--user", "ada", "--reason", "the only administrator left");
        var file = Path.Combine(site.Data, "recovery-credential");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        var token = (await File.ReadAllTextAsync(file)).Trim();
        Assert.DoesNotContain(token, said, StringComparison.Ordinal);

        await site.StartNode();
        using var ada = new PpecClient(site.Url, token);
        Assert.Equal("ada", (await ada.Session.WhoAmIAsync()).Value.User);
        await ada.Regions.CreateAsync(new("blr1"));
        for (var wait = 0; ; wait++)
        {
            var alerts = (await ada.Alerts.PageAsync(new() { Filter = "source:recovery" })).Value.Items;
            if (alerts is [{ Severity: "critical", Id: "recovery.ada" } alert])
            {
                Assert.Contains("the only administrator left", alert.Summary, StringComparison.Ordinal);
                break;
            }
            Assert.True(wait < 100, "No alert was raised within ten seconds.");
            await Task.Delay(100);
        }
        var entry = Assert.Single((await ada.Users.HistoryAsync("ada")).Value.Items.Take(1));
        Assert.Equal(("system:recover", "the only administrator left"), (entry.Actor, entry.Reason));
        using var old = new PpecClient(site.Url, locked);
        await Assert.ThrowsAsync<PpecException>(() => old.Session.WhoAmIAsync());
        await site.Node!.Terminate(TimeSpan.FromSeconds(10));
        await Upkeep.Silo(0, "verify", "--events", $"sqlite:{site.Data}");
    }
}
