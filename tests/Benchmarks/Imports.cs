using System.Diagnostics;
using System.Globalization;
using System.Text;
using Ppec.EndToEnd.Running;
using Ppec.Sdk;

namespace Ppec.Benchmarks;

/// <summary>A site from a file, over HTTP into a node of its own with SQLite: until it is planned, until it is accepted, and until the last machine is racked.</summary>
static class Imports
{
    public static async Task Run(int whole, bool quick)
    {
        await using var site = new Site();
        await site.StartNode();
        await Import(site, "warm", 100, print: false); // the node has compiled its paths before it is measured
        foreach (var machines in whole > 0 ? [whole] : quick ? new[] { 500 } : [2_000, 10_000]) await Import(site, string.Create(CultureInfo.InvariantCulture, $"s{machines}"), machines, print: true);
    }

    static async Task Import(Site site, string region, int machines, bool print)
    {
        var file = Encoding.UTF8.GetBytes(File(region, machines));
        var (cpu, since) = (Cpu.Of(site.Node!.Id), Stopwatch.GetTimestamp());
        await site.Client.Site.PlanImportAsync(file, "csv");
        var planned = Stopwatch.GetElapsedTime(since);
        since = Stopwatch.GetTimestamp();
        var started = await site.Client.Site.ImportAsync(file, "csv");
        var accepted = Stopwatch.GetElapsedTime(since);
        var ended = await site.Client.Operations.WaitAsync(started.Value.Id, null, new WaitOptions { After = started.Position });
        var took = Stopwatch.GetElapsedTime(since);
        if (ended.Value.State != "succeeded") throw new InvalidOperationException($"import of {machines}: {ended.Value.Error}");
        if (!print) return;
        Row.Print($"{machines:N0} machines imported over HTTP", machines / took.TotalSeconds, "/s", "N0");
        Row.Print("  plan (every row looked at)", planned.TotalSeconds, "s", "N2");
        Row.Print("  accepted", accepted.TotalSeconds, "s", "N2");
        Row.Print("  every machine racked", took.TotalSeconds, "s", "N1");
        Row.Print("  CPU of the node for a machine", (Cpu.Of(site.Node.Id) - cpu).TotalMilliseconds / machines, "ms", "N2");
        Row.Print("  node in memory", Cpu.Memory(site.Node.Id).Now, "MiB");
        Row.Print("  file", file.Length / 1024.0, "KiB");
        since = Stopwatch.GetTimestamp();
        var exported = await site.Client.Site.ExportAsync("csv");
        Row.Print($"  export of all, {exported.Length / 1024:N0} KiB", Stopwatch.GetElapsedTime(since).TotalSeconds, "s", "N2");
    }

    /// <summary>Racks of 42; each machine with two MACs and a BMC.</summary>
    static string File(string region, int machines)
    {
        var text = new StringBuilder("kind,id,description,units,serial,rack,unit,name,version,spec,profile,macs,bmc_address,bmc_user,bmc_password\n");
        var salt = region.Sum(c => c) & 255;
        text.Append(CultureInfo.InvariantCulture, $"region,{region},imported,,,,,,,,,,,,\n");
        for (var r = 0; r <= (machines - 1) / 42; r++) text.Append(CultureInfo.InvariantCulture, $"rack,{region}.r{r:0000},,42,,,,,,,,,,,\n");
        text.Append(CultureInfo.InvariantCulture, $"profile,,,,,,,{region}-kind,1,\"{{\"\"memoryMiB\"\":65536}}\",,,,,\n");
        for (var i = 0; i < machines; i++)
            text.Append(CultureInfo.InvariantCulture, $"machine,,,,{region}-{i:00000},{region}.r{i / 42:0000},{1 + (i % 42)},{region}-{i},,,{region}-kind,02:{salt:x2}:00:00:{i >> 8:x2}:{i & 255:x2} 02:{salt:x2}:01:00:{i >> 8:x2}:{i & 255:x2},https://{region}-{i}.example,admin,secret-{i}\n");
        return text.ToString();
    }
}
