using Ppec.Contracts.Operations;
using Ppec.Domain.Operations;
using Ppec.Domain.Operations.Parents;

namespace Ppec.Grains.Tests.Rig;

/// <summary>Parent operations, as the log tells of them.</summary>
public static class Parents
{
    static readonly TimeSpan Look = TimeSpan.FromMilliseconds(600);

    public static ParentState? ParentOf(this World world, string id) =>
        world.Watch.Of($"parent-{id}").Cast<ParentEvent>().Aggregate((ParentState?)null, Parent.Evolve);

    /// <summary>Lets time pass as the parent looks at its children, until it ended.</summary>
    public static async Task<Ending> FinishParent(this World world, string id) => (await world.DriveParent(id, s => s.Ending is not null)).Ending!;

    /// <summary>Lets time pass until it has come so far.</summary>
    public static async Task<ParentState> DriveParent(this World world, string id, Func<ParentState, bool> enough)
    {
        for (var looks = 0; looks < 2000; looks++)
        {
            await world.Seen();
            if (world.ParentOf(id) is { } state && enough(state)) return state;
            await world.Inside(async g => { await g.GetGrain<IParentGrain>(id).Wake(); return true; });
            world.Time.Advance(Look);
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException($"{id} did not end: {string.Join(", ", world.ParentOf(id)!.Stand)}");
    }
}
