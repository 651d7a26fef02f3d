using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Ppec.Lab.Bmcs;

namespace Ppec.Lab.Plan;

/// <summary>
/// Faults by share of a fleet: <c>flap:5%</c>, <c>one-session:20</c>, <c>slow=8:1%</c>. Which machines have them follows from their names, so that the same plan
/// lies alike every time; no machine is given two, and none that has faults already.
/// </summary>
public static class Lies
{
    public static ImmutableArray<MachinePlan> Spread(ImmutableArray<MachinePlan> machines, IEnumerable<string> lies)
    {
        var honest = new Queue<int>(Enumerable.Range(0, machines.Length).Where(i => machines[i] is { Kind: MachineKind.Sim, Faults.IsEmpty: true }).OrderBy(i => Shuffled(machines[i].Name)));
        var spread = machines.ToBuilder();
        foreach (var lie in lies)
        {
            var (fault, count) = Read(lie, machines.Length);
            if (count > honest.Count) throw new PlanException($"--lie {lie}: {honest.Count} simulated machines are honest still.");
            while (count-- > 0)
            {
                var liar = honest.Dequeue();
                spread[liar] = spread[liar] with { Faults = [fault] };
            }
        }

        return spread.ToImmutable();
    }

    static (string Fault, int Count) Read(string lie, int machines)
    {
        if (lie.LastIndexOf(':') is var colon && colon > 0 && Count(lie[(colon + 1)..], machines) is { } count)
        {
            var name = lie[..colon];
            foreach (var fault in (ReadOnlySpan<string>)[name, $"bmc-{name}"])
                if (MachinePlan.HardwareFaults.Contains(fault) || new BmcFaults().Apply(fault)) return (fault, count);
            throw new PlanException($"--lie {lie}: there is no fault {name}.");
        }

        throw new PlanException($"--lie {lie}: say how many, as in flap:5% or flap:20.");
    }

    static int? Count(string text, int machines) =>
        text.EndsWith('%') ? int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var part) && part <= 100 ? (int)Math.Ceiling(machines * part / 100.0) : null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : null;

    static ulong Shuffled(string name) => BitConverter.ToUInt64(SHA256.HashData(Encoding.UTF8.GetBytes($"lie {name}")));
}
