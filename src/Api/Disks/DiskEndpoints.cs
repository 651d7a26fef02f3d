using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Disks;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Disks;

static class DiskEndpoints
{
    public static void MapDisks(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/disks/{serial}", async (string serial, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var sight = await http.MayRead(grains, "disk.read");
            await http.AwaitPosition(model);
            return model.Disk(Uri.UnescapeDataString(serial)) is { } disk && disk.Stays.All(s => model.Sees(sight, "machine", s.Machine)) ? Results.Json(disk, PpecJson.Options) : Problems.NotFound($"disk {serial} in any machine, now or ever");
        }).WithTags("disks").Named("disk_show", "A disk's life by its serial: every machine it sat in, every wipe, and where it is now").Answers<DiskView>(200).WithQuery("after");

        routes.MapGet("/api/v1/disks/{serial}/record", async (string serial, HttpContext http, IGrainFactory grains, IReadModel model, IDiskRecords records) =>
        {
            await http.MayReadAll(grains, "audit.read");
            await http.AwaitPosition(model);
            return await records.Of(Uri.UnescapeDataString(serial), http.RequestAborted) is { } record ? Results.Json(record, PpecJson.Options) : Problems.NotFound($"disk {serial} in any machine, now or ever");
        }).WithTags("disks").Named("disk_record", "The same for an auditor: who had each wipe done, who agreed to which plan, and a proof that the log says so").Answers<DiskRecord>(200).WithQuery("after");

        routes.MapGet("/api/v1/find", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var sight = await http.MayRead(grains, "find.read");
            await http.AwaitPosition(model, texts: true);
            var text = http.Request.Query["q"].ToString().Trim();
            if (text.Length is < 1 or > 255 || text.Any(char.IsControl)) throw RequestException.Invalid("q", "Say what to find: 1 to 255 characters, with no control characters.");
            return Results.Json(new Items<FoundView>([.. model.Search(text).Where(f => model.Sees(sight, f.Noun == "disk" ? "machine" : f.Noun, f.Noun == "disk" ? f.On ?? "" : f.Id))]), PpecJson.Options);
        }).WithTags("find").Named("find", "Finds by serial, MAC, IP, BMC address, disk serial, hostname, name or id, in every noun; exact matches first, at most 50").Answers<Items<FoundView>>(200).WithQuery("q", "after");
    }
}
