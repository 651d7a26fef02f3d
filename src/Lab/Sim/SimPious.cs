using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using Ppec.Contracts.Agents;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Sim;

/// <summary>PIOUS on a simulated machine: the agent's protocol, truthfully, from simulated hardware. Returning means that the machine powers off.</summary>
internal sealed class SimPious(SimMachine machine, SimWorld world)
{
    /// <summary>The longest a task request waits at PPEC for work.</summary>
    const int WaitSeconds = 20;

    readonly Dictionary<string, TaskResult> journal = [];

    MachinePlan Plan => machine.Plan;

    public async Task Run(string arguments, CancellationToken mains)
    {
        machine.Enter("pious");
        await world.Pace(mains);
        var words = arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (Value(words, "ppec.url=") is not { } text || Value(words, "ppec.token=") is not { } token || !Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var ppec) || Plan.Has("silent"))
        {
            machine.Enter("pious: silent");
            await Task.Delay(Timeout.InfiniteTimeSpan, mains); // a kernel that calls nobody
            return;
        }

        var credential = await SignIn(ppec, token, mains);
        while (true)
        {
            if (await NextTask(ppec, credential, mains) is { } task && await Work(ppec, credential, task, mains) && task.Work is PowerDown) return;
        }
    }

    async Task<string> SignIn(Uri ppec, string token, CancellationToken mains)
    {
        var request = new SessionRequest(token, RandomNumberGenerator.GetHexString(32), SimHardware.Evidence(Plan), "lab");
        using var answer = await world.Insist(HttpMethod.Post, new Uri(ppec, "agent/v1/session"), null, request, mains);
        if (!answer.IsSuccessStatusCode) throw new SessionEndedException($"the boot token was answered {(int)answer.StatusCode}");
        var granted = await answer.Content.ReadFromJsonAsync<SessionGranted>(SimWorld.Json, mains);
        return granted?.Credential ?? throw new SessionEndedException("the session came without a credential");
    }

    async Task<AgentTask?> NextTask(Uri ppec, string credential, CancellationToken mains)
    {
        machine.Enter("pious");
        while (true)
        {
            using var answer = await world.Insist(HttpMethod.Get, new Uri(ppec, $"agent/v1/task?wait={WaitSeconds}"), credential, null, mains);
            Refused(answer);
            if (answer.StatusCode == HttpStatusCode.OK) return await answer.Content.ReadFromJsonAsync<AgentTask>(SimWorld.Json, mains);
            // A server that does not wait would be asked as fast as it answers.
            await Task.Delay(answer.StatusCode == HttpStatusCode.NoContent ? TimeSpan.FromMilliseconds(50) : TimeSpan.FromSeconds(1), mains);
        }
    }

    /// <summary>False when PPEC no longer wants the result.</summary>
    async Task<bool> Work(Uri ppec, string credential, AgentTask task, CancellationToken mains)
    {
        var name = task.Work.GetType().Name;
        machine.Enter($"pious: {name}");
        if (!journal.TryGetValue(task.Id, out var result))
        {
            if (!await Report(ppec, credential, task, new TaskProgress(0, name, [$"{name} started"]), mains)) return false;
            await world.Pace(mains);
            result = task.Work switch
            {
                GatherInventory => new TaskResult(null, Inventory: SimHardware.Inventory(Plan)),
                CheckHealth work => new TaskResult(null, Health: SimHardware.Health(Plan, work)),
                InstallImage work => await new SimInstall(machine, world).Run(ppec, credential, work, p => Report(ppec, credential, task, p, mains), mains),
                WipeDisks work => SimWipe.Run(machine, work),
                PowerDown => new TaskResult(null),
                _ => new TaskResult($"This agent does not know {name}."),
            };
            if (result is null) return false;
            journal[task.Id] = result;
        }

        using var answer = await world.Insist(HttpMethod.Post, new Uri(ppec, $"agent/v1/tasks/{Uri.EscapeDataString(task.Id)}/result"), credential, result, mains);
        Refused(answer);
        return answer.IsSuccessStatusCode;
    }

    /// <summary>False = stop: cancelled, or from an older generation.</summary>
    async Task<bool> Report(Uri ppec, string credential, AgentTask task, TaskProgress progress, CancellationToken mains)
    {
        using var answer = await world.Insist(HttpMethod.Post, new Uri(ppec, $"agent/v1/tasks/{Uri.EscapeDataString(task.Id)}/progress"), credential, progress, mains);
        Refused(answer);
        return answer.IsSuccessStatusCode;
    }

    static void Refused(HttpResponseMessage answer)
    {
        if (answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) throw new SessionEndedException($"the session was ended ({(int)answer.StatusCode})");
    }

    static string? Value(string[] words, string name) => Array.Find(words, w => w.StartsWith(name, StringComparison.Ordinal))?[name.Length..];
}
