using Ppec.Agent.Link;
using Ppec.Agent.Tasks;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Tests.Fakes;

/// <summary>An agent in this process: a session with a fake PPEC, and the loop with stand-in work.</summary>
static class Machinery
{
    internal static readonly MachineEvidence Evidence = new("SN-1", "11111111-2222-3333-4444-555555555555", "BSN-1", ["52:54:00:00:00:01"]);

    internal static CancellationToken Soon => new CancellationTokenSource(TimeSpan.FromSeconds(30)).Token;

    internal static async Task<ControlPlane> Connect(FakePpec ppec) =>
        (await ControlPlane.Open(ppec.Url, new SessionRequest("the-token", "0123456789abcdef0123456789abcdef", Evidence, "test"), TimeProvider.System, _ => { }, Soon)).Link;

    internal static TaskLoop Loop(IControlPlane link, Perform perform, Journal? journal = null) =>
        new(link, journal ?? new Journal(null), perform, TimeProvider.System) { ReportEvery = TimeSpan.FromMilliseconds(50) };

    internal static Perform Always(TaskResult result) => (_, _, _) => Task.FromResult(result);
}
