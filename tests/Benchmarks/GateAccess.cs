using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Ppec.Contracts.Access;
using Ppec.Contracts.Machines;
using Ppec.Domain.Access;
using Ppec.Grains.Gate;
using Ppec.Stores.Conformance;

namespace Ppec.Benchmarks;

/// <summary>What it costs a command to ask who it is, whether they may, and whether somebody else must agree: with ten thousand grants and a thousand policies, beside a node where there is one administrator, in turns.</summary>
static class GateAccess
{
    const int Callers = 64, Commands = 20_000;

    public static async Task Run(TimeSpan each, int rounds)
    {
        using var root = new Scratch();
        await using var alone = await GateNode.Start(Path.Combine(root.Path, "alone"));
        await using var crowded = await GateNode.Start(Path.Combine(root.Path, "crowded"), crowd: true);
        var times = await Asking(crowded);
        Row.Print("authenticated, authorised, policies asked: p50 a command", Row.Percentile(times, 0.5), "µs", "N1", "≤ 100");
        Row.Print("  p99", Row.Percentile(times, 0.99), "µs", "N1");
        var (by, among) = (alone.Tag(Callers), crowded.Tag(Callers));
        await Sample.Measure(Callers, each, by); // compiled and activated before it is measured
        await Sample.Measure(Callers, each, among);
        var (bare, asked) = (Sample.None, Sample.None);
        for (var round = 0; round < rounds; round++)
        {
            bare += await Sample.Measure(Callers, each / rounds, by);
            asked += await Sample.Measure(Callers, each / rounds, among);
        }
        bare.Print("commands of one administrator alone, 64 callers");
        asked.Print("with 10,000 grants and 1,000 policies, by one who may in one region");
        Row.Print("  of those alone", asked.Rate / bare.Rate * 100, "%", "N0", "≥ 80 %");
    }

    /// <summary>What the gate asks of every command, in the order in which it does; in µs, sorted. What the machine says of itself is asked before.</summary>
    static async Task<List<double>> Asking(GateNode node)
    {
        var (identity, on) = (node.Services.GetRequiredService<Identity>(), new Resource("machine", GateNode.Id(1), "bench", "bench.r0", ""));
        var times = new List<double>(Commands);
        for (var i = -Commands; i < Commands; i++)
        {
            var (since, command) = (Stopwatch.GetTimestamp(), new TagMachine(GateNode.Id(1), System.Collections.Immutable.ImmutableDictionary<string, string>.Empty.Add("a", "b"), []));
            var (who, rights, stranger) = await identity.Of(node.Credential, "127.0.0.1");
            var at = DateTimeOffset.UtcNow;
            if (stranger is not null || rights.Reach(who, command.Permission, at) is { IsEmpty: true } || rights.Everywhere(who, command.Permission, at) || !rights.May(who, command.Permission, on, at).Allowed || !Guarding.MayFallUnder(rights, command))
                throw new InvalidOperationException("It measures something else.");
            if (!Policies.Matching(rights, new(command.Permission, [on], [(on, on)], 1, 0), at).IsEmpty) throw new InvalidOperationException("A policy holds.");
            if (i >= 0) times.Add(Stopwatch.GetElapsedTime(since).TotalMicroseconds);
        }
        times.Sort();
        return times;
    }
}
