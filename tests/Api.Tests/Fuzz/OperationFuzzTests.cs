using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using CsCheck;

namespace Ppec.Api.Tests.Fuzz;

/// <summary>
/// Every operation of the OpenAPI document, asked with what its schemas allow and with what they do not. Whatever is asked: no fault of ours, only what is declared, and nothing granted that the schema forbids.
/// <c>PPEC_FUZZ_CASES</c>: cases an operation. Case i is drawn from stream i, so that one that failed fails again; it is made smaller before it is shown.
/// </summary>
public sealed class OperationFuzzTests(FuzzNode fuzz) : IClassFixture<FuzzNode>
{
    static readonly int Cases = int.TryParse(Environment.GetEnvironmentVariable("PPEC_FUZZ_CASES"), CultureInfo.InvariantCulture, out var cases) ? cases : 25;

    static readonly System.Collections.Concurrent.ConcurrentDictionary<string, bool> Reached = [];

    /// <summary>From the reviewed document, which another test holds against the node's.</summary>
    public static TheoryData<string> Names => [.. Operations(JsonNode.Parse(File.ReadAllText(Documents.OpenApiTests.Reviewed))!.AsObject()).Select(o => (string)o.Operation["operationId"]!)];

    static IEnumerable<(string Path, string Method, JsonObject Operation)> Operations(JsonObject document) =>
        from path in document["paths"]!.AsObject()
        from method in path.Value!.AsObject()
        select (path.Key, method.Key.ToUpperInvariant(), method.Value!.AsObject());

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_is_never_our_fault(string name)
    {
        var (path, method, operation) = Operations(Contract.Document).Single(o => (string)o.Operation["operationId"]! == name);
        var gen = Case(path, method, operation, await fuzz.Ids(path));
        for (uint i = 0; i < Cases; i++)
        {
            var sample = gen.Generate(new PCG(i, 2026), null, out _);
            if (await Fails(sample) is not { } why) continue;
            (sample, why) = await Smallest(sample, why);
            Assert.Fail($"Case {i} of {name}, made smaller:\n{sample.Curl}\n{why}");
        }
        (await fuzz.Api.Get("/api/v1/me")).Is(200); // else nothing was asked but of a stranger
    }

    static Gen<FuzzCase> Case(string path, string method, JsonObject operation, ImmutableArray<string> ids)
    {
        var parameters = operation["parameters"]?.AsArray().Select(p => (In: (string)p!["in"]!, Name: (string)p["name"]!)).ToList() ?? [];
        var query = Some(parameters.Where(p => p.In == "query").Select(p => p.Name), Words.Query);
        var headers = Some(parameters.Where(p => p.In == "header").Select(p => p.Name), Words.Header);
        var content = operation["requestBody"]?["content"]?.AsObject();
        var body = content is null ? Gen.Frequency((9, Gen.Const<(string?, string, string?)>((null, "", null))), (1, Gen.Const<(string?, string, string?)>(("{\"not\":\"asked\"}", "application/json", null)))) : Body(content);
        return Gen.Select(Words.Ids([.. ids]), query, headers, body, (id, q, h, b) => new FuzzCase(method, path, id, q, h, b.Item1, b.Item2, b.Item3));
    }

    /// <summary>Now and then each of these, with a value.</summary>
    static Gen<ImmutableArray<(string, string)>> Some(IEnumerable<string> names, Func<string, Gen<string>> value) =>
        names.Aggregate(Gen.Const(ImmutableArray<(string, string)>.Empty), (all, name) => Gen.Select(all, Gen.Int[0, 3], value(name), (before, there, v) => there == 0 ? before.Add((name, v)) : before));

    /// <summary>Text, content type, and why it must be refused.</summary>
    static Gen<(string?, string, string?)> Body(JsonObject content)
    {
        var type = content.First().Key;
        if (content["application/json"]?["schema"] is not JsonObject { Count: > 0 } schema)
            return Gen.Select(Gen.OneOf([.. content.Select(c => c.Key)]), Gen.OneOf("", "x", "{}", "[]", "{\"regions\":[{}]}", "noun,id\nregion,fz9", "a,b\n1", "\"", "- a: [", "regions: [{id: fz8}]", "&a [*a]", "\0"), (t, text) => ((string?)text, t, (string?)null));
        return Gen.Select(Bodies.Of(schema), Gen.Frequency((4, Gen.Const(-2)), (1, Gen.Const(-1)), (7, Gen.Int[0, 9])), Gen.Int[0, 999], (valid, kind, pick) =>
        {
            if (kind == -2) return ((string?)valid, type, Bodies.Refused(schema, valid));
            if (kind == -1) return (valid, new[] { "text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x" }[pick % 4], "the content type is another");
            var wrong = Bodies.Wrong(valid, kind, pick);
            return (wrong, type, Bodies.Refused(schema, wrong));
        });
    }

    /// <summary>What is wrong about the answer; null when nothing is.</summary>
    async Task<string?> Fails(FuzzCase asked)
    {
        try
        {
            if (asked.Method != "GET" && asked.Header("Idempotency-Key") is null or "fuzzed") asked = asked.With("Idempotency-Key", $"fuzz-{Guid.NewGuid()}");
            var ends = asked.Template == "/api/v1/sign-out"; // whoever asks: it takes somebody else, who cannot ask again
            var first = await asked.Send(ends ? await fuzz.Passing() : fuzz.Api); // which holds it against the document
            if (asked.Refuse is { } why && first.Status is >= 200 and < 300) return $"was granted with {first.Status} though {why}: {first.Text}";
            Reached[$"{asked.Method} {asked.Template} {first.Status}"] = true;
            if (asked.Method == "GET" || ends || first.Status is < 200 or > 299) return null;
            var again = await asked.Send(fuzz.Api);
            if (again.Status != first.Status) return $"was answered {first.Status}, and {again.Status} when asked again with its key: {again.Text}";
            return first.Status != 202 && again.Text != first.Text ? $"was answered {first.Text}, and when asked again with its key {again.Text}" : null;
        }
        catch (Xunit.Sdk.XunitException e)
        {
            return e.Message;
        }
    }

    /// <summary>As long as something can be left out of it and it still fails.</summary>
    async Task<(FuzzCase Case, string Why)> Smallest(FuzzCase failing, string why)
    {
        for (var budget = 200; budget > 0;)
        {
            var smaller = failing;
            foreach (var candidate in failing.Smaller())
            {
                if (budget-- <= 0 || await Fails(Judged(candidate)) is not { } still) continue;
                (smaller, why) = (Judged(candidate), still);
                break;
            }
            if (ReferenceEquals(smaller, failing)) break;
            failing = smaller;
        }
        return (failing, why);
    }

    static FuzzCase Judged(FuzzCase smaller)
    {
        var schema = Contract.Operation(smaller.Method, smaller.Path)?["requestBody"]?["content"]?["application/json"]?["schema"]?.AsObject();
        return smaller.Body is null || schema is null || smaller.ContentType != "application/json" ? smaller : smaller with { Refuse = Bodies.Refused(schema, smaller.Body) };
    }
}
