using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>The verifier against a server that lies in every way there is; and proofs, with no server at all.</summary>
public sealed class AuditTests : AgainstStub
{
    const int Count = 200;
    static readonly ECDsa s_key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ppec-audit-");

    /// <summary>Streams, their events interleaved.</summary>
    static List<RecordedEvent> Log(Func<int, string>? data = null)
    {
        var (log, streams) = (new List<RecordedEvent>(), new Dictionary<string, (long Version, byte[] Hash)>());
        for (var n = 0; n < Count; n++)
        {
            var stream = $"machine-sn{n * n % 7}";
            var (version, hash) = streams.GetValueOrDefault(stream, (0, EventChain.Genesis.ToArray()));
            var (id, body, metadata) = (new Guid(n, 0, 0, new byte[8]), Encoding.UTF8.GetBytes(data?.Invoke(n) ?? $$"""{"n":{{n}}}"""), Encoding.UTF8.GetBytes($$"""{"actor":"a{{n}}"}"""));
            hash = EventChain.Hash(hash, stream, version, id, "machine.tagged.v1", body, metadata);
            log.Add(new(stream, version, new((ulong)n + 1), id, "machine.tagged.v1", body, metadata, hash));
            streams[stream] = (version + 1, hash);
        }
        return log;
    }

    static TreeHead[] Heads(IReadOnlyList<RecordedEvent> log, params int[] sizes)
    {
        var (heads, range) = (new List<TreeHead>(), new CompactRange());
        for (var n = 0; n < log.Count; n++)
        {
            range.Add(Merkle.Leaf(log[n].Hash.Span));
            if (sizes.Contains(n + 1)) heads.Add(TreeHead.Sign(s_key, n + 1, range.Root(), log[n].Position.ToString(), DateTimeOffset.UnixEpoch.AddDays(20_000).AddSeconds(n), heads.LastOrDefault()));
        }
        return [.. heads];
    }

    static InclusionProof Proof(IReadOnlyList<RecordedEvent> log, int index, int size)
    {
        byte[] Node(int level, long at) => level == 0 ? Merkle.Leaf(log[(int)at].Hash.Span) : Merkle.Node(Node(level - 1, 2 * at), Node(level - 1, 2 * at + 1));
        var before = log.LastOrDefault(e => e.Stream == log[index].Stream && e.Version == log[index].Version - 1)?.Hash ?? EventChain.Genesis;
        return new(ProvenEvent.Of(log[index], before.Span), index, size, [.. new MerkleTree(Node).Inclusion(index, size).Select(h => Convert.ToHexStringLower(h))]);
    }

