using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Ppec.Contracts.Audit;
using Ppec.Projections.Audit;
using Ppec.Sdk;
using Ppec.Silo;

namespace Ppec.Api.Tests.Audit;

/// <summary>A node that signs often: what it signs, sends to its anchors, and proves.</summary>
public sealed class TreeTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    static async Task Until(Func<bool> done, string what)
    {
        for (var since = Environment.TickCount64; !done(); await Task.Delay(10))
            Assert.True(Environment.TickCount64 - since < Patience.TotalMilliseconds, $"It never came to pass that {what}.");
    }

    /// <summary>Takes what is sent to it, once it is willing.</summary>
    sealed class Witness : IDisposable
    {
        readonly HttpListener _listener = new();

        public Witness(int refuses)
        {
            _listener.Prefixes.Add(Url);
            _listener.Start();
            _ = Task.Run(async () =>
            {
                while (_listener.IsListening)
                {
                    var context = await _listener.GetContextAsync();
                    using var text = new StreamReader(context.Request.InputStream);
                    var said = await text.ReadToEndAsync();
                    if (refuses-- > 0) context.Response.StatusCode = 503;
                    else Heads.Enqueue(HeadText.Read(said)[0]);
                    context.Response.Close();
                }
            });
        }

        public string Url { get; } = $"http://127.0.0.1:{Port()}/heads/";
        public ConcurrentQueue<TreeHead> Heads { get; } = [];

        public void Dispose() => _listener.Close();

        static int Port()
        {
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            return ((IPEndPoint)probe.LocalEndpoint).Port;
        }
    }

    [Fact]
    public async Task Heads_are_signed_kept_sent_and_proofs_hold_under_them()
    {
        using var witness = new Witness(refuses: 1);
        await using var node = new TestNode();
        var options = NodeOptions.Read(["--data", node.Data, "--anchors", $"{witness.Url},http://127.0.0.1:9/away", "--heads", Path.Combine(node.Root, "kept.jsonl")], new Dictionary<string, string>());
        node.Heads = options.Heads with { Every = TimeSpan.FromMilliseconds(100) };
        await node.Up();
        await Contract.Load(node.Url);
        (await node.Api.Post("/api/v1/regions", new { id = "tree1", description = "a" })).Is(201);
        await Until(() => !witness.Heads.IsEmpty, "the witness got a head");
        var end = long.Parse((await node.Api.Post("/api/v1/regions", new { id = "tree2", description = "b" })).Is(201).Header("Ppec-Position")!, CultureInfo.InvariantCulture); // the embedded log counts by ones
        await Until(() => witness.Heads.Count >= 2 && witness.Heads.Last().Size >= end, "the witness got a head of all there is");

        var listed = (await node.Api.Get("/api/v1/audit/heads?limit=1")).Is(200);
        Assert.Single(listed.Items);
        var second = (await node.Api.Get($"/api/v1/audit/heads?cursor={listed.Json["nextCursor"]}")).Is(200);
        TreeHead[] heads = [.. HeadText.Read(second.Text).Reverse(), .. HeadText.Read(listed.Text)];
        Assert.Equal(heads, HeadFile.Read(Path.Combine(node.Root, "kept.jsonl")).AsEnumerable());
        Assert.Equal(heads.TakeLast(witness.Heads.Count), witness.Heads);

        using var client = new PpecClient(node.Url, node.Credential);
        var pem = await File.ReadAllTextAsync(Path.Combine(node.Data, "heads.pub"), TestContext.Current.CancellationToken);
        using var key = System.Security.Cryptography.ECDsa.Create();
        key.ImportFromPem(pem);
        var verifier = new LogVerifier(await client.Audit.AllHeadsAsync(TestContext.Current.CancellationToken), witness.Heads.ToArray(), key.ExportSubjectPublicKeyInfo());
        await verifier.CheckAll(client.Audit.LogAsync(cancellation: TestContext.Current.CancellationToken));
        Assert.Equal((heads[^1].Size, heads.Length), (verifier.Events, verifier.Agreed));

        foreach (var head in heads)
        {
            var proof = (await client.Audit.ProveAsync("1", head.Size, TestContext.Current.CancellationToken)).Value;
            Assert.Null(proof.Fault(head, key.ExportSubjectPublicKeyInfo()));
            Assert.Equal((0, 0), (proof.Index, proof.Event.Version));
        }
        var consistent = (await client.Audit.ConsistencyAsync(heads[0].Size, heads[^1].Size, TestContext.Current.CancellationToken)).Value;
        Assert.True(Merkle.IsConsistent(heads[0].Size, heads[^1].Size, Convert.FromHexString(heads[0].Root), Convert.FromHexString(heads[^1].Root), [.. consistent.Path.Select(Convert.FromHexString)]));
    }

    [Fact]
    public async Task What_is_not_there_or_cannot_be_read_is_said()
    {
        await using var node = new TestNode();
        await node.Up();
        await Contract.Load(node.Url);
        (await node.Api.Get("/api/v1/audit/proofs/1")).Is(404, "not-found"); // no head yet
        (await node.Api.Get("/api/v1/audit/proofs/99?size=1")).Is(404, "not-found");
        (await node.Api.Get("/api/v1/audit/proofs/x")).Is(400, "invalid");
        (await node.Api.Get("/api/v1/audit/consistency")).Is(400, "invalid");
        (await node.Api.Get("/api/v1/audit/consistency?from=2&to=1")).Is(400, "invalid");
        (await node.Api.Get("/api/v1/audit/consistency?from=1&to=99")).Is(404, "not-found");
        (await node.Api.Get("/api/v1/audit/heads?cursor=x")).Is(400, "invalid");
        (await node.Api.Get("/api/v1/audit/log?from=x")).Is(400, "invalid");
        (await node.As("ppec_no").Get("/api/v1/audit/log")).Is(401, "unauthenticated");
        ReadOnlySpan<byte> all = (await node.Api.Get("/api/v1/audit/log")).Is(200).Bytes;
        var types = new List<string>();
        while (EventFrames.TryRead(ref all, out var e) && e is not null) types.Add(e.Type);
        Assert.Contains("credential.issued.v1", types);
        Assert.True(all.IsEmpty);
    }
}
