using System.Collections.Immutable;
using Microsoft.Extensions.DependencyInjection;
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
    readonly string _credential;

    GateNode(Node node, string credential) =>
        (_node, _gate, _credential) = (node, node.Services.GetRequiredService<IGrainFactory>().GetGrain<IGateGrain>(0), credential);

    /// <param name="data">Its directory.</param>
    /// <param name="events">Where its log is; null = SQLite in the directory.</param>
    public static async Task<GateNode> Start(string data, string? events = null)
    {
        var environment = ImmutableDictionary<string, string>.Empty;
        if (events is not null) environment = environment.Add("PPEC_EVENTS", events);
        var node = await Node.Start(NodeOptions.Read(["--data", data, "--urls", "http://127.0.0.1:0"], environment), CancellationToken.None);
        var started = new GateNode(node, (await File.ReadAllTextAsync(Path.Combine(data, "admin-credential"))).Trim());
        await started.Furnish();
        return started;
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
        var answer = await _gate.Execute(new(_credential, Guid.CreateVersion7().ToString(), "127.0.0.1", command));
        if (answer.Problem is { } problem) throw new InvalidOperationException($"{command}: {problem.Message}");
    }

    static string Id(int i) => $"bench{i:00000}";

    public ValueTask DisposeAsync() => _node.DisposeAsync();
}
