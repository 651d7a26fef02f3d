using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Api.Images;
using Ppec.Contracts;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Operations;

namespace Ppec.Api.Agent;

/// <summary>The agent's surface; the protocol is in <c>Contracts/Agents/AgentProtocol.cs</c>.</summary>
static class AgentEndpoints
{
    static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    public static void MapAgent(this IEndpointRouteBuilder routes)
    {
        var agent = routes.MapGroup("/agent/v1").ExcludeFromDescription();

        agent.MapPost("/session", async (HttpContext http, IGrainFactory grains) =>
        {
            var request = await http.Body<SessionRequest>();
            return Answer(await grains.MachineGate(g => g.Connect(request, http.Source())));
        });

        agent.MapGet("/task", async (HttpContext http, IGrainFactory grains) =>
        {
            var wait = int.TryParse(http.Request.Query["wait"], out var seconds) && seconds >= 0 ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
            if (wait > LongestWait) wait = LongestWait;
            var answer = await grains.MachineGate(g => g.NextTask(http.Credential(), wait), longer: wait);
            // The agent knows this node by the name it came by.
            return answer.Value is { Work: InstallImage install } task
                ? Results.Json(task with { Work = install with { BeaconUrl = http.Origin() + install.BeaconUrl } }, PpecJson.Options)
                : Answer(answer);
        });

        agent.MapPost("/tasks/{id}/progress", async (string id, HttpContext http, IGrainFactory grains) =>
        {
            var progress = await http.Body<TaskProgress>();
            return Done(await grains.MachineGate(g => g.Progress(http.Credential(), id, progress)));
        });

        agent.MapPost("/tasks/{id}/result", async (string id, HttpContext http, IGrainFactory grains) =>
        {
            var result = await http.Body<TaskResult>();
            return Done(await grains.MachineGate(g => g.Result(http.Credential(), id, result)));
        });

        agent.MapGet("/images/{sha256}", async (string sha256, HttpContext http, IGrainFactory grains, IImageContent content) =>
        {
            if (await grains.MachineGate(g => g.MayFetchImage(http.Credential(), sha256)) is { } problem) return Problems.Of(problem);
            return content.Open(sha256) is { } file
                ? Results.Stream(file, "application/octet-stream", enableRangeProcessing: true)
                : Problems.Of(new(ProblemCodes.ImageContentMissing, $"The content sha256:{sha256} is not here."));
        });

        agent.MapPost("/beacon", async (HttpContext http, IGrainFactory grains) =>
        {
            var beacon = await http.Body<Beacon>();
            return Done(await grains.MachineGate(g => g.Beacon(beacon, http.Source())));
        });
    }

    static IResult Answer<T>(AgentAnswer<T> answer) where T : class =>
        answer.Problem is { } problem ? Problems.Of(problem) : answer.Value is { } value ? Results.Json(value, PpecJson.Options) : Results.NoContent();

    static IResult Done(AgentAnswer<string> answer) => answer.Problem is { } problem ? Problems.Of(problem) : Results.NoContent();
}
