using System.Collections.Immutable;
using System.Text;

namespace Ppec.Api.Tests.Fuzz;

/// <summary>One request. <paramref name="Refuse"/>: why it cannot be granted whatever there is; null when it might be.</summary>
public sealed record FuzzCase(string Method, string Template, string Id, ImmutableArray<(string Name, string Value)> Query, ImmutableArray<(string Name, string Value)> Headers, string? Body, string ContentType, string? Refuse)
{
    public string Path => Template.Split('{')[0] + (Template.Contains('{', StringComparison.Ordinal) ? Id + Template[(Template.IndexOf('}', StringComparison.Ordinal) + 1)..] : "")
        + (Query.IsEmpty ? "" : $"?{string.Join('&', Query.Select(q => $"{q.Name}={q.Value}"))}");

    public string? Header(string name) => Headers.Where(h => h.Name == name).Select(h => h.Value).FirstOrDefault();

    public FuzzCase With(string header, string value) => this with { Headers = [.. Headers.Where(h => h.Name != header), (header, value)] };

    public Task<Answer> Send(Calls by)
    {
        var headers = Headers.SelectMany(h => (string[])[h.Name, h.Value]).ToArray();
        if (Body is not null) headers = ["Content-Type", ContentType, .. headers];
        return by.Send(new(Method), Path, Body, headers);
    }

    /// <summary>To be pasted, with the node's address and a credential.</summary>
    public string Curl
    {
        get
        {
            var line = new StringBuilder($"curl -X {Method} {Quoted($"$NODE{Path}")}");
            foreach (var (name, value) in Headers) line.Append($" -H {Quoted($"{name}: {value}")}");
            if (Body is not null) line.Append($" -H {Quoted($"Content-Type: {ContentType}")} --data-binary {Quoted(Body.Length > 2000 ? $"{Body[..2000]}… {Body.Length} characters" : Body)}");
            return line.ToString();
        }
    }

    /// <summary>Each with one thing less.</summary>
    public IEnumerable<FuzzCase> Smaller()
    {
        foreach (var header in Headers) yield return this with { Headers = Headers.Remove(header) };
        foreach (var item in Query) yield return this with { Query = Query.Remove(item) };
        if (Id.Length > 1 && Template.Contains('{', StringComparison.Ordinal)) yield return this with { Id = Id[..(Id.Length / 2)] };
        foreach (var body in Bodies.Smaller(Body)) yield return this with { Body = body };
    }

    static string Quoted(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
