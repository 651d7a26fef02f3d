using System.Runtime.CompilerServices;
using Ppec.Contracts.Logs;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Which lines: of this machine, operation and source (<c>ppec</c>, <c>agent</c>, <c>beacon</c>, <c>boot</c>), at least so grave (<c>info</c>, <c>warning</c>, <c>error</c>), between two times, with this text in them.</summary>
public sealed record LogSearch(string? Machine = null, string? Operation = null, string? Source = null, string? Level = null, DateTimeOffset? From = null, DateTimeOffset? To = null, string? Text = null);

/// <summary>Lines that were said while machines were worked on; bounded, and not kept for long.</summary>
public sealed class LogsClient
{
    readonly Transport _transport;

    internal LogsClient(Transport transport) => _transport = transport;

    /// <summary>One page, the newest first.</summary>
    public async Task<Answer<LogPage>> PageAsync(LogSearch search, int? limit = null, string? cursor = null, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(new PathText("api/v1").Add("logs")
            .Query("machine", search.Machine).Query("operation", search.Operation).Query("source", search.Source).Query("level", search.Level).Query("from", search.From).Query("to", search.To)
            .Query("text", search.Text).Query("limit", limit).Query("cursor", cursor), cancellation)).As(PpecJson.Api.LogPage);

    /// <summary>Every line, the newest first, page after page as they are read.</summary>
    public async IAsyncEnumerable<LogEntry> SearchAsync(LogSearch search, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? cursor = null;
        do
        {
            var page = (await PageAsync(search, 1000, cursor, cancellation)).Value;
            foreach (var line in page.Items.IsDefault ? [] : page.Items) yield return line;
            cursor = page.NextCursor;
        }
        while (cursor is not null);
    }
}
