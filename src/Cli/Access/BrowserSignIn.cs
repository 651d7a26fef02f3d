using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ppec.Sdk;

namespace Ppec.Cli.Access;

/// <summary>
/// Signing in at an identity provider from a command line: authorization code with PKCE (RFC 7636) and a redirect to this machine's own loopback (RFC 8252, 7.3).
/// The ID token goes to PPEC, which judges it; nothing of it is believed or kept here.
/// </summary>
static class BrowserSignIn
{
    /// <summary>The session's token.</summary>
    public static async Task<string> AtProviderAsync(Call call, PpecClient ppec, TimeSpan within)
    {
        var provider = (await ppec.Session.IdentityProviderAsync(call.Cancellation)).Value;
        if (!Uri.TryCreate(provider.Issuer, UriKind.Absolute, out var issuer) || !Safe(issuer)) throw new UsageException($"The server names {provider.Issuer} as identity provider: that is no https address.");
        using var http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = !issuer.IsLoopback }) { Timeout = TimeSpan.FromSeconds(30) };
        var (authorize, token) = await EndpointsAsync(http, issuer, call.Cancellation);

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (state, nonce, verifier) = (Random(), Random(), Random());
        var redirect = $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/";
        var address = $"{authorize}{(authorize.Contains('?', StringComparison.Ordinal) ? '&' : '?')}" + Form(
            ("response_type", "code"), ("client_id", provider.ClientId), ("redirect_uri", redirect), ("scope", provider.Scopes), ("state", state), ("nonce", nonce),
            ("code_challenge", Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)))), ("code_challenge_method", "S256"));
        call.Screen.Say("Sign in with a browser on this machine:");
        call.Screen.Say(address);
        if (call.Io.Interactive) Open(address);

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        limit.CancelAfter(within);
        string code;
        try { code = await CodeAsync(listener, state, limit.Token); }
        catch (OperationCanceledException) when (!call.Cancellation.IsCancellationRequested) { throw new UsageException($"Nobody signed in within {within.TotalMinutes:0} minutes. Nothing was changed."); }

        using var form = new StringContent(Form(("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect), ("client_id", provider.ClientId), ("code_verifier", verifier)), Encoding.ASCII, "application/x-www-form-urlencoded");
        using var answer = await http.PostAsync(new Uri(token), form, call.Cancellation);
        using var said = await JsonAsync(answer, token, call.Cancellation);
        var idToken = Text(said, "id_token") ?? throw new UsageException($"The identity provider gave no ID token: {Text(said, "error_description") ?? Text(said, "error") ?? $"status {(int)answer.StatusCode}"}.");
        return (await ppec.Session.SignInByTokenAsync(new Contracts.Access.TokenSignInBody(new(idToken), nonce), call.Cancellation)).Value.Token;
    }

    /// <summary>Discovery (OpenID Connect Discovery 1.0, 4): the document must be of the issuer that was asked.</summary>
    static async Task<(string Authorize, string Token)> EndpointsAsync(HttpClient http, Uri issuer, CancellationToken cancellation)
    {
        var address = $"{issuer.AbsoluteUri.TrimEnd('/')}/.well-known/openid-configuration";
        using var answer = await http.GetAsync(new Uri(address), cancellation);
        using var document = await JsonAsync(answer, address, cancellation);
        if (Text(document, "issuer")?.TrimEnd('/') != issuer.AbsoluteUri.TrimEnd('/')) throw new UsageException($"{address} is of another issuer.");
        string Endpoint(string name) => Text(document, name) is { } text && Uri.TryCreate(text, UriKind.Absolute, out var uri) && Safe(uri) ? text : throw new UsageException($"{address} names no {name} with https.");
        return (Endpoint("authorization_endpoint"), Endpoint("token_endpoint"));
    }

    /// <summary>The code that the browser brings. What was not asked for by this very run is answered, and waited past: anybody on this machine can knock, and say nothing.</summary>
    static async Task<string> CodeAsync(TcpListener listener, string state, CancellationToken cancellation)
    {
        while (true)
        {
            using var client = await listener.AcceptTcpClientAsync(cancellation);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            patience.CancelAfter(TimeSpan.FromSeconds(5));
            Dictionary<string, string> query;
            try { query = await AnswerAsync(client, state, patience.Token); }
            catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested)) { continue; }
            if (!Ours(query, state)) continue;
            return query.GetValueOrDefault("code") ?? throw new UsageException($"The identity provider refused: {query.GetValueOrDefault("error_description") ?? query.GetValueOrDefault("error") ?? "it said nothing"}. Nothing was changed.");
        }
    }

    static async Task<Dictionary<string, string>> AnswerAsync(TcpClient client, string state, CancellationToken cancellation)
    {
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII, false, 8192, leaveOpen: true);
        var line = await reader.ReadLineAsync(cancellation) ?? "";
        while (await reader.ReadLineAsync(cancellation) is { Length: > 0 }) { } // its headers say nothing here
        var query = line.Split(' ') is ["GET", var target, _] && target.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at ? Pairs(target[(at + 1)..]) : [];
        var (status, words) = Ours(query, state) ? ("200 OK", "Done: go back to the terminal, and close this page.") : ("404 Not Found", "This is not for you.");
        await stream.WriteAsync(Encoding.UTF8.GetBytes($"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n{words}\n"), cancellation);
        return query;
    }

    static bool Ours(Dictionary<string, string> query, string state) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(query.GetValueOrDefault("state", "")), Encoding.UTF8.GetBytes(state));

    static async Task<JsonDocument> JsonAsync(HttpResponseMessage answer, string address, CancellationToken cancellation)
    {
        try { return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancellation)); }
        catch (JsonException) { throw new UsageException($"{address} answered {(int)answer.StatusCode}, and no JSON."); }
    }

    static string? Text(JsonDocument document, string name) =>
        document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    static bool Safe(Uri uri) => uri.Scheme == "https" || uri is { Scheme: "http", IsLoopback: true };

    static string Random() => Base64Url(RandomNumberGenerator.GetBytes(32));

    static string Base64Url(byte[] bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    static string Form(params IEnumerable<(string Name, string Value)> pairs) => string.Join('&', pairs.Select(pair => $"{pair.Name}={Uri.EscapeDataString(pair.Value)}"));

    static Dictionary<string, string> Pairs(string query)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in query.Split('&'))
            if (part.Split('=', 2) is [var name, var value]) pairs[name] = Uri.UnescapeDataString(value.Replace('+', ' '));
        return pairs;
    }

    static void Open(string address)
    {
        try { using var browser = Process.Start(new ProcessStartInfo("xdg-open", [address]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true }); }
        catch (System.ComponentModel.Win32Exception) { } // there is no browser to open: the address was printed
    }
}
