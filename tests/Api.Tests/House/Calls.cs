using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ppec.Contracts;

namespace Ppec.Api.Tests;

/// <summary>What came back. Every answer was checked against the OpenAPI document and the rules of problem documents on its way here.</summary>
public sealed record Answer(string Request, int Status, string? ContentType, byte[] Bytes, HttpResponseHeaders Headers)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonObject Json => JsonNode.Parse(Text)!.AsObject();

    public string? Code => ContentType == "application/problem+json" ? (string?)Json["code"] : null;

    public string? Detail => ContentType == "application/problem+json" ? (string?)Json["detail"] : null;

    public IEnumerable<string> Fields => ContentType == "application/problem+json" ? Json["errors"]?.AsArray().Select(e => (string)e!["field"]!) ?? [] : [];

    public string? Header(string name) => Headers.TryGetValues(name, out var values) ? string.Join(",", values) : null;

    public string? ETag => Header("ETag");

    public JsonArray Items => Json["items"]!.AsArray();

    public IEnumerable<string> Ids => Items.Select(i => (string)i!["id"]!);

    public Answer Is(int status) => Status == status ? this : throw new Xunit.Sdk.XunitException($"{Request}\nanswered {Status}, not {status}: {Text}");

    /// <summary>Refused just so.</summary>
    public Answer Is(int status, string code) => Is(status).Code == code ? this : throw new Xunit.Sdk.XunitException($"{Request}\nwas refused with {Code}, not {code}: {Text}");
}

/// <summary>A client of one node. Headers are name, value, name, value…</summary>
public sealed class Calls(Uri url, string? credential)
{
    static readonly HttpClient Http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, MaxConnectionsPerServer = 64, RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8 }) { Timeout = TimeSpan.FromSeconds(40) };

    public Uri Url => url;

    public Task<Answer> Get(string path, params string[] headers) => Send(HttpMethod.Get, path, null, headers);

    public Task<Answer> Post(string path, object? body = null, params string[] headers) => Send(HttpMethod.Post, path, body, headers);

    public Task<Answer> Put(string path, object? body, params string[] headers) => Send(HttpMethod.Put, path, body, headers);

    /// <summary>The path goes out byte for byte as it stands here.</summary>
    public async Task<Answer> Send(HttpMethod method, string path, object? body, params string[] headers)
    {
        using var request = Request(method, path, body, headers);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var bytes = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        var sent = body switch { null => "", string text => text, byte[] b => $"{b.Length} bytes", _ => JsonSerializer.Serialize(body, PpecJson.Options) };
        var answer = new Answer($"{method} {path} {string.Join(' ', headers)} {(sent.Length > 600 ? sent[..600] : sent)}", (int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, bytes, response.Headers);
        Contract.Check(method.Method, path, answer);
        return answer;
    }

    /// <summary>Answers as soon as there are headers; the caller reads and closes it.</summary>
    public Task<HttpResponseMessage> Open(string path, CancellationToken cancellation, params string[] headers) =>
        Http.SendAsync(Request(HttpMethod.Get, path, null, headers), HttpCompletionOption.ResponseHeadersRead, cancellation);

    HttpRequestMessage Request(HttpMethod method, string path, object? body, string[] headers)
    {
        var request = new HttpRequestMessage(method, new Uri(url.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (credential is not null) request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {credential}");
        if (body is not null)
        {
            var bytes = body switch { string text => Encoding.UTF8.GetBytes(text), byte[] b => b, _ => JsonSerializer.SerializeToUtf8Bytes(body, Plain) };
            request.Content = new ByteArrayContent(bytes);
            request.Content.Headers.ContentType = new("application/json");
            // A body too large is refused unread and the connection closed: who is still writing it then hears of a broken pipe instead of the answer.
            request.Headers.ExpectContinue = bytes.Length > 1 << 19;
        }
        for (var i = 0; i < headers.Length; i += 2)
            if (headers[i] == "Content-Type") request.Content!.Headers.ContentType = headers[i + 1].Length > 0 ? MediaTypeHeaderValue.Parse(headers[i + 1]) : null;
            else request.Headers.TryAddWithoutValidation(headers[i], headers[i + 1]);
        return request;
    }

    static readonly JsonSerializerOptions Plain = new(JsonSerializerDefaults.Web) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
