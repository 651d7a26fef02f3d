using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Machines;

/// <summary>Commands to many machines: each is one planned operation with a child for every machine.</summary>
static class ManyMachinesEndpoints
{
    /// <summary>Ten thousand rows of a list.</summary>
    public const long LargestList = 32L << 20;

    public static void MapManyMachines(this IEndpointRouteBuilder routes)
    {
        var machines = routes.MapGroup("/api/v1/machines").WithTags("machines");

        Many(machines, ChildVerbs.Inspect, "Inspects many, a few at a time");
        Many(machines, ChildVerbs.Release, "Wipes and inspects many, back to the pool");
        Many(machines, ChildVerbs.Retire, "Ends the life of many; those in production are released first");
        Many(machines, ChildVerbs.Tag, "Sets and removes tags of many");

        machines.MapPost("/provision", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<ProvisionManyBody>();
            return await http.Start(grains, model, new ProvisionMany(body) { MaxParallel = body.MaxParallel, StopAfterFailures = body.StopAfterFailures });
        }).Named("machine_provision_many", "Installs an image on so many spares of a type, with substitutes").Takes<ProvisionManyBody>().Starts().Produces<ProblemDocument>(507, Problems.ContentType);

        machines.MapPost("/rack", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<RackManyBody>(LargestList);
            return await http.Start(grains, model, new RackMany(body.Machines.IsDefault ? [] : body.Machines) { MaxParallel = body.MaxParallel });
        }).Named("machine_rack_many", "Racks all machines of a list, or none").Takes<RackManyBody>().Starts();
    }

    static void Many(RouteGroupBuilder machines, string verb, string summary) =>
        machines.MapPost($"/{verb}", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<ManyMachinesBody>();
            var tag = verb == ChildVerbs.Tag ? new TagBody(body.Set ?? ImmutableDictionary<string, string>.Empty, body.Remove.IsDefault ? [] : body.Remove) : null;
            return await http.Start(grains, model, new ManyMachines(verb, body.Filter, body.Machines.IsDefault ? [] : body.Machines, tag) { MaxParallel = body.MaxParallel, StopAfterFailures = body.StopAfterFailures });
        }).Named($"machine_{verb}_many", summary).Takes<ManyMachinesBody>().Starts();
}
