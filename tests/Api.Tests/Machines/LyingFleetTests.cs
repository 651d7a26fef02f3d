using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Ppec.Lab.Machines;

namespace Ppec.Api.Tests.Machines;

/// <summary>A fleet whose BMCs lie in every way they know: each machine ends as a spare or held by name, none is left in between, and no power button is worn out.</summary>
public sealed class LyingFleetTests : IAsyncLifetime
{
    const int Fleet = 200;
    const int AtOnce = 64;

    /// <summary>On and off.</summary>
    const int ActionsOfOne = 2;

    /// <summary>A lost answer may cost an attempt or two more.</summary>
    const int MostActionsOfOne = 6;

    /// <summary>Four attempts of the boot and five of making up for it, once each.</summary>
    const int MostActionsInVain = 9;

    static readonly ImmutableArray<string> Passing = ["bmc-slow=1", "bmc-drops", "bmc-one-session", "bmc-lag", "bmc-tasks"];
    static readonly ImmutableArray<string> Failing = ["bmc-liar", "bmc-wrong-state", "bmc-dead", "bmc-500", "bmc-garbage", "bmc-failing-tasks", "failing-smart", "missing-dimm"];

    /// <summary>Away a third of the time: whether the attempts suffice is chance.</summary>
    const string Either = "bmc-flap";

    readonly TestNode _node = new() { Time = new SwiftTime(10) };

    public async ValueTask InitializeAsync() => await _node.Up();

    public ValueTask DisposeAsync() => _node.DisposeAsync();

    [Fact]
    public async Task Every_machine_of_a_lying_fleet_becomes_a_spare_or_is_held_by_name()
    {
        var rack = (await _node.Api.Rack(units: 100)).Split('.')[0];
        for (var n = 2; n <= Fleet / 100; n++) (await _node.Api.Post("/api/v1/racks", new { id = $"{rack}.r{n}", units = 100 })).Is(201);
        var lies = string.Join(", ", Passing.Concat(Failing).Append(Either).Select(f => $"\"{f}:4%\""));
        var site = await _node.Lab("liars", $"bmcNetwork: 127.66.0.0/16\nlies: [{lies}]\nmachines: [{{name: liar, count: {Fleet}, cpus: 8}}]", $"{rack}.r[1-{Fleet / 100}]");
        var profile = await _node.Api.Profile(site.Rows[0]);
        var operations = new string[Fleet];
        await Parallel.ForEachAsync(Enumerable.Range(0, Fleet), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (i, _) =>
        {
            var id = await _node.Api.Rack(site.Rows[i], profile);
            operations[i] = (string)(await _node.Api.Post($"/api/v1/machines/{id}/inspect")).Is(202).Json["id"]!;
        });

        foreach (var operation in operations)
            await Things.Eventually($"{operation} ends", async () => (await _node.Api.Get($"/api/v1/operations/{operation}")).Is(200).Json["endedAt"] is not null, seconds: 90);

        var status = (await site.Status(TestContext.Current.CancellationToken)).ToDictionary(s => s.Name);
        foreach (var row in site.Rows) Judge(await _node.Api.Show(row.Serial.ToLowerInvariant()), status[row.Name]);
    }

    static void Judge(JsonObject machine, MachineStatus status)
    {
        var lie = status.Faults.SingleOrDefault("");
        var said = $"{status.Name} {lie} {status.PowerActions} actions {status.Phase}: {machine.ToJsonString()}";
        var (spare, reasons) = ((string?)machine["stage"] == "spare", machine["holds"]?.AsArray().Select(h => (string?)h!["reason"] ?? "").ToArray() ?? []);
        Assert.True(spare && reasons.Length == 0 || (reasons.Length > 0 && reasons.All(r => r.Length > 0)), said);
        Assert.Null((string?)machine["operation"]?["id"]);
        if (lie.Length == 0 || Passing.Contains(lie)) Assert.True(spare && reasons.Length == 0, said);
        if (Failing.Contains(lie)) Assert.False(spare, said);
        if (spare) Assert.True(status.Power == "off", said);
        Assert.True(status.PowerActions <= (lie.Length == 0 || lie is "bmc-drops" or "bmc-one-session" ? ActionsOfOne : spare ? MostActionsOfOne : MostActionsInVain), said);
    }
}
