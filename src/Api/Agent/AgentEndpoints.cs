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
            Answer(await grains.MachineGate().Connect(await http.Body<SessionRequest>(), http.Source())));

        agent.MapGet("/task", async (HttpContext http, IGrainFactory grains) =>
        {
            var wait = int.TryParse(http.Request.Query["wait"], out var seconds) && seconds >= 0 ? TimeSpan.FromSeconds(seconds) : TimeSpan.Zero;
            var answer = await grains.MachineGate().NextTask(http.Credential(), wait < LongestWait ? wait : LongestWait);
            // The agent knows this node by the name it came by.
            return answer.Value is { Work: InstallImage install } task
                ? Results.Json(task with { Work = install with { BeaconUrl = http.Origin() + install.BeaconUrl } }, PpecJson.Options)
                : Answer(answer);
        });

        agent.MapPost("/tasks/{id}/progress", async (string id, HttpContext http, IGrainFactory grains) =>
            Done(await grains.MachineGate().Progress(http.Credential(), id, await http.Body<TaskProgress>())));

        agent.MapPost("/tasks/{id}/result", async (string id, HttpContext http, IGrainFactory grains) =>
            Done(await grains.MachineGate().Result(http.Credential(), id, await http.Body<TaskResult>())));

        agent.MapGet("/images/{sha256}", async (string sha256, HttpContext http, IGrainFactory grains, IImageContent content) =>
        {
            if (await grains.MachineGate().MayFetchImage(http.Credential(), sha256) is { } problem) return Problems.Of(problem);
            return content.Open(sha256) is { } file
                ? Results.Stream(file, "application/octet-stream", enableRangeProcessing: true)
                : Problems.Of(new(ProblemCodes.ImageContentMissing, $"The content sha256:{sha256} is not here."));
        });

        agent.MapPost("/beacon", async (HttpContext http, IGrainFactory grains) =>
            Done(await grains.MachineGate().Beacon(await http.Body<Beacon>(), http.Source())));
    }

    static IResult Answer<T>(AgentAnswer<T> answer) where T : class =>
        answer.Problem is { } problem ? Problems.Of(problem) : answer.Value is { } value ? Results.Json(value, PpecJson.Options) : Results.NoContent();

    static IResult Done(AgentAnswer<string> answer) => answer.Problem is { } problem ? Problems.Of(problem) : Results.NoContent();
}
