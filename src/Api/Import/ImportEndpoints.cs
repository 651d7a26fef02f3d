using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Ppec.Api.Machines;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Import;

/// <summary>A site as a file, in and out. The formats are read and written here; what becomes of the rows is the gate's affair.</summary>
static class ImportEndpoints
{
    const string Csv = "text/csv";
    const string Yaml = "application/yaml";
    const string Json = "application/json";

    public static void MapImport(this IEndpointRouteBuilder routes)
    {
        var files = routes.MapGroup("/api/v1").WithTags("import and export");

        files.MapPost("/import", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            await http.MayRead(grains, "machine.import");
            var file = Read(Format(http, MediaType(http)), await Bytes(http));
            return await http.Start(grains, model, new ImportMany(file) { MaxParallel = RackMany.Parallel });
        }).Named("site_import", "Imports regions, racks, profiles and machines of a file: every row, or no machine").Accepts<JsonElement>(Csv, Yaml, Json)
            .Produces<ProblemDocument>(413, Problems.ContentType).Produces<ProblemDocument>(415, Problems.ContentType).WithQuery("format").Starts();

        files.MapGet("/export", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            foreach (var noun in (string[])["region.read", "rack.read", "profile.read", "machine.read"]) await http.MayReadAll(grains, noun);
            var format = Format(http, "");
            var nouns = http.Request.Query["noun"].ToString() switch
            {
                "" => YamlSite.Nouns,
                var one when YamlSite.Nouns.Contains(one) => [one],
                _ => throw RequestException.Invalid("noun", $"noun is {string.Join(", ", YamlSite.Nouns)}; left out, all of them."),
            };
            try
            {
                var rows = Exported.Rows(model, http.Request.Query["filter"].ToString() is { Length: > 0 } filter ? filter : null);
                return format switch
                {
                    "csv" => Results.Text(CsvSite.Write(nouns, rows), Csv),
                    "netbox" => Results.Bytes(NetBoxSite.Write(nouns, rows), Json),
                    _ => Results.Text(YamlSite.Write(nouns, rows), Yaml),
                };
            }
            catch (QueryException e)
            {
                throw RequestException.Invalid(e.Field, e.Message);
            }
        }).Named("site_export", "Everything that an import takes, as a file; passwords are never in it").Produces<JsonElement>(200, Yaml, Csv, Json).WithQuery("format", "noun", "filter");
    }

    static SiteFile Read(string format, byte[] bytes)
    {
        var rows = new SiteRows();
        var text = FileText.Of(bytes);
        switch (format)
        {
            case "csv": CsvSite.Read(text, rows); break;
            case "netbox": NetBoxSite.Read(System.Text.Encoding.UTF8.GetBytes(text), rows); break;
            default: YamlSite.Read(text, rows); break;
        }
        return rows.Done();
    }

    static string Format(HttpContext http, string otherwise) => http.Request.Query["format"].ToString() switch
    {
        "" => otherwise.Length > 0 ? otherwise : "yaml",
        ("csv" or "yaml" or "netbox") and var format => format,
        _ => throw RequestException.Invalid("format", "format is csv, yaml or netbox."),
    };

    /// <summary>The format that a body's type means; a format that is asked for by name goes before it.</summary>
    static string MediaType(HttpContext http) => http.Request.ContentType?.Split(';')[0].Trim().ToLowerInvariant() switch
    {
        Csv => "csv",
        Yaml or "application/x-yaml" or "text/yaml" => "yaml",
        Json => "netbox",
        _ => throw new RequestException(new(ProblemCodes.UnsupportedMediaType, $"Send the file as {Csv}, {Yaml} or, as NetBox shows it, {Json}.")),
    };

    static async Task<byte[]> Bytes(HttpContext http)
    {
        http.Features.Get<IHttpMaxRequestBodySizeFeature>()!.MaxRequestBodySize = ManyMachinesEndpoints.LargestList;
        try
        {
            using var bytes = new MemoryStream();
            await http.Request.Body.CopyToAsync(bytes, http.RequestAborted);
            return bytes.ToArray();
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw new RequestException(new(ProblemCodes.TooLarge, $"The file is larger than {ManyMachinesEndpoints.LargestList >> 20} MiB: do it in parts."));
        }
    }
}
