using Ppec.EndToEnd.Running;

namespace Ppec.Benchmarks;

/// <summary>From exec to "ready": an empty directory, the same with a site in it, and that with the read model to be folded again.</summary>
static class Starts
{
    const int Machines = 200;

    public static async Task Run()
    {
        await using var site = new Site();
        Row.Print("start on an empty directory", (await site.StartNode()).TotalSeconds, "s", "N2");
        await site.StartLab("--sim", $"{Machines}");
        await site.Furnish();
        await Parallel.ForEachAsync(site.Machines(), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (m, _) =>
        {
            await site.Client.Machines.RackAsync(site.Label(m));
            for (var i = 0; i < 20; i++)
                await site.Client.Machines.TagAsync(m.Id, System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("round", $"{i}"));
        });
        await site.StopNode();
        Row.Print($"start with {Machines} machines, {Machines * 24:N0} events", (await site.StartNode()).TotalSeconds, "s", "N2");
        await site.StopNode();
        foreach (var file in Directory.GetFiles(site.Data, "read.db*")) File.Delete(file);
        Row.Print("  and the read model folded again", (await site.StartNode()).TotalSeconds, "s", "N2");
        await site.StopNode();
    }
}
