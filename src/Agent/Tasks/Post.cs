using Ppec.Agent.Link;
using Ppec.Agent.Survey;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Tasks;

/// <summary>The closed list of what the agent does in PIOUS: one row for each kind of work.</summary>
internal sealed class Post
{
    internal async Task<TaskResult> Perform(AgentWork work, WorkLog log, CancellationToken stop) => work switch
    {
        GatherInventory => new(null, Inventory: MachineSurvey.Gather(SysTree.Live)),
        PowerDown       => new(null),
        _               => new($"This agent does not know how to {work.GetType().Name}."),
    };
}
