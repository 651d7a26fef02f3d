using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Contracts.Events;

namespace Ppec.Api.Tests.Surface;

/// <summary>A full run in which every place that takes or gives a secret has one that is looked for afterwards: in every event, every line of the log, every file of the node, and every list it serves.</summary>
public sealed class CanaryTests
{
    readonly List<(string Where, string Secret)> _planted = [];

    string Plant(string where)
    {
        var secret = $"Canary-{_planted.Count:00}-{Guid.NewGuid():n}";
        _planted.Add((where, secret));
        return secret;
    }

    string Given(string where, Answer answer)
    {
        var token = (string)answer.Json["token"]!;
        _planted.Add((where, token[^30..])); // the secret part; what stands before it names the credential
        return token;
    }

    [Fact]
    public async Task No_secret_of_a_full_run_is_in_any_event_log_file_or_list()
    {
        await using var node = new TestNode();
        await node.Up();
        var api = node.Api;
        var rack = await api.Rack();
        var harmless = $"Harmless-{Guid.NewGuid():n}";

        // A machine's life, with the BMC's password that it came with, and one that PPEC makes.
        await using var site = await node.Lab(Things.New("canary"), 1, rack);
        var row = site.Rows[0];
        _planted.Add(("the password of a BMC that works", (await File.ReadAllTextAsync(row.BmcPasswordFile, TestContext.Current.CancellationToken)).Trim()));
        var id = await api.Rack(row, await api.Profile(row));
        var (image, _) = await node.Image();
        await api.Work($"/api/v1/machines/{id}/inspect");
        await api.Work($"/api/v1/machines/{id}/provision", new { image, hostname = "pay-001", owner = "payments" });
        await api.Work($"/api/v1/machines/{id}/rotate");
        await api.Work($"/api/v1/machines/{id}/release");
        (await api.Post($"/api/v1/machines/{id}/hold", new { reason = harmless }, "Ppec-Reason", harmless)).Is(200);

        // Passwords of BMCs: taken, replaced, refused, in a list.
        object Bmc(string where) => new { address = "https://10.3.3.3", user = "root", password = Plant(where) };
        var paper = (string)(await api.Post("/api/v1/machines", new { serial = Things.New("CAN"), rack, unit = 30, bmc = Bmc("racking") })).Is(201).Json["id"]!;
        (await api.Post($"/api/v1/machines/{paper}/bmc", Bmc("a BMC that is set"))).Is(200);
        (await api.Post("/api/v1/machines/none-such/bmc", Bmc("a BMC of nobody"))).Is(404);
        (await api.Post($"/api/v1/machines/{paper}/bmc", new { address = "https://169.254.169.254", user = "root", password = Plant("an address that is refused") })).Is(400);
        (await api.Post("/api/v1/machines/rack", new { machines = new[] { new { serial = "CANARY1", rack = "none.r1", unit = 1, bmc = Bmc("a list that is wrong") } } })).Is(400);

        // Passwords of people, right and wrong.
        var (first, second) = (Plant("a first password"), Plant("a password of one's own"));
        (await api.Post("/api/v1/users", new { id = "ada" })).Is(201);
        (await api.Post("/api/v1/users/ada/password", new { password = first })).Is(200);
        var session = node.As(Given("a session", (await node.As(null).Post("/api/v1/sign-in", new { user = "ada", password = first })).Is(200)));
        (await session.Post("/api/v1/users/ada/password", new { password = second, current = Plant("a wrong current one") })).Is(403);
        (await session.Post("/api/v1/users/ada/password", new { password = second, current = first })).Is(200);
        (await node.As(null).Post("/api/v1/sign-in", new { user = "ada", password = Plant("a wrong password") })).Is(401);
        (await node.As(null).Post("/api/v1/sign-in", new { user = Plant("a password typed as a name"), password = "x" })).Is(401);
        (await node.As(null).Post("/api/v1/sign-in/oidc", new { idToken = Plant("an ID token") })).Is(404);
        (await session.Post("/api/v1/users/ada/mail", new { address = $"{Plant("a mail address")}@example.net" })).Is(200);

        // Credentials, webhooks, and what is put where it does not belong.
        var made = (await api.Post("/api/v1/credentials", new { name = "ci", days = 7 }, "Idempotency-Key", "canary-1")).Is(201);
        var token = Given("a credential", made);
        (await api.Post("/api/v1/credentials", new { name = "ci", days = 7 }, "Idempotency-Key", "canary-1")).Is(201); // again, from wherever it was kept
        Given("a rotated one", (await api.Post($"/api/v1/credentials/{made.Json["id"]}/rotate", new { overlapMinutes = 5 })).Is(200));
        (await node.As(token).Get("/api/v1/me")).Is(200);
        (await api.Post("/api/v1/webhooks", new { id = "hook", url = "https://127.0.0.1:1/x", secret = Plant("a webhook") })).Is(201);
        (await api.Post("/api/v1/webhooks/hook", new { secret = Plant("a webhook's next") })).Is(200);
        (await api.Post("/api/v1/webhooks/none/", new { secret = Plant("a webhook of nobody") })).Is(404);
        await node.As(Plant("what is no credential")).Get("/api/v1/me");
        await api.Get($"/api/v1/machines?token={Plant("a query")}");
        await api.Post($"/api/v1/machines/{paper}/bmc", $$"""{"address":"https://10.3.3.3","user":"root","password":"{{Plant("a body that cannot be read")}}","no-such-field":1}""");

        await Things.Eventually("the attempts are written down", async () => (await api.Get("/api/v1/audit?filter=action:sign-in")).Is(200).Items.Count > 0);
        await Task.Delay(1500, TestContext.Current.CancellationToken); // and what is written twice a second, too
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, text) in await Everything(node))
            foreach (var (where, secret) in _planted)
                if (text.Contains(secret, StringComparison.Ordinal)) found[$"{where} in {name}"] = secret;
        Assert.True(found.Count == 0, $"Written down:\n{string.Join('\n', found.Keys)}");
        // What is no secret is found by the same look, in each kind of place: it can fail.
        var seen = (await Everything(node)).Where(one => one.Text.Contains(harmless, StringComparison.Ordinal)).Select(one => one.Name).ToList();
        foreach (var place in (string[])["events", "/api/v1/events", "/api/v1/audit", "/api/v1/alerts", "events.db"]) Assert.Contains(seen, name => name.Contains(place, StringComparison.Ordinal));
        Assert.True(_planted.Count >= 20);
    }

    static async Task<List<(string Name, string Text)>> Everything(TestNode node)
    {
        List<(string, string)> all = [("the log of the node", NodeLog.Text)];
        var events = new StringBuilder();
        await foreach (var e in node.Node.Services.GetRequiredService<IEventStore>().ReadAll(LogPosition.Start, TestContext.Current.CancellationToken))
            events.Append(Encoding.UTF8.GetString(e.Data.Span)).Append(Encoding.UTF8.GetString(e.Metadata.Span)).Append('\n');
        all.Add(("events", events.ToString()));
        foreach (var file in Directory.GetFiles(node.Data, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith("node.lock", StringComparison.Ordinal)))
        {
            await using var open = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var text = new StreamReader(open, Encoding.Latin1);
            all.Add((Path.GetRelativePath(node.Data, file), await text.ReadToEndAsync(TestContext.Current.CancellationToken)));
        }
        foreach (var list in (string[])["/api/v1/events?limit=1000", "/api/v1/audit?limit=1000", "/api/v1/alerts", "/api/v1/logs", "/api/v1/machines", "/api/v1/users", "/api/v1/credentials", "/api/v1/webhooks", "/api/v1/webhooks/hook/deliveries", "/api/v1/operations", "/api/v1/export"])
            all.Add((list, (await node.Api.Get(list)).Text));
        all.Add(("the audit as a sheet", (await node.Api.Get("/api/v1/audit", "Accept", "text/csv")).Text));
        return all;
    }
}
