using System.Collections.Immutable;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Domain.Operations.Parents;
using Ppec.Grains.Gate;

namespace Ppec.Grains.Operations;

/// <summary>What each verb of a child is: an ordinary command, prepared and decided like any other. Each may be done again at any time.</summary>
public sealed class ChildWork(IGrainFactory grains, Preparation preparation)
{
    public static bool HasOperation(string verb) => verb is ChildVerbs.Inspect or ChildVerbs.Provision or ChildVerbs.Release or ChildVerbs.Retire;

    public async Task<Outcome> Do(Child child, ChildState stand, string verb, Caller caller, DateTimeOffset at)
    {
        var prepared = await preparation.Of(Command(child, stand, verb) with { At = at, ForChange = caller.Change }, null, caller);
        if (prepared.Problem is { } problem) return new(0, LogPosition.Start, problem);
        if (verb == ChildVerbs.Claim) return new(0, LogPosition.Start, null);
        var outcome = await grains.Carry(prepared.Command, caller);
        if (outcome.Problem is { Code: not ProblemCodes.OutcomeUnknown }) await prepared.Undo();
        if (outcome.Accepted) await prepared.Finish();
        return outcome.Problem is { Code: ProblemCodes.ProfileUnchanged } ? outcome with { Problem = null } : outcome;
    }

    /// <summary>What a claim took.</summary>
    public Task GiveBack(Child child, Caller caller, DateTimeOffset at) => preparation.GiveBack(Racking(child) with { At = at }, caller);

    static Command Command(Child child, ChildState stand, string verb) => verb switch
    {
        ChildVerbs.Inspect       => new InspectMachine(stand.Target) { Operation = stand.Operation! },
        ChildVerbs.Provision     => new ProvisionMachine(stand.Target, child.Provision!, null) { Operation = stand.Operation!, PlanHash = Planned(child, stand) },
        ChildVerbs.Release       => new ReleaseMachine(stand.Target) { Operation = stand.Operation!, PlanHash = Planned(child, stand) },
        ChildVerbs.Retire        => new RetireMachine(stand.Target) { Operation = stand.Operation!, PlanHash = Planned(child, stand) },
        ChildVerbs.Tag           => new TagMachine(stand.Target, child.Tag!.Set ?? ImmutableDictionary<string, string>.Empty, child.Tag.Remove),
        ChildVerbs.CreateRegion  => new CreateRegion(child.Region!.Id, child.Region.Description),
        ChildVerbs.CreateRack    => new CreateRack(child.Rack!.Id, child.Rack.Id.Split('.')[0], child.Rack.Units, child.Rack.Row, child.Rack.PowerFeed, child.Rack.SwitchPair),
        ChildVerbs.CreateProfile => new CreateProfileVersion(child.Profile!.Name, child.Profile.Spec),
        ChildVerbs.Claim or ChildVerbs.Rack => Racking(child),
        _ => throw new ArgumentException($"There is no verb {verb}.", nameof(verb)),
    };

    static RackMachine Racking(Child child) =>
        new(child.Target, child.Paper!.Serial, child.Paper.Place, child.Paper.Bmc, child.Paper.Profile, child.Paper.Macs, child.Paper.Name);

    /// <summary>The plan was of the machine named, and of its first verb.</summary>
    static string? Planned(Child child, ChildState stand) => stand.Verb == 0 && stand.Target == child.Target ? child.PlanHash : null;
}
