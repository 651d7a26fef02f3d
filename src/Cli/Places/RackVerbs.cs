using System.Globalization;
using Ppec.Cli.Machines;
using Ppec.Cli.Output;
using Ppec.Contracts.Racks;

namespace Ppec.Cli.Places;

/// <summary><c>ppec rack</c>.</summary>
static class RackVerbs
{
    public static Verb Build(Shell shell) => new Verb("rack", "Racks, and what stands in them.", "ppec rack show blr1.r12").Under(List(shell), Show(shell), Create(shell), Set(shell), Retire(shell)).Under(PastVerbs.Of(shell, "rack", "blr1.r12", call => call.Client.Racks));

    static Verb List(Shell shell) => new Verb("list", "List racks.", "ppec rack list --region blr1")
        .With(shell.Options.Region).With(shell.Options.Listing)
        .Does(shell, call => call.ShowListAsync(call.Client.Racks, Table, rack => rack.Id, MachineVerbs.InRegion(call)));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Draw one rack, from the top down.", "ppec rack show blr1.r12");
        var id = verb.Takes("rack", "The rack's id.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await call.Client.Racks.GetAsync(call.Get(id), null, call.Cancellation), (rack, _) => Elevation(rack), rack => [rack.Id]));
    }

    static Verb Create(Shell shell)
    {
        var verb = new Verb("create", "Add a rack to a region.", "ppec rack create blr1.r12 --units 42 --row A --power-feed F1 --switch-pair sw12");
        var id = verb.Takes("rack", "Its id, REGION.NAME.");
        var units = verb.Has<int?>("--units", "N", "How many units high; 42 when left out.");
        var row = verb.Has<string?>("--row", "ROW", "The row it stands in.");
        var feed = verb.Has<string?>("--power-feed", "FEED", "What feeds it: a failure domain.");
        var switches = verb.Has<string?>("--switch-pair", "PAIR", "What connects it: a failure domain.");
        return verb.With(shell.Options.Recording).With(shell.Options.Reading).Does(shell, async call =>
        {
            var body = new RackBody(call.Get(id), call.Get(units) ?? 42, call.Get(row) ?? "", call.Get(feed) ?? "", call.Get(switches) ?? "");
            return call.Show(await call.Client.Racks.CreateAsync(body, call.Mutation(), call.Cancellation), (rack, wide) => [Table([rack], wide)], rack => [rack.Id]);
        });
    }

    static Verb Set(Shell shell)
    {
        var verb = new Verb("set", "Describe a rack; what is left out stays as it is.", "ppec rack set blr1.r12 --power-feed F2 --reason 'rewired'");
        var id = verb.Takes("rack", "The rack's id.");
        var units = verb.Has<int?>("--units", "N", "How many units high.");
        var row = verb.Has<string?>("--row", "ROW", "The row it stands in.");
        var feed = verb.Has<string?>("--power-feed", "FEED", "What feeds it: a failure domain.");
        var switches = verb.Has<string?>("--switch-pair", "PAIR", "What connects it: a failure domain.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            var body = new SetRackBody(call.Get(units), call.Get(row), call.Get(feed), call.Get(switches));
            return call.Show(await call.Client.Racks.SetAsync(call.Get(id), body, call.Mutation(), call.Cancellation), (rack, wide) => [Table([rack], wide)], rack => [rack.Id]);
        });
    }

    static Verb Retire(Shell shell)
    {
        var verb = new Verb("retire", "A rack is gone. Refused while anything stands in it.", "ppec rack retire blr1.r12 --reason 'row A is rebuilt'");
        var id = verb.Takes("rack", "The rack's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            await call.Client.Racks.RetireAsync(call.Get(id), call.Mutation(), call.Cancellation);
            call.Screen.Say($"{call.Get(id)} is retired.");
            return ExitCodes.Done;
        });
    }

    static Sheet Table(IEnumerable<RackView> racks, bool wide)
    {
        var sheet = new Sheet(null, "ID", "REGION", "UNITS", "FREE", "MACHINES", "ROW", "POWER FEED", "SWITCH PAIR");
        foreach (var rack in racks)
            sheet.Add(rack.Id, rack.Region, rack.Units, rack.Units - rack.Slots.Each().Sum(slot => slot.Height), rack.Slots.Each().Count(), rack.Row, rack.PowerFeed, rack.SwitchPair);
        return sheet;
    }

    static IEnumerable<Sheet> Elevation(RackView rack)
    {
        yield return new Sheet(null).Fact("Rack", rack.Id).Fact("Region", rack.Region).Fact("Row", rack.Row).Fact("Power feed", rack.PowerFeed).Fact("Switch pair", rack.SwitchPair);
        var sheet = new Sheet(null, "UNIT", "MACHINE");
        for (var unit = Math.Clamp(rack.Units, 0, 100); unit > 0; unit--)
        {
            var slot = rack.Slots.Each().FirstOrDefault(slot => unit >= slot.Unit && unit < slot.Unit + slot.Height);
            sheet.Add(unit.ToString(CultureInfo.InvariantCulture).PadLeft(4), slot switch
            {
                null => new Cell("·", Tone.Dim),
                _ when unit == slot.Unit + slot.Height - 1 => slot.Machine, // its topmost unit carries the name
                _ => "│",
            });
        }
        yield return sheet;
    }
}
