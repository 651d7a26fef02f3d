using System.Security.Cryptography.X509Certificates;

namespace Ppec.Sdk;

/// <summary>Where the server is, who asks, and how patient the client is.</summary>
public sealed class PpecClientOptions
{
    /// <summary>The server's address, <c>https://ppec.example.net</c>; a path prefix is kept.</summary>
    public required Uri Server { get; init; }

    /// <summary>The bearer credential, <c>ppec_…</c>; null sends none.</summary>
    public string? Credential { get; init; }

    /// <summary>The authorities that may have signed the server's certificate, or that certificate itself, in place of the system's; null = the system's. For a <see cref="Handler"/> of one's own it does nothing.</summary>
    public X509Certificate2Collection? TrustedAuthorities { get; init; }

    /// <summary>How often a request is sent before its failure is reported. 1 = never again.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>The pause before the second attempt; it doubles for each further one, with jitter, up to 5 s.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How long one attempt may take. Uploads and the live feed are not bounded by it.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A longer <c>Retry-After</c> than this is not waited for: the problem is reported at once.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A feed that is silent for this long is taken for dead, and resumed.</summary>
    public TimeSpan FeedSilence { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The clock of pauses and time limits.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>What sends the requests (a proxy, a client certificate); null = a pooled handler. It is not disposed by the client.</summary>
    public HttpMessageHandler? Handler { get; init; }
}
