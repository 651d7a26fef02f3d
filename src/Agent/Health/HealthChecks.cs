using System.Collections.Immutable;
using Ppec.Agent.Linux;
using Ppec.Agent.Survey;
using Ppec.Agent.Tasks;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Health;

/// <summary>The quick checks, one after another; the kernel log last, so that it tells what the others provoked. Nothing is written anywhere.</summary>
internal sealed class HealthChecks(SysTree tree, IDisks disks)
{
    internal HealthReport Run(CheckHealth work, WorkLog log, CancellationToken stop)
    {
        var rows = ImmutableArray.CreateBuilder<HealthCheck>();
        void Add(int percent, string what, Func<IEnumerable<HealthCheck>> check)
        {
            stop.ThrowIfCancellationRequested();
            log.At(percent, what);
            foreach (var row in check())
            {
                log.Line($"{row.Check} {row.Part}: {row.Status}: {row.Detail}");
                rows.Add(row);
            }
        }

        Add(0, "memory", () => [MemoryCheck.Run(work.MemoryMiB, BoardSurvey.KiB(tree.Text("proc/meminfo"), "MemAvailable:") / 1024, stop)]);
        Add(30, "processors", () => CpuCheck.Run(TimeSpan.FromSeconds(work.CpuSeconds), stop));
        Add(60, "disk reads", () => disks.List().Select(d => DiskReadCheck.Run(disks, d, work.DiskReadMiB, stop)));
        Add(85, "SMART", () => disks.List().Select(SmartCheck.Run));
        Add(95, "kernel log", () => KernelLogCheck.Run(KernelLogCheck.Read()));
        return new(rows.ToImmutable());
    }
}
