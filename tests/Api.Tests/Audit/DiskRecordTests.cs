using System.Text.Json.Nodes;
using Ppec.Api.Tests.Access;
using Ppec.Contracts.Audit;
using Ppec.Sdk;

namespace Ppec.Api.Tests.Audit;

/// <summary>A wiped disk answers an auditor: who had it done, who agreed to what, and that the log says so.</summary>
public sealed class DiskRecordTests
{
    [Fact]
    public async Task A_wipe_shows_maker_checker_the_plan_they_saw_and_a_proof()
    {
        var people = new AccessNode();
        await using var node = people.Node;
        node.Heads = new(null, []) { Every = TimeSpan.FromMilliseconds(100) };
        await people.InitializeAsync();
        await Contract.Load(node.Url);
        var api = people.Admin;
        var rack = await api.Rack();
        await using var site = await node.Lab(Things.New("rec"), 1, rack);
        var id = await api.Rack(site.Rows[0], await api.Profile(site.Rows[0]));
        var (image, _) = await node.Image();
        await api.Work($"/api/v1/machines/{id}/inspect");
        await api.Work($"/api/v1/machines/{id}/provision", new { image, hostname = "h", owner = "o" });
        var serial = (string)(await api.Show(id))["inventory"]!["disks"]![0]!["serial"]!;
        var (checker, checkerId) = await people.Person("administrator");
        await Approved((await api.Post("/api/v1/policies", new { id = "wipes", permissions = new[] { "machine.release" }, scope = "global", quorum = 1 })).Is(202), checker, api);
        var change = await Approved((await api.Post($"/api/v1/machines/{id}/release", null, "Ppec-Reason", "end%20of%20lease", "Ppec-Ticket", "OPS-9")).Is(202), checker, api);
        await Things.Eventually("its work is visible", async () => (await api.Get($"/api/v1/operations/{change.Json["operation"]}")).Status == 200);
        await api.Ends((string)change.Json["operation"]!);

        JsonNode record = new JsonObject();
        await Things.Eventually("the wipe is proven", async () => (record = (await api.Get($"/api/v1/disks/{serial}/record")).Is(200).Json)["wipes"]![0]?["proof"] is not null, () => record.ToJsonString(), 20);
        var wipe = Assert.Single(record["wipes"]!.AsArray())!;
        Assert.Equal(("admin", "end of lease", "OPS-9", (string?)change.Json["operation"], (string?)change.Json["id"]),
            ((string)wipe["maker"]!, (string)wipe["reason"]!, (string)wipe["ticket"]!, (string?)wipe["wipe"]!["operation"], (string?)wipe["change"]!["id"]));
        Assert.Equal((checkerId, (string?)change.Json["plan"]!["hash"]), ((string)wipe["change"]!["approvals"]![0]!["by"]!, (string?)wipe["change"]!["approvals"]![0]!["hash"]));
        Assert.Contains(serial, wipe["change"]!["plan"]!["effects"]!.ToJsonString(), StringComparison.Ordinal);

        using var client = new PpecClient(node.Url, node.Credential);
        var read = (await client.Disks.RecordAsync(serial, TestContext.Current.CancellationToken)).Value;
        Assert.Null(read.Wipes[0].Proof!.Fault(read.Head!));
        Assert.Equal("machine.disk-wiped.v1", read.Wipes[0].Proof!.Event.Type);
        Assert.Contains(serial, read.Wipes[0].Proof!.Event.Data, StringComparison.Ordinal);

        // The same by way of what was done: the release stands with its change, and the wipe with its operation.
        var query = new AuditQuery($"change:{(string)change.Json["id"]!}", null, null, 100, null);
        Assert.Contains(await Rows(), r => r.Action == "machine.release" && r.Actor == "admin" && r.Ticket == "OPS-9" && r.Operation == read.Wipes[0].Wipe.Operation);
        Assert.Contains(await Rows(), r => r.Action == "change.approve" && r.Actor == checkerId);
        async Task<IEnumerable<AuditRow>> Rows() => (await client.Audit.SearchAsync(query, TestContext.Current.CancellationToken)).Value.Items;

        (await api.Get("/api/v1/disks/NO-SUCH/record")).Is(404, "not-found");
        var (operatorCalls, _) = await people.Person("site-operator");
        (await operatorCalls.Get($"/api/v1/disks/{serial}/record")).Is(403, "forbidden");
    }

    static async Task<Answer> Approved(Answer change, Calls checker, Calls reader)
    {
        var id = (string)change.Json["id"]!;
        (await checker.Post($"/api/v1/changes/{id}/approve", new { hash = (string)change.Json["plan"]!["hash"]! })).Is(200);
        Answer? seen = null;
        await Things.Eventually($"change {id} ends", async () => (seen = (await reader.Get($"/api/v1/changes/{id}")).Is(200)).Json["endedAt"] is not null, () => seen?.Text);
        return (string)seen!.Json["state"]! == "executed" ? seen : throw new Xunit.Sdk.XunitException(seen.Text);
    }
}
