using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Operations;

namespace Ppec.Api;

/// <summary>What an endpoint says of itself in the OpenAPI document: each line of a route reads as its documentation.</summary>
static class OpenApi
{
    /// <summary>It changes something: it may be planned, and may have to wait for a second person.</summary>
    sealed record Mutation;

    sealed record Parameters(ParameterLocation In, string[] Names);

    static readonly Dictionary<string, string> Meanings = new(StringComparer.Ordinal)
    {
        ["filter"] = "Filter, such as `stage:spare type:compute-v3,compute-v4 tag.team=payments cpu>=64 -hold free text`; `@name` stands for a saved one. The grammar stands at the head of this document.",
        ["q"] = "What to find: a serial, MAC or IP address, BMC address, disk serial, hostname, name, id, or a part of one.",
        ["serial"] = "The disk's serial number, whatever its case.",
        ["position"] = "The event's position in the log.",
        ["sha256"] = "SHA-256 of the file, 64 lower-case hex digits.",
        ["sort"] = "`id`, `time` (or `created`), `updated`, `stage`, `type`, `region`, `rack`, `profile`, `owner`, `hostname`, `image`, `name`, `serial`, `state`, `kind`, `cpu`, `memory`, `disks`, `unit` or `failures`; `-` before it for descending. What lacks it comes last.",
        ["limit"] = "Rows a page, 1 to 1000; 50 unless said.",
        ["cursor"] = "`nextCursor` of the page before.",
        ["after"] = "Wait until this log position is visible (`Ppec-Position` of a write).",
        ["at"] = "As it was at this time (RFC 3339).",
        ["from"] = "Where or when to begin.",
        ["to"] = "When to end; now unless said.",
        ["stream"] = "Only streams whose name begins so.",
        ["format"] = "`csv`, `yaml` or `netbox`; left out, what the type of the body says (an export: `yaml`).",
        ["size"] = "How many events the head is of that it is proven against; the newest head unless said.",
        ["noun"] = "Only `regions`, `racks`, `profiles` or `machines`.",
        ["user"] = "A user's id.",
        ["permission"] = "A permission, such as `machine.release`.",
        ["resource"] = "A thing, `NOUN:ID`, such as `machine:sn-7c4k2`.",
        ["machine"] = "A machine's id.",
        ["operation"] = "An operation's id.",
        ["source"] = "`ppec`, `agent`, `beacon` or `boot`.",
        ["level"] = "At least so grave: `info`, `warning` or `error`.",
        ["text"] = "A part of the line, whatever its case.",
        ["plan"] = "`true` answers the plan and changes nothing.",
        ["Idempotency-Key"] = "The same key again changes nothing more and answers the same.",
        ["If-Match"] = "The version (ETag) that must still hold.",
        ["Ppec-Plan"] = "The hash of the plan to apply; refused (412) when it has moved.",
        ["Ppec-Break-Glass"] = "`true` does it at once though a policy asks for a second person. Takes `change.break-glass` and a reason; it is reviewed by somebody else.",
        ["Ppec-Reason"] = "Why, percent-encoded UTF-8; kept with the events.",
        ["Ppec-Ticket"] = "A ticket number elsewhere; kept with the events.",
    };

    /// <summary>What names one thing of each noun; by the path's plural.</summary>
    static readonly Dictionary<string, string> Ids = new(StringComparer.Ordinal)
    {
        ["machines"] = "The machine's id: the slug of its serial number, such as `sn-7c4k2`.",
        ["operations"] = "The operation's id: 26 characters.",
        ["regions"] = "The region's id, such as `blr1`.",
        ["racks"] = "The rack's id, such as `blr1.r12`.",
        ["profiles"] = "A profile's name and version, such as `compute-v3`.",
        ["filters"] = "The saved filter's name, without `@`.",
        ["tags"] = "The tag's key; a slash in it as `%2F`.",
        ["webhooks"] = "The webhook's name.",
        ["alerts"] = "The alert's id: its source and what it is of, such as `machine-held.sn-7c4k2.operator`.",
        ["users"] = "The user's id, such as `alice`.",
        ["groups"] = "The group's id, such as `ops`.",
        ["roles"] = "The role's id, such as `operator`.",
        ["changes"] = "The change's id: 26 characters.",
        ["grants"] = "The grant's id: 26 characters.",
        ["owners"] = "The owner's id, such as `payments`.",
        ["policies"] = "The policy's id.",
        ["credentials"] = "The credential's id: the third part of its token.",
        ["images"] = "An image's name and version, such as `debian-12-hardened@3`.",
    };

    /// <summary>The filter language's grammar, as it is written once.</summary>
    static string Grammar()
    {
        using var text = new StreamReader(typeof(OpenApi).Assembly.GetManifestResourceStream("filter.ebnf")!);
        return text.ReadToEnd();
    }