    string File(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    string HeadFile(params IEnumerable<TreeHead> heads) => File($"{Guid.NewGuid()}.jsonl", string.Join('\n', heads.Select(HeadText.Line)));

    void Serve(IEnumerable<RecordedEvent> log, IEnumerable<TreeHead> heads)
    {
        var (bytes, list) = (new ArrayBufferWriter<byte>(), string.Join(',', heads.Reverse().Select(HeadText.Line)));
        foreach (var e in log) EventFrames.Write(bytes, e);
        EventFrames.WriteEnd(bytes);
        Serve(bytes.WrittenMemory.ToArray(), list);
    }

    void Serve(byte[] log, string heads) => _server
        .On("GET /api/v1/audit/heads", $$"""{"items":[{{heads}}],"total":1,"totalIsMore":false}""")
        .On("GET /api/v1/audit/log", context => context.Response.Body.WriteAsync(log).AsTask());

    async Task<string> Verify(int exit, params string[] arguments)
    {
        var ran = await _terminal.RunAsync(["audit", "verify", .. arguments]);
        Assert.True(exit == ran.Exit, $"{ran.Exit}, not {exit}: {ran.Out}{ran.Error}");
        return ran.Out + ran.Error;
    }

    [Fact]
    public async Task A_log_as_it_was_written_is_verified()
    {
        var log = Log();
        var heads = Heads(log, 50, 120, 200);
        Serve(log, heads);
        var said = await Verify(0, "--head", HeadFile(heads[1]), "--key", File("heads.pub", s_key.ExportSubjectPublicKeyInfoPem()));
        Assert.Contains("200 events in 4 streams", said, StringComparison.Ordinal);
        Assert.Contains(heads[2].Root, said, StringComparison.Ordinal);
        using var json = JsonDocument.Parse(await Verify(0, "-o", "json"));
        Assert.Equal((200, 3), (json.RootElement.GetProperty("events").GetInt32(), json.RootElement.GetProperty("heads").GetInt32()));
        Serve(log, []);
        Assert.Contains("only the chains were compared", await Verify(0), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_altered_is_named()
    {
        var log = Log();
        var heads = Heads(log, 60, 200);
        var (e, at) = (log[100], $"version {log[100].Version} of {log[100].Stream} (position 101)");
        static byte[] Flip(ReadOnlyMemory<byte> bytes) { var copy = bytes.ToArray(); copy[copy.Length / 2] ^= 1; return copy; }
        foreach (var altered in (RecordedEvent[])[e with { Data = Flip(e.Data) }, e with { Metadata = Flip(e.Metadata) }, e with { Hash = Flip(e.Hash) }, e with { Type = "machine.tagger.v1" }, e with { Id = Guid.Empty }])
        {
            Serve([.. log[..100], altered, .. log[101..]], heads);
            Assert.Contains(at, await Verify(1), StringComparison.Ordinal);
        }
        Serve([.. log[..100], e with { Stream = "machine-sn9" }, .. log[101..]], heads);
        Assert.Contains("of machine-sn9 (position 101)", await Verify(1), StringComparison.Ordinal);
        Serve([.. log[..100], .. log[101..]], heads); // deleted: the next of its stream is named
        var next = log.Skip(101).First(x => x.Stream == e.Stream);
        Assert.Contains($"version {next.Version} of {e.Stream} (position {next.Position}): version {e.Version} of the stream belongs here", await Verify(1), StringComparison.Ordinal);
        Serve([.. log[..101], e with { Position = new(101, 500) }, .. log[101..]], heads); // put in
        Assert.Contains($"version {e.Version} of {e.Stream} (position 101.500)", await Verify(1), StringComparison.Ordinal);
        Serve([.. log[..100], log[101], log[100], .. log[102..]], heads); // moved
        Assert.Contains("it follows position 102", await Verify(1), StringComparison.Ordinal);
        // Moved, and positions given anew: every chain holds, and the head shows it.
        Assert.NotEqual(log[100].Stream, log[101].Stream);
        Serve([.. log[..100], log[101] with { Position = log[100].Position }, log[100] with { Position = log[101].Position }, .. log[102..]], heads);
        Assert.Contains("of its events number 61 to 200 at least one was altered", await Verify(1), StringComparison.Ordinal);
        Serve(log[..150], heads); // cut off
        Assert.Contains("The log ends after 150 events (position 150), but 200 were signed for", await Verify(1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suffix_written_anew_with_good_chains_and_good_heads_is_exposed_by_a_head_kept_elsewhere()
    {
        var (log, rewritten) = (Log(), Log(n => n < 100 ? $$"""{"n":{{n}}}""" : $$"""{"n":{{n + 1}}}"""));
        var kept = HeadFile(Heads(log, 60, 150));
        Serve(rewritten, Heads(rewritten, 60, 120, 150, 200)); // the attacker has the node's key as well
        Assert.Contains("200 events", await Verify(0), StringComparison.Ordinal);
        Assert.Contains("of its events number 61 to 150 at least one was altered", await Verify(1, "--head", kept), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Heads_that_are_not_the_nodes_own_are_refused()
    {
        var log = Log();
        var heads = Heads(log, 50, 120, 200);
        Serve(log, [heads[0], heads[2]]);
        Assert.Contains("a head was altered or taken out", await Verify(1), StringComparison.Ordinal);
        Serve(log, [heads[0], heads[1] with { Time = heads[1].Time.AddSeconds(1) }]);
        Assert.Contains("the head was altered", await Verify(1), StringComparison.Ordinal);
        Serve(log, heads);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.Contains("was signed with another key", await Verify(1, "--key", File("other.pub", other.ExportSubjectPublicKeyInfoPem())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_server_itself_found_broken_is_said_as_it_says_it()
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var e in Log()[..10]) EventFrames.Write(bytes, e);
        EventFrames.WriteFault(bytes, "the event at position 11 was altered");
        Serve(bytes.WrittenMemory.ToArray(), "");
        Assert.Contains("the event at position 11 was altered", await Verify(1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proof_is_checked_without_a_server_and_no_altered_field_passes()
    {
        var log = Log();
        var heads = Heads(log, 50, 120);
        await _server.StopAsync();
        var key = File("heads.pub", s_key.ExportSubjectPublicKeyInfoPem());
        foreach (var index in (int[])[0, 1, 63, 64, 100, 119])
        {
            var (proof, head) = (Proof(log, index, 120), HeadFile(heads));
            Assert.Contains($"event number {index + 1} of 120", await Verify(0, "--proof", File("proof.json", proof.Text()), "--head", head, "--key", key), StringComparison.Ordinal);
            Assert.Contains("was signed with another key", Assert.Throws<LogFaultException>(() => new LogVerifier(heads, key: new byte[] { 1 })).Message, StringComparison.Ordinal);
            Assert.All(Altered(proof.Text()), altered => Assert.NotNull(InclusionProof.Read(altered).Fault(heads[1])));
            Assert.All(Altered(HeadText.Line(heads[1])), altered => Assert.NotNull(proof.Fault(HeadText.Read(altered)[0])));
        }
        Assert.Contains("this head is of 50", await Verify(1, "--proof", File("proof.json", Proof(log, 3, 120).Text()), "--head", HeadFile(heads[0])), StringComparison.Ordinal);
        Assert.Contains("give --head FILE", await Verify(2, "--proof", File("proof.json", Proof(log, 3, 120).Text())), StringComparison.Ordinal);
        Assert.Contains("It is no proof", await Verify(2, "--proof", File("proof.json", "{}"), "--head", HeadFile(heads)), StringComparison.Ordinal);
        Assert.Contains("no tree head", await Verify(2, "--proof", File("proof.json", "{}"), "--head", File("empty", "")), StringComparison.Ordinal);
    }

    /// <summary>The document with each field altered in turn: numbers one more, texts with another character, lists one shorter or with an altered entry.</summary>
    static IEnumerable<string> Altered(string json)
    {
        var whole = JsonNode.Parse(json)!.AsObject();
        foreach (var path in whole.Select(p => p.Key).SelectMany(k => whole[k] is JsonObject inner ? inner.Select(i => new[] { k, i.Key }) : [[k]]).ToList())
        {
            var copy = JsonNode.Parse(json)!.AsObject();
            var holder = path.Length == 2 ? copy[path[0]]!.AsObject() : copy;
            switch (holder[path[^1]])
            {
                case JsonArray list:
                    foreach (var at in Enumerable.Range(0, list.Count))
                    {
                        var kept = (string)list[at]!;
                        list[at] = Other(kept);
                        yield return copy.ToJsonString();
                        list[at] = kept;
                    }
                    list.RemoveAt(0);
                    break;
                case JsonValue value when value.GetValueKind() == JsonValueKind.Number: holder[path[^1]] = (long)value + 1; break;
                case JsonValue value: holder[path[^1]] = Other((string)value!); break;
            }
            yield return copy.ToJsonString();
        }
    }

    static string Other(string text)
    {
        var at = text.LastIndexOfAny([.. "0123456789abcdefABCDEF"]); // stays a time, an id, hex or base64
        return string.Concat(text.AsSpan(0, at), text[at] is '1' ? "2" : "1", text.AsSpan(at + 1));
    }

    [Fact]
    public async Task Prove_writes_the_servers_proof_to_a_file_and_heads_are_listed()
    {
        var log = Log();
        var heads = Heads(log, 50, 120);
        var to = Path.Combine(_folder.FullName, "proof.json");
        _server.On("GET /api/v1/audit/proofs/4", Proof(log, 3, 50).Text());
        Assert.Equal(0, (await _terminal.RunAsync("audit", "prove", "4", "--head", HeadFile(heads[0]), "--output", to)).Exit);
        Assert.Contains("size=50", _server.Requests.Single().Query, StringComparison.Ordinal);
        Assert.Null(InclusionProof.Read(await System.IO.File.ReadAllTextAsync(to, TestContext.Current.CancellationToken)).Fault(heads[0]));
        _server.On("GET /api/v1/audit/heads", $$"""{"items":[{{HeadText.Line(heads[1])}},{{HeadText.Line(heads[0])}}],"total":2,"totalIsMore":false}""");
        var listed = await _terminal.RunAsync("audit", "heads", "-o", "json");
        Assert.Equal([heads[1], heads[0]], HeadText.Read(listed.Out).AsEnumerable());
        Assert.Contains(heads[0].Root, (await _terminal.RunAsync("audit", "heads")).Out, StringComparison.Ordinal);
    }
}
