using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Audit;

/// <summary>Who did what, and who tried: a page of it, or all of it as lines.</summary>
static class TrailEndpoints
{
    const string Lines = "application/jsonl", Csv = "text/csv";
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public static void MapTrail(this RouteGroupBuilder audit) =>
        audit.MapGet("/", async (HttpContext http, IGrainFactory grains, IAuditTrail trail) =>
        {
            var sight = await http.MayRead(grains, "audit.read");
            var accept = http.Request.GetTypedHeaders().Accept.Select(a => a.MediaType.ToString()).FirstOrDefault(a => a is Lines or Csv);
            if (http.Position("after") is var position && position != LogPosition.Start && !await trail.WaitFor(position, Patience, http.RequestAborted))
                throw new RequestException(new(ProblemCodes.Unavailable, $"Position {position} is not visible yet: ask again."));
            var query = new AuditQuery(Text(http, "filter"), http.Time("from"), http.Time("to"), accept is null ? http.Limit() : 1000, Text(http, "cursor"), OldestFirst(http, accept is not null));
            try
            {
                var first = trail.Search(query, sight); // what is wrong with it is said before anything is sent
                return accept is null ? Results.Json(first, PpecJson.Options) : new Whole(trail, query, sight, first, accept);
            }
            catch (QueryException e)
            {
                throw RequestException.Invalid(e.Field, e.Message);
            }
        }).Named("audit_search", "Commands and refused attempts, newest first. With Accept: application/jsonl or text/csv all of them, oldest first, as lines; each has the cursor from which to go on. The filter asks for actor, action, target, region, rack, outcome, problem, ticket, credential, source, change, operation and time")
            .Produces<AuditPage>(200, "application/json", Lines, Csv).WithQuery("filter", "from", "to", "sort", "limit", "cursor", "after");

    static string? Text(HttpContext http, string name) => http.Request.Query[name].ToString() is { Length: > 0 } value ? value : null;

    static bool OldestFirst(HttpContext http, bool otherwise) => http.Request.Query["sort"].ToString() switch
    {
        "" => otherwise,
        "time" => true,
        "-time" => false,
        _ => throw RequestException.Invalid("sort", "It is sorted by time, oldest first, or -time."),
    };

    sealed class Whole(IAuditTrail trail, AuditQuery query, Sight sight, AuditPage first, string type) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var (response, left) = (httpContext.Response, httpContext.RequestAborted);
            response.ContentType = type;
            response.Headers.CacheControl = "no-store";
            httpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
            if (type == Csv) await response.WriteAsync(string.Join(',', AuditCsv.Columns) + "\r\n", left);
            for (var page = first; ; page = trail.Search(query with { Cursor = page.NextCursor }, sight))
            {
                var text = new StringBuilder();
                foreach (var row in page.Items)
                    if (type == Csv) AuditCsv.Write(text, row);
                    else text.Append(JsonSerializer.Serialize(row, PpecJson.Options)).Append('\n');
                await response.WriteAsync(text.ToString(), left);
                await response.Body.FlushAsync(left);
                if (page.NextCursor is null) return;
            }
        }
    }
}

/// <summary>Rows for a spreadsheet.</summary>
static class AuditCsv
{
    public static readonly string[] Columns =
        ["time", "outcome", "action", "actor", "credential", "source", "targets", "regions", "reason", "ticket", "operation", "change", "request", "events", "positions", "problem", "why", "count", "until", "command", "cursor"];

    public static void Write(StringBuilder to, AuditRow row)
    {
        string?[] cells =
        [
            Time(row.Time), row.Outcome, row.Action, row.Actor, row.Credential, row.Source, string.Join(' ', row.Targets), string.Join(' ', row.Regions), row.Reason, row.Ticket, row.Operation, row.Change, row.Request,
            string.Join(' ', row.Events.Select(e => e.Type)), string.Join(' ', row.Events.Select(e => e.Position)), row.Problem, row.Why, row.Count.ToString(CultureInfo.InvariantCulture), row.Until is { } until ? Time(until) : null, row.Command, row.Cursor,
        ];
        to.AppendJoin(',', cells.Select(Cell)).Append("\r\n");
    }

    /// <summary>A row is a line, so no cell has one within. A spreadsheet takes what begins with one of these for a formula: an apostrophe before it says that it is text.</summary>
    static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        text = string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));
        if (text[0] is '=' or '+' or '-' or '@') text = $"'{text}";
        return text.AsSpan().ContainsAny(',', '"') ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
    }

    static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
