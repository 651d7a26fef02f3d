using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Webhooks;
using static Ppec.Api.Insistence;

namespace Ppec.Api;

/// <summary>A request that cannot be read; becomes its problem document.</summary>
public sealed class RequestException(Problem problem) : Exception(problem.Message)
{
    public Problem Problem { get; } = problem;

    public static RequestException Invalid(string field, string message) => new(Problem.Invalid(field, message));
}

/// <summary>Reading requests and writing answers the same way everywhere.</summary>
static class Requests
{
    const int LongestText = 1000;
    static readonly TimeSpan ReadYourWrites = TimeSpan.FromSeconds(10);
    static readonly TimeSpan WorkedOut = TimeSpan.FromSeconds(30);
    static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(5);

    public static string Credential(this HttpContext http) =>
        http.Request.Headers.Authorization.ToString() is { Length: > 7 } h && h.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? h[7..].Trim() : "";

    public static string Source(this HttpContext http) => http.Connection.RemoteIpAddress is { } ip ? (ip.IsIPv4MappedToIPv6 ? ip.MapToIPv4() : ip).ToString() : "";

    /// <summary>
    /// This node as the caller knows it, for scripts and seeds. A Host header may hold more than names are made of (<c>&amp;&amp;</c>, <c>;</c>, nothing):
    /// then it is the address that was connected to.
    /// </summary>
    public static string Origin(this HttpContext http) =>
        http.Request.Host.Value is { Length: > 0 and <= 255 } host && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':' or '[' or ']')
            ? $"{http.Request.Scheme}://{host}"
            : $"{http.Request.Scheme}://{new IPEndPoint(http.Connection.LocalIpAddress is { IsIPv4MappedToIPv6: true } mapped ? mapped.MapToIPv4() : http.Connection.LocalIpAddress ?? IPAddress.Loopback, http.Connection.LocalPort)}";

    /// <summary>Gates have no state and any will do. A client sends all calls of one through one silo: with several, a silo that stands still does not stop them all.</summary>
    const int Gates = 16;

    static int AnyGate => Random.Shared.Next(Gates);

    /// <summary>Asks the users' gate. <paramref name="longer"/>: what the answer may rightly take beyond the usual.</summary>
    public static Task<T> Gate<T>(this IGrainFactory grains, Func<IGateGrain, Task<T>> ask, TimeSpan longer = default) =>
        IsNear(grains) ? ask(grains.GetGrain<IGateGrain>(0)) : Insist(() => ask(grains.GetGrain<IGateGrain>(AnyGate)), longer);

    /// <summary>Asks the machines' gate. <paramref name="longer"/>: what the answer may rightly take beyond the usual.</summary>
    public static Task<T> MachineGate<T>(this IGrainFactory grains, Func<IMachineGateGrain, Task<T>> ask, TimeSpan longer = default) =>
        IsNear(grains) ? ask(grains.GetGrain<IMachineGateGrain>(0)) : Insist(() => ask(grains.GetGrain<IMachineGateGrain>(AnyGate)), longer);

    /// <summary>Asks the gate of those who read of deliveries.</summary>
    public static Task<T> Deliveries<T>(this IGrainFactory grains, Func<IDeliveryGateGrain, Task<T>> ask) =>
        IsNear(grains) ? ask(grains.GetGrain<IDeliveryGateGrain>(0)) : Insist(() => ask(grains.GetGrain<IDeliveryGateGrain>(AnyGate)));

    /// <summary>Asks the gate what this caller may read; throws the problem when that is nothing.</summary>
    public static async Task<Sight> MayRead(this HttpContext http, IGrainFactory grains, string permission)
    {
        var request = new ReadRequest(http.Credential(), http.Source(), permission);
        var answer = await grains.Gate(g => g.Sight(request));
        return answer.Sight ?? throw new RequestException(answer.Problem!);
    }

    /// <summary>As <see cref="MayRead"/>, where what is read cannot be divided: it takes the permission everywhere.</summary>
    public static async Task MayReadAll(this HttpContext http, IGrainFactory grains, string permission)
    {
        if (!(await http.MayRead(grains, permission)).IsWhole) throw new RequestException(new(ProblemCodes.Forbidden, $"You have the permission {permission} on some things only, and this shows all: it takes the permission on global."));
    }

    /// <summary>Why this caller is nobody; null when it is somebody.</summary>
    public static async Task<Problem?> Stranger(this HttpContext http, IGrainFactory grains)
    {
        var request = new ReadRequest(http.Credential(), http.Source(), "");
        return (await grains.Gate(g => g.Sight(request))).Problem;
    }

    /// <summary>A JSON body, read strictly: unknown fields, trailing text, other content types and deep nesting are refused by name.</summary>
    public static async Task<T> Body<T>(this HttpContext http, long? largest = null) where T : class
    {
        if (largest is not null) http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = largest;
        if (!http.Request.HasJsonContentType()) throw new RequestException(new(ProblemCodes.UnsupportedMediaType, "Send the body as application/json."));
        try
        {
            var body = await JsonSerializer.DeserializeAsync<T>(http.Request.Body, PpecJson.Options, http.RequestAborted);
            return body ?? throw new RequestException(new(ProblemCodes.Malformed, "The body is null: send an object."));
        }
        catch (JsonException e)
        {
            var field = e.Path is { Length: > 2 } path ? path[2..] : "";
            throw new RequestException(new(ProblemCodes.Malformed, $"The body cannot be read{(field.Length > 0 ? $" at {field}" : "")}: {Plain(e)}", field.Length > 0 ? [new(field, Plain(e))] : []));
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new RequestException(new(ProblemCodes.TooLarge, $"The body is larger than {(largest ?? PpecApi.LargestBody) >> 20} MiB."));
        }
    }

    /// <summary>The sentence a person needs; the framework's has type names in it.</summary>
    public static string Plain(JsonException e)
    {
        var message = e.Message.Split(" Path:")[0];
        if (message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal)) return "there is no such field.";
        if (message.Contains("missing required", StringComparison.OrdinalIgnoreCase)) return $"required fields are missing: {message[(message.LastIndexOf(':') + 1)..].Trim()}.";
        if (message.Contains("could not be converted", StringComparison.Ordinal)) return "the value has the wrong type.";
        return message.Contains("Ppec.", StringComparison.Ordinal) ? "the value is not what is expected there." : message;
    }

    /// <summary>Sends a command through the gate with everything the request says about it.</summary>
    public static Task<GateAnswer> Send(this HttpContext http, IGrainFactory grains, Command command, SecretText? secret = null)
    {
        var headers = http.Request.Headers;
        var planHash = Header("Ppec-Plan");
        // Its key is settled here: made again, the call is still the same command.
        var request = new GateRequest(
            http.Credential(), Header("Idempotency-Key") ?? Guid.NewGuid().ToString(), http.Source(), command with { PlanHash = planHash },
            Uri.UnescapeDataString(Header("Ppec-Reason") ?? "") is { Length: > 0 } reason ? reason : null, Header("Ppec-Ticket"), IfMatch(), http.WantsPlan(), secret, http.BreaksGlass());
        // A list of ten thousand takes its while to be worked out, and is not worked out twice at once.
        return command is Contracts.Machines.BulkCommand or Contracts.Changes.ApproveChange ? grains.Gate(g => g.ExecuteMany(request), WorkedOut) : grains.Gate(g => g.Execute(request));

        string? Header(string name)
        {
            if (!headers.TryGetValue(name, out var values) || values.ToString() is not { Length: > 0 } value) return null;
            return Uri.UnescapeDataString(value) is { Length: <= LongestText } text && !text.Any(char.IsControl) ? value : throw RequestException.Invalid(name, $"{name} is at most {LongestText} characters, with no control characters.");
        }

        long? IfMatch() => Header("If-Match") switch
        {
            null or "*" => null,
            var tag when long.TryParse(tag.Trim('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) => version,
            _ => throw RequestException.Invalid("If-Match", "If-Match is the version as the ETag gave it, such as \"3\"."),
        };
    }

    public static bool WantsPlan(this HttpContext http) => http.Request.Query["plan"].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        _ => throw RequestException.Invalid("plan", "plan is true or false."),
    };

    static bool BreaksGlass(this HttpContext http) => http.Request.Headers["Ppec-Break-Glass"].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        _ => throw RequestException.Invalid("Ppec-Break-Glass", "Ppec-Break-Glass is true or left out."),
    };

    /// <summary>What was answered instead of the thing: why not, the plan that was asked for, or the change that waits for a second person. Null: it is done.</summary>
    static async Task<IResult?> Instead(this HttpContext http, GateAnswer answer, IReadModel model)
    {
        if (answer.Problem is { } problem) return Problems.Of(problem);
        if (answer.Plan is { } plan)
        {
            http.Response.Headers["Ppec-Plan"] = plan.Hash;
            return Results.Json(plan, PpecJson.Options);
        }
        http.Response.Headers["Ppec-Position"] = answer.Position.ToString();
        await model.WaitFor(answer.Position, ReadYourWrites, http.RequestAborted);
        if (answer.Change is not { } change) return null;
        http.Response.Headers.Location = $"/api/v1/changes/{change}";
        return model.Find("change", change) is { } document ? Json(http, document, 202) : Problems.Of(new(ProblemCodes.Unavailable, $"Change {change} is open, and not yet visible: read it again."));
    }

    /// <summary>The answer to a mutation of a thing that can be read: its document as this write left it.</summary>
    public static async Task<IResult> Document(this HttpContext http, GateAnswer answer, IReadModel model, string noun, string id, int status, string? location = null)
    {
        if (await http.Instead(answer, model) is { } instead) return instead;
        if (location is not null) http.Response.Headers.Location = location;
        return model.Find(noun, id) is { } document ? Json(http, document, status) : Problems.Of(new(ProblemCodes.Unavailable, "It is done, and not yet visible: read it again."));
    }

    /// <summary>The answer to making a thing whose id the gate made.</summary>
    public static Task<IResult> Made(this HttpContext http, GateAnswer answer, IReadModel model, string noun, string plural) =>
        http.Document(answer, model, noun, answer.Id, 201, $"/api/v1/{plural}/{answer.Id}");

    /// <summary>The answer to making a thing of which something is said this once.</summary>
    public static async Task<IResult> Made<T>(this HttpContext http, GateAnswer answer, IReadModel model, string location, T made)
    {
        if (await http.Instead(answer, model) is { } instead) return instead;
        http.Response.Headers.Location = location;
        return Results.Json(made, PpecJson.Options, statusCode: 201);
    }

    /// <summary>The answer to a mutation after which there is nothing to show.</summary>
    public static async Task<IResult> Empty(this HttpContext http, GateAnswer answer, IReadModel model)
    {
        return await http.Instead(answer, model) ?? Results.NoContent();
    }

    /// <summary>Sends a command that starts work, and answers the operation; its plan, where that was asked for.</summary>
    public static async Task<IResult> Start(this HttpContext http, IGrainFactory grains, IReadModel model, Command command)
    {
        var answer = await http.Send(grains, command);
        return answer is { Problem: null, Plan: null, Change: null, Operation: { } operation }
            ? await http.Operation(answer, model, operation)
            : await http.Document(answer, model, "operation", "", 200);
    }

    /// <summary>The answer to a command that started work: the operation, which the caller follows at <c>Location</c>.</summary>
    public static async Task<IResult> Operation(this HttpContext http, GateAnswer answer, IReadModel model, string operation)
    {
        if (await http.Instead(answer, model) is { } instead) return instead;
        http.Response.Headers.Location = $"/api/v1/operations/{operation}";
        // Its own stream begins a moment after the machine's event; the event is what counts.
        for (var waited = TimeSpan.Zero; waited < ReadYourWrites; waited += Moment, await Task.Delay(Moment, http.RequestAborted))
            if (model.Find("operation", operation) is { } document) return Json(http, document, 202);
        return Problems.Of(new(ProblemCodes.Unavailable, $"Operation {operation} is started, and not yet visible: read it again."));
    }

    /// <summary>GET of one thing, now, at a time, or after a position.</summary>
    public static async Task<IResult> One(this HttpContext http, IReadModel model, IHistory history, string noun, string id, Sight sight)
    {
        await http.AwaitPosition(model);
        if (!model.Sees(sight, noun, id)) return Problems.NotFound($"{noun} {id}");
        var document = http.Time("at") is { } at ? await history.At(noun, id, at, http.RequestAborted) : model.Find(noun, id);
        return document is { } found ? Json(http, found, 200) : Problems.NotFound($"{noun} {id}");
    }

    public static async Task<IResult> List(this HttpContext http, IReadModel model, string noun, Sight sight)
    {
        var page = await http.Page(model, noun, sight);
        return Results.Stream(stream => WritePage(stream, page), "application/json");
    }

    /// <summary>The page that the query asks for. <paramref name="only"/>: a term that always holds beside its filter.</summary>
    public static async Task<Page> Page(this HttpContext http, IReadModel model, string noun, Sight sight, string? only = null)
    {
        var query = http.Request.Query;
        try
        {
            await http.AwaitPosition(model, texts: query.ContainsKey("after") && model.HasText(Text("filter")));
            return model.List(noun, new(only is null ? Text("filter") : $"{only} {Text("filter")}", Text("sort"), http.Limit(), Text("cursor")), sight);
        }
        catch (QueryException e)
        {
            throw RequestException.Invalid(e.Field, e.Message);
        }

        string? Text(string name) => query[name].ToString() is { Length: > 0 } value ? value : null;
    }

    public static int Limit(this HttpContext http) => http.Request.Query["limit"].ToString() switch
    {
        "" => 50,
        var text when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n >= 1 => Math.Min(n, 1000),
        _ => throw RequestException.Invalid("limit", "limit is 1 to 1000."),
    };

    public static DateTimeOffset? Time(this HttpContext http, string name) => http.Request.Query[name].ToString() switch
    {
        "" => null,
        var text when DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) => time,
        _ => throw RequestException.Invalid(name, $"{name} is a time such as 2026-11-23T09:00:00Z."),
    };

    public static LogPosition Position(this HttpContext http, string name) => http.Request.Query[name].ToString() switch
    {
        "" => LogPosition.Start,
        var text when LogPosition.TryParse(text, out var position) => position,
        _ => throw RequestException.Invalid(name, $"{name} is a position as Ppec-Position or an event gave it."),
    };

    /// <param name="http">The request, perhaps with <c>after</c>.</param>
    /// <param name="model">What is read.</param>
    /// <param name="texts">The full-text index is read too.</param>
    public static async Task AwaitPosition(this HttpContext http, IReadModel model, bool texts = false)
    {
        var position = http.Position("after");
        if (position != LogPosition.Start && !(await model.WaitFor(position, ReadYourWrites, http.RequestAborted) && (!texts || await model.WaitForTexts(position, ReadYourWrites, http.RequestAborted))))
            throw new RequestException(new(ProblemCodes.Unavailable, $"Position {position} is not visible yet: ask again."));
    }

    /// <summary>A stored document as it is; its version becomes the ETag.</summary>
    static IResult Json(HttpContext http, ReadOnlyMemory<byte> document, int status)
    {
        if (Version(document.Span) is { } version) http.Response.Headers.ETag = $"\"{version}\"";
        return Results.Stream(stream => stream.WriteAsync(document).AsTask(), "application/json").WithStatus(status);
    }

    static long? Version(ReadOnlySpan<byte> document)
    {
        var reader = new Utf8JsonReader(document);
        while (reader.Read())
            if (reader is { TokenType: JsonTokenType.PropertyName, CurrentDepth: 1 } && reader.ValueTextEquals("version"u8) && reader.Read() && reader.TokenType == JsonTokenType.Number)
                return reader.GetInt64();
        return null;
    }

    static async Task WritePage(Stream stream, Page page)
    {
        await using var writer = new Utf8JsonWriter(stream);
        writer.WriteStartObject();
        writer.WriteStartArray("items");
        foreach (var item in page.Items)
        {
            writer.WriteRawValue(item.Span, skipInputValidation: true);
            // A buffer of a whole page would be a large object, and those are collected rarely and at length.
            if (writer.BytesPending > 16_384) await writer.FlushAsync();
        }
        writer.WriteEndArray();
        if (page.NextCursor is not null) writer.WriteString("nextCursor", page.NextCursor);
        writer.WriteNumber("total", page.Total);
        writer.WriteBoolean("totalIsMore", page.TotalIsMore);
        writer.WriteEndObject();
    }

    static IResult WithStatus(this IResult result, int status) => new StatusResult(result, status);

    sealed class StatusResult(IResult result, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            return result.ExecuteAsync(httpContext);
        }
    }
}
