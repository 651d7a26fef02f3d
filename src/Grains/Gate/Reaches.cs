using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;

namespace Ppec.Grains.Gate;

/// <summary>
/// The things a command touches, as grants and policies look at them: each as it is, and as it would be. Who gives a machine to another team, moves it to another rack
/// or tags it as something else must be allowed where it was and where it comes to.
/// </summary>
public sealed class Reaches(IGrainFactory grains, IReadModel readModel)
{
    public async ValueTask<ImmutableArray<Resource>> Of(Command command) => command switch
    {
        RackMachine c                    => [Placed(c.Machine, c.Place.Rack)],
        AcceptMachine c                  => [Placed(c.Machine, c.Place.Rack)],
        MachineCommand c                 => await Machine(c),
        RackCommand c                    => [new("rack", c.Rack, Region(c.Rack), c.Rack)],
        RegionCommand c                  => [new("region", c.Region, c.Region)],
        OperationCommand c               => Operation(c.Operation),
        RackMany c                       => [.. c.Machines.Select(m => m.Rack).Distinct().Select(r => Placed("*", r))],
        ImportMany c                     => [.. c.File.Regions.Select(r => r.Value.Id).Concat(c.File.Racks.Select(r => Region(r.Value.Id))).Concat(c.File.Machines.Select(m => Region(m.Value.Rack)))
                                                .Distinct().Select(r => new Resource("region", r, r)).DefaultIfEmpty(new("import", "*"))],
        // Which machines, its working out says, and asks of each.
        ManyMachines or ProvisionMany    => [],
        ChangeCommand                    => [],
        AlertCommand c                   => [await Alert(c.Alert)],
        AccessCommand c                  => [new(c.Noun, c.Subject)],
        CredentialCommand c              => [new("credential", c.Credential)],
        _                                => [new(command.Target.Split('-')[0], command.Target[(command.Target.IndexOf('-', StringComparison.Ordinal) + 1)..])],
    };

    /// <summary>The machine as grants look at it; unknown ones are nowhere.</summary>
    public async ValueTask<Resource> Machine(string id) => await grains.GetGrain<IMachineGrain>(id).Read() is { } view ? Of(view) : new("machine", id, "", "", "");

    /// <summary>An alert is where the thing is that it is of.</summary>
    async ValueTask<Resource> Alert(string id) =>
        await grains.GetGrain<IAlertGrain>(id).Read() is { } alert ? new("alert", id, alert.Region ?? "", alert.Rack ?? "", alert.Owner ?? "") : new("alert", id, "", "", "");

    /// <summary>Whether a machine carried this very command out before.</summary>
    public Task<bool> Answered(MachineCommand command, Caller caller) => grains.GetGrain<IMachineGrain>(command.Machine).Did(caller);

    /// <summary>A thing as a person names it, <c>machine:sn-1</c>; null for what is no name of one.</summary>
    public async ValueTask<Resource?> Named(string text) => text.Split(':', 2) switch
    {
        ["machine", { Length: > 0 } id]   => await Machine(id),
        ["region", { Length: > 0 } id]    => new("region", id, id),
        ["rack", { Length: > 0 } id]      => new("rack", id, Region(id), id),
        ["operation", { Length: > 0 } id] => Operation(id) is [var first, ..] ? first : null,
        [{ Length: > 0 } noun, { Length: > 0 } id] when Permissions.All.Any(p => p.StartsWith($"{noun}.", StringComparison.Ordinal)) => new(noun, id),
        _ => null,
    };

    /// <summary>A thing as it would be with other tags.</summary>
    public static Resource Tagged(Resource thing, ImmutableDictionary<string, string> set, ImmutableArray<string> remove) =>
        thing with { Tags = (thing.Tags ?? ImmutableDictionary<string, string>.Empty).SetItems(set).RemoveRange(remove.Except(set.Keys)) };

    static bool Same(Resource a, Resource b) => a with { Tags = null } == b with { Tags = null } && (a.Tags ?? ImmutableDictionary<string, string>.Empty).ToHashSet().SetEquals(b.Tags ?? ImmutableDictionary<string, string>.Empty);

    public static Resource Of(MachineView view) => new("machine", view.Id, view.Region ?? "", view.Rack ?? "", view.Owner ?? "", Tags: view.Tags.ToImmutableDictionary());

    /// <summary>A thing of the read model as grants look at it; null when it is not there.</summary>
    async ValueTask<ImmutableArray<Resource>> Machine(MachineCommand command)
    {
        var now = await Machine(command.Machine);
        var then = command switch
        {
            // A spare is nobody's: whoever may provision for a team may take one where one may.
            ProvisionMachine c => now with { Owner = c.Spec.Owner },
            AdoptMachine c     => now with { Owner = c.Owner },
            SetMachine c       => now with { Owner = c.Owner ?? now.Owner, Rack = c.Move?.Rack ?? now.Rack, Region = c.Move?.Rack is { } rack ? Region(rack) : now.Region },
            TagMachine c       => Tagged(now, c.Set, c.Remove),
            _                  => now,
        };
        return command is ProvisionMachine && now.Owner is null or "" ? [then] : Same(now, then) ? [now] : [now, then];
    }

    /// <summary>As last seen: whoever cancels waits for no machine that is busy with the very work.</summary>
    Resource Seen(string machine) =>
        readModel.Find("machine", machine) is { } document && JsonSerializer.Deserialize<MachineView>(document.Span, Shown.Options) is { } view ? Of(view) : new("machine", machine, "", "", "");

    ImmutableArray<Resource> Operation(string id)
    {
        if (readModel.Find("operation", id) is not { } document || JsonSerializer.Deserialize<OperationView>(document.Span, Shown.Options) is not { } operation) return [new("operation", id, "", "", "")];
        if (operation.Children is not { } children) return [Seen(operation.Machine) with { Noun = "operation", Id = id }];
        var reached = ImmutableArray.CreateBuilder<Resource>(children.Items.Length);
        foreach (var child in children.Items) reached.Add(Seen(child.Target) with { Noun = "operation", Id = id });
        return reached.ToImmutable();
    }

    static Resource Placed(string machine, string rack) => new("machine", machine, Region(rack), rack, "");

    static string Region(string rack) => rack.Split('.')[0];
}
