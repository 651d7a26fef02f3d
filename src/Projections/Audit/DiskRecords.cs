using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Disks;
using Ppec.Contracts.Events;
using Ppec.Contracts.Queries;
using Ppec.Domain.Machines;

namespace Ppec.Projections.Audit;

/// <summary>Reads what machines' streams say of a disk's wipes, straight from the log: who began each, for which change, and where it stands.</summary>
public sealed class DiskRecords(IEventStore store, IEventCodec codec, IReadModel model, ILogTree tree) : IDiskRecords
{
    /// <summary>What began an operation.</summary>
    sealed record Beginning(EventMetadata By, string? PlanHash);

    public async Task<DiskRecord?> Of(string serial, CancellationToken cancellation)
    {
        if (model.Disk(serial) is not { } disk) return null;
        var (head, wipes) = (tree.Heads.LastOrDefault(), ImmutableArray.CreateBuilder<WipeRecord>());
        foreach (var machine in disk.Wipes.Select(w => w.Machine).Distinct(StringComparer.Ordinal))
            await foreach (var (wiped, e, began) in Wipes(machine, disk.Serial, cancellation))
            {
                var w = wiped.Wipe;
                wipes.Add(new(
                    new DiskWipeView(machine, wiped.Operation, w.Method, w.SanitizationClass, w.Verified, w.SamplesRead, w.StartedAt, w.FinishedAt, w.Error), e.Position.ToString(),
                    began?.By.Actor, began?.By.Reason, began?.By.Ticket, began?.By.Time, began?.PlanHash, Change(began?.By.Change), head is null ? null : await tree.Prove(e.Position, head.Size, cancellation)));
            }
        return new(disk, [.. wipes.OrderBy(w => w.Wipe.StartedAt)], head);
    }

    async IAsyncEnumerable<(DiskWiped Wiped, RecordedEvent Event, Beginning? Began)> Wipes(string machine, string serial, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var begun = new Dictionary<string, Beginning>(StringComparer.Ordinal);
        await foreach (var e in store.ReadStream($"machine-{machine}", 0, cancellation))
        {
            var said = codec.Decode(e.Type, e.Data);
            if (Begins(said) is var (operation, hash)) begun[operation] = new(Feed.Metadata(e), hash);
            if (said is DiskWiped wiped && wiped.Wipe.Serial == serial) yield return (wiped, e, begun.GetValueOrDefault(wiped.Operation));
        }
    }

    ChangeView? Change(string? id) => id is not null && model.Find("change", id) is { } document ? JsonSerializer.Deserialize<ChangeView>(document.Span, Trails.Kept) : null;

    static (string Operation, string? PlanHash)? Begins(IDomainEvent said) => said switch
    {
        ReleaseStarted e      => (e.Operation, e.PlanHash),
        RetirementStarted e   => (e.Operation, e.PlanHash),
        ReimagingStarted e    => (e.Operation, e.PlanHash),
        ProvisioningStarted e => (e.Operation, e.PlanHash),
        InspectionStarted e   => (e.Operation, null),
        ErrandStarted e       => (e.Operation, null),
        _                     => null,
    };
}
