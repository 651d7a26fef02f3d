using System.Security.Cryptography;
using Ppec.Agent;
using Ppec.Agent.Boot;
using Ppec.Agent.Link;
using Ppec.Agent.Linux;
using Ppec.Agent.Survey;
using Ppec.Agent.Tasks;
using Ppec.Contracts.Agents;

// Whatever happens below, the machine ends powered off: a machine in PIOUS without a session is of use to nobody.
try
{
    var (boot, error) = BootArguments.Parse(SysTree.Live.Text("proc/cmdline"));
    if (boot is null) return Say(error!);
    if (boot.Time is { } time) Host.SetClock(time);
    Say($"{AgentVersion.Text}, calling {boot.Url}");

    var request = new SessionRequest(boot.Token, RandomNumberGenerator.GetHexString(32), MachineSurvey.Evidence(SysTree.Live), AgentVersion.Text);
    var (link, granted) = await ControlPlane.Open(boot.Url, request, TimeProvider.System, text => Say(text), CancellationToken.None);
    using (link)
    {
        Host.SetClock(granted.Time);
        Say($"session for machine {granted.Machine}, operation {granted.Operation ?? "none"}");
        var loop = new TaskLoop(link, new Journal("/run/ppec-agent.journal"), new Post(link, granted.Operation ?? "", TimeProvider.System).Perform, TimeProvider.System);
        Say(await loop.Run(CancellationToken.None) + ": powering off");
    }
}
catch (SessionEndedException e) { Say(e.Message + ": powering off"); }
finally { if (Environment.ProcessId != 1 && args is ["--power-off"]) Host.PowerOff(); }

return 0;

static int Say(string text)
{
    Console.WriteLine("ppec-agent: " + text);
    return 1;
}
