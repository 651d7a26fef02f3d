using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Queries;
using Ppec.Domain.Access;
using Ppec.Grains.Gate;

namespace Ppec.Grains.Access;

public sealed class QuotaGrain(IReadModel readModel, TimeProvider time) : Grain, IQuotaGrain
{
    /// <summary>By then a command has been decided, and what it did can be read; or it did nothing.</summary>
    static readonly TimeSpan Pending = TimeSpan.FromMinutes(1);

    readonly Dictionary<string, (string Type, DateTimeOffset At)> _taken = new(StringComparer.Ordinal);

    string Owner => this.GetPrimaryKeyString();

    public Task<Problem?> Room(string type, int count, ImmutableSortedDictionary<string, long> quotas)
    {
        foreach (var (machine, (_, at)) in _taken.ToList())
            if (time.GetUtcNow() - at > Pending || IsOurs(machine)) _taken.Remove(machine);
        return Task.FromResult(Quotas.Exceeded(Owner, quotas, type, count, Has) is { } exceeded ? new Problem(ProblemCodes.QuotaExceeded, exceeded) : null);
    }

    public async Task<Problem?> Take(string machine, string type, ImmutableSortedDictionary<string, long> quotas)
    {
        if (_taken.ContainsKey(machine)) return null;
        if (await Room(type, 1, quotas) is { } full) return full;
        _taken[machine] = (type, time.GetUtcNow());
        return null;
    }

    public Task Free(string machine)
    {
        _taken.Remove(machine);
        return Task.CompletedTask;
    }

    long Has(string? type) =>
        readModel.List("machine", new(type is null ? $"owner:{Owner}" : $"owner:{Owner} type:{type}", null, 1, null)).Total + _taken.Values.Count(t => type is null || t.Type == type);

    bool IsOurs(string machine) =>
        readModel.Find("machine", machine) is { } document && JsonSerializer.Deserialize<MachineView>(document.Span, Shown.Options)!.Owner == Owner;
}
