using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Contracts.Queries;
using Ppec.Silo;
using Ppec.Stores.Conformance;

namespace Ppec.Benchmarks;

/// <summary>Reads over HTTP from a node with many machines, one caller; and how long the node takes to fold their log again. Client and node are this process.</summary>
static class Queries
{
    public static async Task Run(int machines, int requests)
    {
        using var root = new Scratch();
        var data = root.Data;
        Directory.CreateDirectory(data);
        var since = Stopwatch.GetTimestamp();
        if (Environment.GetEnvironmentVariable("PPEC_BENCH_LOG") is { Length: > 0 } log) foreach (var file in Directory.GetFiles(log)) File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        else await MachineLog.Write(data, machines);
        Row.Note(string.Create(CultureInfo.InvariantCulture, $"{machines:N0} machines, {machines * MachineLog.EventsEach:N0} events written in {Stopwatch.GetElapsedTime(since).TotalSeconds:N0} s"));
        since = Stopwatch.GetTimestamp();
        await using var node = await Node.Start(NodeOptions.Read(["--data", data, "--urls", "http://127.0.0.1:0"], System.Collections.Immutable.ImmutableDictionary<string, string>.Empty), CancellationToken.None);
        Row.Print(string.Create(CultureInfo.InvariantCulture, $"read model from {machines * MachineLog.EventsEach:N0} events"), Stopwatch.GetElapsedTime(since).TotalSeconds, "s", "N1", "≤ 30");
        Row.Note(string.Create(CultureInfo.InvariantCulture, $"  {Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds:N0} s of processors, {GC.GetTotalPauseDuration().TotalSeconds:N1} s paused by the garbage collector, {GC.CollectionCount(2)} of generation 2, {Process.GetCurrentProcess().WorkingSet64 >> 20} MiB"));
        await node.Services.GetRequiredService<IReadModel>().WaitForTexts(node.Services.GetRequiredService<IReadModel>().Position, TimeSpan.FromMinutes(10), CancellationToken.None);
        Row.Print("  and its full text", Stopwatch.GetElapsedTime(since).TotalSeconds, "s", "N1");
        using var http = new HttpClient { BaseAddress = new(node.Url) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(data, "admin-credential"))).Trim());

        await Measure("GET one machine", n => $"machines/{MachineLog.Id(n)}", "p50 ≤ 1");
        await Measure("list 100", _ => "machines?limit=100", "p99 ≤ 20");
        await Measure("list 100, stage and type", n => $"machines?limit=100&filter=stage:spare+type:{MachineLog.Type(n)}", "p99 ≤ 20");
        await Measure("list 100, tag", n => $"machines?limit=100&filter=tag.team={MachineLog.Team(n)}", "p99 ≤ 20");
        await Measure("list 100, broad with its total", _ => "machines?limit=100&filter=stage:spare", "p99 ≤ 20");
        await Measure("list 100, two broad terms and a negation", _ => "machines?limit=100&filter=stage:spare+tag.env=prod+-hold", "p99 ≤ 20");
        await Measure("list 100, cores, sorted by rack", _ => "machines?limit=100&filter=cpu%3E=128+stage:spare&sort=rack", "p99 ≤ 20");
        await Measure("list 100, free text, part of a serial", n => $"machines?limit=100&filter=n{n / 100:0000}");
        await Measure("list 100, free text, part of a hostname", n => $"machines?limit=100&filter={MachineLog.Team(n)}-db");
        await Measure("find a MAC", n => $"find?q=52-54-{n >> 16 & 255:x2}-{n >> 8 & 255:x2}-{n & 255:x2}-01");

        async Task Measure(string what, Func<int, string> path, string target = "")
        {
            var times = new List<double>();
            for (var i = -requests / 10; i < requests; i++) // the first few are not counted
            {
                var from = Stopwatch.GetTimestamp();
                // Read through and not kept: a page of the client's would be garbage of this process.
                using var answer = await http.GetAsync($"/api/v1/{path((int)((uint)(i * 7919) % (uint)machines))}", HttpCompletionOption.ResponseHeadersRead);
                answer.EnsureSuccessStatusCode();
                await answer.Content.CopyToAsync(Stream.Null);
                if (i >= 0) times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
            }
            times.Sort();
            Row.Print($"{what}: p50", Row.Percentile(times, 0.50), "ms", "N2", target.StartsWith("p50", StringComparison.Ordinal) ? target : "");
            Row.Print("  p99", Row.Percentile(times, 0.99), "ms", "N2", target.StartsWith("p99", StringComparison.Ordinal) ? target : "");
        }
    }
}
