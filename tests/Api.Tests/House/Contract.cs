using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Xunit.Sdk;

namespace Ppec.Api.Tests;

/// <summary>What holds for every answer of every test: it is declared in the OpenAPI document, and a refusal is a problem document that leaks nothing.</summary>
public static class Contract
{
    static JsonObject? _document;

    public static ConcurrentDictionary<string, bool> Seen { get; } = [];

    public static JsonObject Document => _document ?? throw new InvalidOperationException("No node was asked for its document yet.");

    public static async Task Load(Uri url)
    {
        if (_document is not null) return;
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(url, "/openapi/v1.json"));
        if (!answer.IsSuccessStatusCode) throw new XunitException($"The OpenAPI document was answered {(int)answer.StatusCode}. {NodeLog.Text}");
        _document = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();
    }

    public static void Check(string method, string path, Answer answer)
    {
        if (answer.Status >= 400 && method != "HEAD") CheckProblem(answer);
        if (Operation(method, path) is not { } operation) return;
        var id = (string)operation["operationId"]!;
        Seen[$"{id} {answer.Status}"] = true;
        if (operation["responses"]![answer.Status.ToString()] is not { } declared)
            throw new XunitException($"{answer.Request}\nanswered {answer.Status}, which {id} does not declare: {answer.Text}");
        var types = declared["content"]?.AsObject().Select(c => c.Key).ToList() ?? [];
        if (answer.Bytes.Length > 0 ? !types.Contains(answer.ContentType!) : types.Count > 0)
            throw new XunitException($"{answer.Request}\nanswered {answer.Status} as {answer.ContentType}, and {id} declares {string.Join(", ", types)}");
        if (answer.ContentType?.EndsWith("json", StringComparison.Ordinal) == true && declared["content"]![answer.ContentType]!["schema"] is { } schema
            && Schema.Wrong(schema.AsObject(), JsonNode.Parse(answer.Text), "") is { } wrong)
            throw new XunitException($"{answer.Request}\nis not as {id} declares it: {wrong} in {answer.Text}");
    }

    static void CheckProblem(Answer answer)
    {
        if (answer.Status is >= 500 and not (503 or 507)) throw new XunitException($"{answer.Request}\nanswered {answer.Status}: {answer.Text}");
        if (answer.ContentType != "application/problem+json") throw new XunitException($"{answer.Request}\nwas refused with {answer.Status} as {answer.ContentType}: {answer.Text}");
        var problem = answer.Json;
        if ((int?)problem["status"] != answer.Status || string.IsNullOrEmpty((string?)problem["code"]) || string.IsNullOrEmpty((string?)problem["title"]) || string.IsNullOrEmpty((string?)problem["detail"]) || (string?)problem["type"] != $"urn:ppec:problem:{problem["code"]}")
            throw new XunitException($"{answer.Request}\nhas an incomplete problem document: {answer.Text}");
        foreach (var inside in (string[])["Ppec.", "System.", "Microsoft.", "Orleans", "Exception", "   at "])
            if (answer.Text.Contains(inside, StringComparison.Ordinal)) throw new XunitException($"{answer.Request}\nleaks '{inside}': {answer.Text}");
        foreach (var error in problem["errors"]?.AsArray() ?? [])
            if (string.IsNullOrEmpty((string?)error!["field"]) || string.IsNullOrEmpty((string?)error["message"])) throw new XunitException($"{answer.Request}\nhas an empty field problem: {answer.Text}");
    }

    /// <summary>The operation a path belongs to; fixed segments win over parameters.</summary>
    public static JsonObject? Operation(string method, string path)
    {
        var segments = path.Split('?')[0].Split('/');
        return Document["paths"]!.AsObject()
            .Where(p => Matches(p.Key.Split('/'), segments) && p.Value!.AsObject().ContainsKey(method.ToLowerInvariant()))
            .OrderBy(p => p.Key.Count(c => c == '{')).Select(p => p.Value![method.ToLowerInvariant()]!.AsObject()).FirstOrDefault();
    }

    static bool Matches(string[] template, string[] segments) =>
        template.Length == segments.Length && template.Zip(segments).All(p => (p.First.StartsWith('{') && p.Second.Length > 0) || p.First == p.Second);
}
