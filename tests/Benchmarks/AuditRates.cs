using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Silo;
using Ppec.Stores.Conformance;

namespace Ppec.Benchmarks;

/// <summary>Searches of the list of commands over HTTP, one caller, client and node in this process; how long that list takes to be made; and how fast refused attempts are noted.</summary>
static class AuditRates
{
    const int Tickets = 200, Attempts = 1_000_000;

    public static async Task Run(int machines, int requests)
    {
        using var root = new Scratch();
        var data = root.Data;
        Directory.CreateDirectory(data);
        if (Environment.GetEnvironmentVariable("PPEC_BENCH_LOG") is { Length: > 0 } log) foreach (var file in Directory.GetFiles(log)) File.Copy(file, Path.Combine(data, Path.GetFileName(file)));
        else await MachineLog.Write(data, machines);
        await using var node = await Node.Start(NodeOptions.Read(["--data", data, "--urls", "http://127.0.0.1:0", "--rate-per-credential", "0"], ImmutableDictionary<string, string>.Empty), CancellationToken.None);
        var (since, trail, store) = (Stopwatch.GetTimestamp(), node.Services.GetRequiredService<IAuditTrail>(), node.Services.GetRequiredService<IEventStore>());
        await trail.WaitFor(await store.End(CancellationToken.None), TimeSpan.FromMinutes(20), CancellationToken.None);
        Row.Print(string.Create(CultureInfo.InvariantCulture, $"list of commands from {machines * MachineLog.EventsEach:N0} events, behind the read model"), Stopwatch.GetElapsedTime(since).TotalSeconds, "s", "N1");
        Row.Print("  its file", new FileInfo(Path.Combine(data, "audit.db")).Length >> 20, "MiB");

        using var http = new HttpClient { BaseAddress = new(node.Url) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (await File.ReadAllTextAsync(Path.Combine(data, "admin-credential"))).Trim());
        for (var n = 0; n < Tickets; n++)
        {
            using var ticket = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/machines/{MachineLog.Id(n)}/tag") { Content = JsonContent.Create(new { set = new Dictionary<string, string> { ["bench"] = $"{n}" } }), Headers = { { "Ppec-Ticket", $"OPS-{n}" } } };
            (await http.SendAsync(ticket)).EnsureSuccessStatusCode();
            await http.PostAsync($"/api/v1/machines/{MachineLog.Id(n)}/promote", null); // refused: it is spare, or in production
        }
        await trail.WaitFor(await store.End(CancellationToken.None), TimeSpan.FromMinutes(1), CancellationToken.None);
        await Task.Delay(TimeSpan.FromSeconds(2));

        await Measure("newest 100", _ => "limit=100");
        await Measure("by actor, whose most are", _ => "limit=100&filter=actor:admin");
        await Measure("by target", n => $"limit=100&filter=target:{MachineLog.Id(n)}");
        await Measure("by region, a quarter of an hour", n => $"limit=100&filter=region:blr1&from={At(n)}&to={At(n + 900)}");
        await Measure("by rack and action", n => $"limit=100&filter=rack:blr1.r{n / 40}+action:machine.held");
        await Measure("by outcome", _ => "limit=100&filter=outcome:refused,unauthorised");
        await Measure("by ticket", n => $"limit=100&filter=ticket:OPS-{n % Tickets}");
        await Measure("by actor, an action that is rare, none of one team's time", n => $"limit=100&filter=actor:admin+action:machine.tag+-ticket:OPS-1&to={At(n)}");
        Noted(node.Services.GetRequiredService<IAttempts>(), Path.Combine(data, "attempts"));

        async Task Measure(string what, Func<int, string> query)
        {
            var (times, rows) = (new List<double>(), 0);
            for (var i = -requests / 10; i < requests; i++) // the first few are not counted
            {
                var from = Stopwatch.GetTimestamp();
                using var answer = await http.GetAsync($"/api/v1/audit?{query((int)((uint)(i * 7919) % (uint)machines))}");
                answer.EnsureSuccessStatusCode();
                var bytes = await answer.Content.ReadAsByteArrayAsync();
                if (i >= 0) times.Add(Stopwatch.GetElapsedTime(from).TotalMilliseconds);
                rows = bytes.AsSpan().Count("\"cursor\""u8);
            }
            times.Sort();
            Row.Print($"{what} ({rows} rows): p50", Row.Percentile(times, 0.50), "ms", "N2");
            Row.Print("  p99", Row.Percentile(times, 0.99), "ms", "N2", "≤ 50");
        }
    }

    /// <summary>When the machine with this number was written down.</summary>
    static string At(int n) => MachineLog.Start.AddSeconds(n).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    static void Noted(IAttempts attempts, string folder)
    {
        var since = Stopwatch.GetTimestamp();
        var now = DateTimeOffset.UtcNow;
        for (var n = 0; n < Attempts; n++) attempts.Note(new(now, null, null, $"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}", "machine.read", null, "unauthenticated", "Send a credential."));
        Row.Print("attempts of a million strangers noted, one thread", Attempts / Stopwatch.GetElapsedTime(since).TotalSeconds, "/s");
        Thread.Sleep(TimeSpan.FromSeconds(2));
        Row.Print("  all attempts on the disk", new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(f => f.Length) / 1024.0, "KiB", "N0", "≤ 131,072");
    }
}
