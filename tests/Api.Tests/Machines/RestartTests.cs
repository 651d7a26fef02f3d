namespace Ppec.Api.Tests.Machines;

/// <summary>A node that stops in the middle of everything finishes it when it is back.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task Operations_finish_after_the_node_was_stopped_in_the_middle_of_them()
    {
        await using var node = new TestNode();
        await node.Up();
        await Contract.Load(node.Url);
        var rack = await node.Api.Rack();
        var site = await node.Lab("restart", 3, rack, delayMs: 150);
        var profile = await node.Api.Profile(site.Rows[0]);
        var ids = new List<string>();
        foreach (var row in site.Rows) ids.Add(await node.Api.Rack(row, profile));
        var (image, _) = await node.Image();

        async Task All(string verb, object? body, string stage)
        {
            var operations = new List<string>();
            foreach (var id in ids) operations.Add((string)(await node.Api.Post($"/api/v1/machines/{id}/{verb}", body)).Is(202).Json["id"]!);
            for (var stop = 0; stop < 2; stop++)
            {
                await Task.Delay(200 + (stop * 350), TestContext.Current.CancellationToken); // not a wait for something: any moment is a good one to stop in
                await node.Down();
                await node.Up();
            }
            foreach (var operation in operations) await node.Api.Ends(operation);
            foreach (var id in ids) Assert.Equal(stage, (string?)(await node.Api.Show(id))["stage"]);
        }

        var before = (await node.Api.Get("/api/v1/events?limit=1000")).Is(200).Text;
        await All("inspect", null, "spare");
        await All("provision", new { image, hostname = "h", owner = "o" }, "baremetal");
        await All("release", null, "spare");
        Assert.StartsWith(before[..(before.IndexOf("],\"nextPosition\"", StringComparison.Ordinal) - 1)], (await node.Api.Get("/api/v1/events?limit=1000")).Is(200).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Port_0_is_any_free_port_and_the_node_knows_which()
    {
        await using var node = new TestNode { Urls = "http://127.0.0.1:0" };
        await node.Up();
        await Contract.Load(node.Url);
        Assert.InRange(node.Url.Port, 1, 65535);
        (await new Calls(node.Url, node.Credential).Get("/api/v1/regions")).Is(200);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(node.Data, "admin-credential")));
    }
}