    public static RouteHandlerBuilder Named(this RouteHandlerBuilder route, string name, string summary) =>
        route.WithName(name).WithSummary(summary)
            .Produces<ProblemDocument>(400, Problems.ContentType).Produces<ProblemDocument>(401, Problems.ContentType).Produces<ProblemDocument>(403, Problems.ContentType).Produces<ProblemDocument>(429, Problems.ContentType).Produces<ProblemDocument>(503, Problems.ContentType);

    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder route, int status) =>
        status == 201 ? route.Produces<T>(status).Mutates() : route.Produces<T>(status).Produces<ProblemDocument>(404, Problems.ContentType);

    public static RouteHandlerBuilder Lists<T>(this RouteHandlerBuilder route) =>
        route.Produces<ListPage<T>>(200).WithQuery("filter", "sort", "limit", "cursor", "after");

    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder route) where T : notnull =>
        route.Accepts<T>("application/json").Produces<ProblemDocument>(413, Problems.ContentType).Produces<ProblemDocument>(415, Problems.ContentType);

    public static RouteHandlerBuilder Mutates(this RouteHandlerBuilder route) =>
        route.Produces<ProblemDocument>(404, Problems.ContentType).Produces<ProblemDocument>(409, Problems.ContentType).Produces<ProblemDocument>(412, Problems.ContentType).Produces<ProblemDocument>(422, Problems.ContentType)
            .WithMetadata(new Mutation()).WithMetadata(new Parameters(ParameterLocation.Header, ["Idempotency-Key", "If-Match", "Ppec-Plan", "Ppec-Reason", "Ppec-Ticket", "Ppec-Break-Glass"]));

    public static RouteHandlerBuilder Starts(this RouteHandlerBuilder route) => route.Produces<OperationView>(202).Mutates();

    public static RouteHandlerBuilder WithAt(this RouteHandlerBuilder route) => route.WithQuery("at", "after");

    public static RouteHandlerBuilder WithQuery(this RouteHandlerBuilder route, params string[] names) =>
        route.WithMetadata(new Parameters(ParameterLocation.Query, names));

    /// <summary>One more thing that a status may mean.</summary>
    static async Task Also<T>(OpenApiOperation operation, OpenApiOperationTransformerContext context, string status, string description, CancellationToken cancellation)
    {
        const string Json = "application/json";
        var schema = await context.GetOrCreateSchemaAsync(typeof(T), cancellationToken: cancellation);
        context.Document!.AddComponent(typeof(T).Name, schema);
        var reference = new OpenApiSchemaReference(typeof(T).Name, context.Document);
        operation.Responses ??= [];
        if (!operation.Responses.TryGetValue(status, out var response)) operation.Responses[status] = response = new OpenApiResponse { Description = description, Content = new Dictionary<string, OpenApiMediaType>() };
        var content = response.Content!;
        if (!content.TryGetValue(Json, out var media)) content[Json] = new OpenApiMediaType { Schema = reference };
        else if (media.Schema is OpenApiSchemaReference { Reference.Id: var id } && id == typeof(T).Name) return;
        else media.Schema = new OpenApiSchema { OneOf = [media.Schema!, reference] };
    }

    public static IServiceCollection AddPpecOpenApi(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new() { Title = "PPEC", Version = "v1", Description = $"Machines from the rack to retirement. Errors are problem documents (RFC 9457) with a permanent `code`.\n\n## The filter language\n\n```ebnf\n{Grammar()}```" };
            document.Servers = [];
            document.Components ??= new();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes["bearer"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "A credential, ppec_…" };
            document.Security = [new() { [new OpenApiSecuritySchemeReference("bearer", document)] = [] }];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(async (operation, context, cancellation) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<Mutation>().Any())
            {
                await Also<Plan>(operation, context, "200", "What it would do, where only that was asked (`plan=true`).", cancellation);
                await Also<ChangeView>(operation, context, "202", "The change that waits for a second person, where a policy asks for one.", cancellation);
                (operation.Parameters ??= []).Add(new OpenApiParameter { Name = "plan", In = ParameterLocation.Query, Description = Meanings["plan"], Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            }
            foreach (var parameter in operation.Parameters?.OfType<OpenApiParameter>().Where(p => p.In == ParameterLocation.Path) ?? [])
                parameter.Description ??= Meanings.GetValueOrDefault(parameter.Name!) ?? Ids[context.Description.RelativePath!.Split('/')[2]];
            foreach (var parameters in context.Description.ActionDescriptor.EndpointMetadata.OfType<Parameters>())
                foreach (var name in parameters.Names)
                    (operation.Parameters ??= []).Add(new OpenApiParameter { Name = name, In = parameters.In, Description = Meanings[name], Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
            if (operation.Responses is { } responses)
            {
                operation.Responses = [];
                foreach (var (status, response) in responses.OrderBy(r => r.Key, StringComparer.Ordinal)) operation.Responses.Add(status, response);
            }
        });
        options.CreateSchemaReferenceId = type => type.Type == typeof(System.Text.Json.JsonElement) ? null : OpenApiOptions.CreateDefaultSchemaReferenceId(type);
        options.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(SecretText)) (schema.Type, schema.Format, schema.WriteOnly, schema.Description) = (JsonSchemaType.String, "password", true, "Goes to the secret store, and is never shown again.");
            return Task.CompletedTask;
        });
    });
}
