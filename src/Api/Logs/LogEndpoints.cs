using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Logs;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Logs;

static class LogEndpoints
{
    const int Looked = 1000;

    public static void MapLogs(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/api/v1/logs", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var sight = await http.MayRead(grains, "operation.read");
            var query = new LogQuery(Text("machine"), Text("operation"), OneOf("source", "ppec", "agent", "beacon", "boot"), OneOf("level", "info", "warning", "error"), http.Time("from"), http.Time("to"), Text("text"), Before(), Looked);
            var (limit, seen, found) = (http.Limit(), new Dictionary<string, bool>(StringComparer.Ordinal), ImmutableArray.CreateBuilder<LogEntry>());
            var request = new ReadRequest(http.Credential(), http.Source(), "operation.read");
            while (true)
            {
                var answer = await grains.Gate(g => g.Logs(request, query));
                if (answer.Problem is { } problem) return Problems.Of(problem);
                foreach (var line in answer.Lines)
                {
                    if (!Sees(line.Machine)) continue;
                    if (found.Count == limit) return Page(found[^1].Number);
                    found.Add(line);
                }
                if (answer.Lines.Length < Looked) return Page(null);
                query = query with { Before = answer.Lines[^1].Number };
            }

            // What a line says of a machine is seen as the machine is; what it says of none, by who sees all.
            bool Sees(string? machine)
            {
                if (sight.IsWhole || machine is null) return sight.IsWhole;
                if (!seen.TryGetValue(machine, out var sees)) seen[machine] = sees = model.Sees(sight, "machine", machine);
                return sees;
            }

            IResult Page(long? next) => Results.Json(new LogPage(found.ToImmutable(), next?.ToString(CultureInfo.InvariantCulture)), PpecJson.Options);

            string? Text(string name) => http.Request.Query[name].ToString() switch
            {
                ""                                                             => null,
                { Length: <= 255 } text when !text.Any(char.IsControl)         => text,
                _ => throw RequestException.Invalid(name, $"{name} is at most 255 characters, with no control characters."),
            };

            string? OneOf(string name, params string[] values) => Text(name) is not { } text ? null : values.Contains(text) ? text : throw RequestException.Invalid(name, $"{name} is {string.Join(", ", values)}.");

            long Before() => Text("cursor") is not { } text ? long.MaxValue
                : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : throw RequestException.Invalid("cursor", "A cursor is what an earlier page gave as nextCursor.");
        }).WithTags("logs").Named("log_search", "Lines of operations, agents and boots, the newest first: the newest 50,000 (of boots 10,000), for at most seven days, and gone when the silo that keeps them ends").Produces<LogPage>(200)
            .WithQuery("machine", "operation", "source", "level", "from", "to", "text", "limit", "cursor");
}
