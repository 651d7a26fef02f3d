using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Silo;

namespace Ppec.Benchmarks;

/// <summary>A node in this process with machines racked in it, and its gate: no HTTP in between.</summary>
sealed class GateNode : IAsyncDisposable
{
    const int Machines = 512;

    readonly Node _node;
    readonly IGateGrain _gate;
    GateNode(Node node, string credential) =>
        (_node, _gate, Credential) = (node, node.Services.GetRequiredService<IGrainFactory>().GetGrain<IGateGrain>(0), credential);

    public IServiceProvider Services => _node.Services;

    /// <summary>Of who sends the commands.</summary>
    public string Credential { get; private set; }

    /// <param name="data">Its directory.</param>
    /// <param name="events">Where its log is; null = SQLite in the directory.</param>
    /// <param name="crowd">There are many others, and the commands come from one who may in the region alone.</param>
    public static async Task<GateNode> Start(string data, string? events = null, bool crowd = false)
    {
        var environment = ImmutableDictionary<string, string>.Empty;
        if (events is not null) environment = environment.Add("PPEC_EVENTS", events);
        var node = await Node.Start(NodeOptions.Read(["--data", data, "--urls", "http://127.0.0.1:0"], environment), CancellationToken.None);
        var started = new GateNode(node, (await File.ReadAllTextAsync(Path.Combine(data, "admin-credential"))).Trim());
        await started.Furnish();
        return crowd ? await started.Crowded(data, environment) : started;
    }

    async Task<GateNode> Crowded(string data, ImmutableDictionary<string, string> environment)
    {
        await DisposeAsync();
        await Crowd.Join(data, DateTimeOffset.UtcNow);
        var again = new GateNode(await Node.Start(NodeOptions.Read(["--data", data, "--urls", "http://127.0.0.1:0"], environment), CancellationToken.None), Credential);
        var issued = await again._gate.Execute(new(Credential, null, "127.0.0.1", new IssueCredential("", Crowd.User, "", Name: "bench", ExpiresAt: DateTimeOffset.UtcNow.AddDays(1))));
        again.Credential = issued.Token?.Value ?? throw new InvalidOperationException(issued.Problem?.Message);
        return again;
    }

    async Task Furnish()
    {
        await Send(new CreateRegion("bench", ""));
        for (var rack = 0; rack <= Machines / 100; rack++) await Send(new CreateRack($"bench.r{rack}", "bench", 100, "", "", ""));
        await Parallel.ForEachAsync(Enumerable.Range(0, Machines), async (i, _) =>
            await Send(new RackMachine(Id(i), $"BENCH{i:00000}", new("", $"bench.r{i / 100}", 1 + (i % 100), 1), null, null, [], null)));
    }

    /// <summary>What each of so many callers does again and again: one durable command to the next of the machines that are its own.</summary>
    public Func<int, Task> Tag(int callers)
    {
        var (turns, own) = (new int[callers], Machines / callers);
        return caller =>
        {
            var machine = Id((caller * own) + (turns[caller]++ % own));
            var tags = ImmutableDictionary<string, string>.Empty.Add("bench", Guid.NewGuid().ToString("N"));
            return Send(new TagMachine(machine, tags, []));
        };
    }

    async Task Send(Command command)
    {
        var answer = await _gate.Execute(new(Credential, Guid.CreateVersion7().ToString(), "127.0.0.1", command));
        if (answer.Problem is { } problem) throw new InvalidOperationException($"{command}: {problem.Message}");
    }

    public static string Id(int i) => $"bench{i:00000}";

    public ValueTask DisposeAsync() => _node.DisposeAsync();
}
