using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ppec.Api.Tests.Documents;

public sealed class OpenApiTests(SharedNode shared)
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    static IEnumerable<(string Path, string Method, JsonObject Operation)> Operations =>
        from path in Contract.Document["paths"]!.AsObject()
        from method in path.Value!.AsObject()
        select (path.Key, method.Key, method.Value!.AsObject());

    [Fact]
    public void The_document_is_as_reviewed()
    {
        var file = Path.Combine(Folder(), "openapi.json");
        var found = Contract.Document.ToJsonString(Indented).ReplaceLineEndings("\n") + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1") File.WriteAllText(file, found);
        var (was, now) = (File.Exists(file) ? File.ReadAllText(file).Split('\n') : [], found.Split('\n'));
        var line = Enumerable.Range(0, Math.Max(was.Length, now.Length)).FirstOrDefault(i => was.ElementAtOrDefault(i) != now.ElementAtOrDefault(i), -1);
        Assert.True(line < 0, $"openapi.json differs from line {line + 1} on. Review, then run with UPDATE_GOLDEN=1.\n  file: {was.ElementAtOrDefault(line)}\n  now:  {now.ElementAtOrDefault(line)}");
    }

    [Fact]
    public void It_is_OpenAPI_3_1() => Assert.StartsWith("3.1.", (string?)Contract.Document["openapi"], StringComparison.Ordinal);

    [Fact]
    public void Every_operation_has_an_id_of_its_own_a_summary_and_a_tag()
    {
        Assert.All(Operations, o =>
        {
            Assert.False(string.IsNullOrWhiteSpace((string?)o.Operation["operationId"]), $"{o.Method} {o.Path} has no operationId.");
            Assert.False(string.IsNullOrWhiteSpace((string?)o.Operation["summary"]), $"{o.Method} {o.Path} has no summary.");
            Assert.NotEmpty(o.Operation["tags"]!.AsArray());
        });
        Assert.Distinct(Operations.Select(o => (string)o.Operation["operationId"]!));
    }

    [Fact]
    public void Every_parameter_is_described_and_every_path_parameter_is_declared() => Assert.All(Operations, o =>
    {
        var parameters = o.Operation["parameters"]?.AsArray() ?? [];
        Assert.All(parameters, p => Assert.False(string.IsNullOrWhiteSpace((string?)p!["description"]), $"{o.Method} {o.Path}: {p["name"]} is not described."));
        var inPath = parameters.Where(p => (string?)p!["in"] == "path").Select(p => (string?)p!["name"]);
        Assert.Equal(o.Path.Split('{').Skip(1).Select(s => s.Split('}')[0]), inPath);
        Assert.Distinct(parameters.Select(p => $"{p!["in"]} {p["name"]}"));
    });

    [Fact]
    public void Every_operation_declares_what_it_answers() => Assert.All(Operations, o =>
    {
        var responses = o.Operation["responses"]!.AsObject();
        Assert.Contains(responses, r => r.Key[0] == '2');
        foreach (var status in (string[])["400", "401", "403", "503"]) Assert.Contains(status, responses.Select(r => r.Key));
        Assert.All(responses.Where(r => r.Key[0] is '4' or '5'), r => Assert.Equal(["application/problem+json"], r.Value!["content"]!.AsObject().Select(c => c.Key)));
        if (o.Path.Contains('{', StringComparison.Ordinal) && o.Method == "get") Assert.Contains("404", responses.Select(r => r.Key));
        if (o.Method == "post" && !o.Path.StartsWith("/api/v1/sign-in", StringComparison.Ordinal)) Assert.All((string[])["404", "409", "412", "422"], s => Assert.Contains(s, responses.Select(r => r.Key)));
        Assert.All(responses, r => Assert.False(string.IsNullOrWhiteSpace((string?)r.Value!["description"])));
    });

    [Fact]
    public void What_takes_a_body_says_which() => Assert.All(Operations.Where(o => o.Method != "get"), o =>
    {
        // Of one machine these say all there is to say; of many they say which.
        string[] bare = ["inspect", "promote", "release", "retire", "retry", "unrack", "end-maintenance", "rotate", "deprecate", "delete", "revoke", "withdraw", "test", "ack", "resolve", "again"];
        var takes = o.Path is not "/api/v1/sign-out" && (o.Path == "/api/v1/credentials/{id}/rotate" || !(bare.Contains(o.Path.Split('/')[^1]) && o.Path.Contains('}', StringComparison.Ordinal)));
        Assert.Equal(takes, o.Operation["requestBody"] is not null);
        if (!takes) return;
        Assert.True((bool?)o.Operation["requestBody"]!["required"], $"{o.Method} {o.Path} works without its body?");
        Assert.All(o.Operation["requestBody"]!["content"]!.AsObject(), c => Assert.NotNull(c.Value!["schema"]));
    });

    [Fact]
    public void Nothing_of_the_inside_shows()
    {
        var text = Contract.Document.ToJsonString();
        foreach (var word in (string[])["ImmutableArray", "Ppec.", "System.", "IFormFile", "SecretRef", "HttpContext", "Nullable", "Orleans"]) Assert.DoesNotContain(word, text, StringComparison.Ordinal);
        var paths = Contract.Document["paths"]!.AsObject().Select(p => p.Key);
        Assert.All(paths, p => Assert.StartsWith("/api/v1/", p, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_schema_that_is_named_is_there()
    {
        var schemas = Contract.Document["components"]!["schemas"]!.AsObject().Select(s => s.Key).ToHashSet();
        var named = Contract.Document.ToJsonString().Split("#/components/schemas/").Skip(1).Select(s => s.Split('"')[0]);
        Assert.All(named, n => Assert.Contains(n, schemas));
    }

    [Fact]
    public async Task Swagger_UI_answers_and_reads_this_document()
    {
        var page = (await shared.Node.As(null).Get("/swagger/index.html")).Is(200);
        Assert.Equal("text/html", page.ContentType);
        var script = (await shared.Node.As(null).Get("/swagger/index.js")).Is(200).Text + page.Text;
        Assert.Contains("/openapi/v1.json", script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Health_answers_without_a_credential()
    {
        Assert.Equal("live", (await shared.Node.As(null).Get("/health/live")).Is(200).Text);
        Assert.Equal("ready", (await shared.Node.As(null).Get("/health/ready")).Is(200).Text);
    }

    static string Folder()
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
            if (File.Exists(Path.Combine(at.FullName, "PPEC.sln"))) return Path.Combine(at.FullName, "tests", "Api.Tests");
        throw new DirectoryNotFoundException("The tests run outside the repository.");
    }
}
