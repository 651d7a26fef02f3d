using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Domain.Machines;
using Ppec.Projections.Audit;

namespace Ppec.Projections.Tests;

/// <summary>The tree as a node keeps it, and what it signs.</summary>
public sealed class TreeTests : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ppec-tree-");
    readonly HeadKey _key = new(ECDsa.Create(ECCurve.NamedCurves.nistP256));

    string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    sealed class Running(TreeKeeper keeper, ReadModel model) : IAsyncDisposable
    {
        public TreeKeeper Keeper => keeper;

        public async Task Reached(long size, int heads)
        {
            for (var since = Environment.TickCount64; keeper.Size < size || keeper.Heads.Length < heads; await Task.Delay(5))
                Assert.True(Environment.TickCount64 - since < Patience.TotalMilliseconds, $"The tree has {keeper.Size} of {size} events, and {keeper.Heads.Length} of {heads} heads were signed.");
        }

        public async ValueTask DisposeAsync()
        {
            await keeper.StopAsync(CancellationToken.None);
            keeper.Dispose();
            model.Dispose();
        }
    }

    async Task<Running> Start(IEventStore store, HeadOptions? options = null)
    {
        var model = ReadModel.Open(Path($"{Guid.NewGuid()}.db"), LogPosition.Start);
        var keeper = new TreeKeeper(store, model, Path("tree"), new(Path("heads.jsonl")), options ?? new(null, []) { Events = 40, Every = TimeSpan.FromHours(1) }, TimeProvider.System, NullLogger<TreeKeeper>.Instance, _key);
        await keeper.StartAsync(CancellationToken.None);
        return new(keeper, model);
    }

    static async Task<List<RecordedEvent>> All(IEventStore store)
    {
        var all = new List<RecordedEvent>();
        await foreach (var e in store.ReadAll(LogPosition.Start, CancellationToken.None)) all.Add(e);
        return all;
    }

    [Fact]
    public async Task Every_event_is_proven_under_a_signed_head_and_through_restarts()
    {
        var logs = new Logs();
        await logs.Fill();
        var count = (await All(logs.Store)).Count;
        await using (var first = await Start(logs.Store)) await first.Reached(count, 1);
        for (var n = 31; n < 75; n++) await logs.Write($"machine-sn{n}", new MachineRacked($"sn{n}", $"SN{n}", new("blr1", "blr1.r1", n), null, null, [], null));
        await using var again = await Start(logs.Store);
        await again.Reached(count + 44, 2);
        var (heads, log) = (again.Keeper.Heads, await All(logs.Store));
        LogVerifier.CheckOrder(heads);
        Assert.Equal(heads, HeadFile.Read(Path("heads.jsonl")).AsEnumerable());
        foreach (var head in heads)
            for (var at = 0; at < head.Size; at++)
            {
                var proof = (await again.Keeper.Prove(log[at].Position, head.Size, CancellationToken.None))!;
                Assert.Null(proof.Fault(head, _key.Key.ExportSubjectPublicKeyInfo()));
                Assert.Equal((log[at].Stream, log[at].Version, (long)at), (proof.Event.Stream, proof.Event.Version, proof.Index));
            }
        Assert.Null(await again.Keeper.Prove(new(9_999), null, CancellationToken.None));
        var consistent = again.Keeper.Consistency(heads[0].Size, heads[1].Size)!;
        Assert.True(Merkle.IsConsistent(heads[0].Size, heads[1].Size, Convert.FromHexString(heads[0].Root), Convert.FromHexString(heads[1].Root), [.. consistent.Path.Select(Convert.FromHexString)]));
        var verifier = new LogVerifier(heads, key: _key.Key.ExportSubjectPublicKeyInfo());
        await verifier.CheckAll(logs.Store.ReadAll(LogPosition.Start, CancellationToken.None));
        Assert.Equal((log.Count, heads.Length), (verifier.Events, verifier.Agreed));
    }

    [Fact]
    public async Task What_was_added_is_signed_after_a_while_and_nothing_twice()
    {
        var logs = new Logs();
        await logs.Fill(1);
        await using var running = await Start(logs.Store, new(null, []) { Every = TimeSpan.FromMilliseconds(50) });
        await running.Reached((await All(logs.Store)).Count, 1);
        await Task.Delay(200, TestContext.Current.CancellationToken);
        Assert.Equal((await All(logs.Store)).Count, Assert.Single(running.Keeper.Heads).Size);
    }

    [Fact]
    public async Task A_log_that_is_not_the_one_it_signed_for_is_not_signed()
    {
        var (logs, other) = (new Logs(), new Logs());
        await logs.Fill();
        await using (var first = await Start(logs.Store)) await first.Reached((await All(logs.Store)).Count, 1);
        await other.Fill(60);
        await using var again = await Start(other.Store);
        await again.Reached((await All(other.Store)).Count, 1);
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Single(again.Keeper.Heads);
    }

    [Fact]
    public async Task A_tree_that_was_not_flushed_or_was_damaged_is_made_again()
    {
        var logs = new Logs();
        await logs.Fill();
        var log = await All(logs.Store);
        await using (var first = await Start(logs.Store)) await first.Reached(log.Count, 1);
        await File.WriteAllBytesAsync(Path("tree.nodes"), [], TestContext.Current.CancellationToken);
        await using (var again = await Start(logs.Store))
        {
            await again.Reached(log.Count, 1);
            Assert.Null((await again.Keeper.Prove(log[3].Position, null, CancellationToken.None))!.Fault(again.Keeper.Heads[0]));
        }
        using (var heads = File.Open(Path("heads.jsonl"), FileMode.Append)) heads.Write("{\"size\":9"u8); // torn by a crash
        for (var n = 100; n < 160; n++) await logs.Write($"machine-sn{n}", new MachineRacked($"sn{n}", $"SN{n}", new("blr1", "blr1.r1", n), null, null, [], null));
        await using var third = await Start(logs.Store);
        await third.Reached(log.Count + 60, 2);
        LogVerifier.CheckOrder(HeadFile.Read(Path("heads.jsonl")));
        Assert.Equal(2, HeadFile.Read(Path("heads.jsonl")).Length);
    }

    public void Dispose() => _folder.Delete(recursive: true);
}
