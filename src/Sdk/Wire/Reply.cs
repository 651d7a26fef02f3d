using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ppec.Contracts.Gate;

namespace Ppec.Sdk.Wire;

/// <summary>A whole answer, read to its end. <paramref name="OpenedChange"/>: the change that waits for a second person, where that is what came of it.</summary>
sealed record Reply(int Status, byte[] Body, string? Position, long? Version, TimeSpan? RetryAfter, string? OpenedChange = null)
{
    public bool Succeeded => Status is >= 200 and < 300;

    public static async Task<Reply> ReadAsync(HttpResponseMessage response, TimeProvider time, CancellationToken cancellation) => new(
        (int)response.StatusCode,
        await response.Content.ReadAsByteArrayAsync(cancellation),
        response.Headers.TryGetValues("Ppec-Position", out var positions) ? positions.FirstOrDefault() : null,
        long.TryParse(response.Headers.ETag?.Tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null,
        Pause(response.Headers.RetryAfter, time),
        (int)response.StatusCode == 202 && response.Headers.Location?.OriginalString is { } place && place.StartsWith("/api/v1/changes/", StringComparison.Ordinal) ? place["/api/v1/changes/".Length..] : null);

    public Answer<T> As<T>(JsonTypeInfo<T> type)
    {
        T? value;
        try { value = JsonSerializer.Deserialize(Body, type); }
        catch (JsonException e) { throw Unreadable(e); }
        return new(value ?? throw Unreadable(null), Body, Position, Version);
    }

    /// <summary>The problem that the server named; where it named none (a proxy answered), the status alone.</summary>
    public PpecException Problem()
    {
        ProblemDocument? document = null;
        try { document = JsonSerializer.Deserialize(Body, PpecJson.Api.ProblemDocument); }
        catch (JsonException) { } // not a problem document: what stands in for it follows
        var code = document?.Code ?? Status switch
        {
            400 => ProblemCodes.Malformed,
            401 => ProblemCodes.Unauthenticated,
            403 => ProblemCodes.Forbidden,
            404 => ProblemCodes.NotFound,
            405 => ProblemCodes.MethodNotAllowed,
            412 => ProblemCodes.VersionStale,
            413 => ProblemCodes.TooLarge,
            415 => ProblemCodes.UnsupportedMediaType,
            428 => ProblemCodes.VersionRequired,
            502 or 503 or 504 => ProblemCodes.Unavailable,
            _ => ProblemCodes.Unexpected,
        };
        return new(Status, code, document?.Detail ?? document?.Title ?? $"The server answered {Status} and did not say why.", document?.Errors ?? [], RetryAfter);
    }

    PpecException Unreadable(JsonException? e) =>
        new(Status, ProblemCodes.Unexpected, $"The server answered {Status} with something that is not PPEC's{(e is null ? "" : $" ({e.Message})")}. Is this address a PPEC server?", []);

    static TimeSpan? Pause(RetryConditionHeaderValue? header, TimeProvider time) => header switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow() is var pause && pause > TimeSpan.Zero ? pause : TimeSpan.Zero,
        _ => null,
    };
}
