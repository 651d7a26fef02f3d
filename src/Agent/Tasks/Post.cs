using Ppec.Agent.Health;
using Ppec.Agent.Install;
using Ppec.Agent.Link;
using Ppec.Agent.Linux;
using Ppec.Agent.Survey;
using Ppec.Agent.Wipe;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Tasks;

/// <summary>The closed list of what the agent does in PIOUS: one row for each kind of work.</summary>
internal sealed class Post(IControlPlane link, string operation, TimeProvider clock)
{
    readonly SysTree _tree = SysTree.Live;
    readonly LinuxDisks _disks = new(SysTree.Live);

    internal Task<TaskResult> Perform(AgentTask task, WorkLog log, CancellationToken stop) => task.Work switch
    {
        GatherInventory     => Task.FromResult(new TaskResult(null, Inventory: MachineSurvey.Gather(_tree))),
        CheckHealth work    => Task.FromResult(new TaskResult(null, Health: new HealthChecks(_tree, _disks).Run(work, log, stop))),
        InstallImage work   => new Installer(link, _disks, BoardSurvey.BootMode(_tree), clock).Run(work, task.Id, operation, log, stop),
        WipeDisks work      => new Wiper(_disks, clock).Run(work, log, stop),
        PowerDown           => Task.FromResult(new TaskResult(null)), // the loop ends after it, and the program with the loop
        _                   => Task.FromResult(new TaskResult($"This agent does not know how to {task.Work.GetType().Name}.")),
    };
}
