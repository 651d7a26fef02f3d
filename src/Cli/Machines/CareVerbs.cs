namespace Ppec.Cli.Machines;

/// <summary>What is done for a machine that is not well: waive, repair, maintain.</summary>
static class CareVerbs
{
    public static Verb Waive(Shell shell)
    {
        var verb = new Verb("waive", "Accept a gap between a machine and its profile until a date. Needs --reason; machine show names the gaps.",
            "ppec machine waive sn-7c4k2 dimm:DIMM_A2 --until 2026-02-07T12:00Z --reason 'the DIMM is on order' --ticket RMA-17");
        var id = verb.Takes("machine", "The machine's id.");
        var gap = verb.Takes("gap", "The gap, as the evaluation names it.");
        var until = SharedOptions.Moment("--until", "When the waiver ends.");
        until.Required = true;
        return verb.With(until).With(shell.Options.Changing).Does(shell, async call =>
        {
            var mutation = call.Mutation();
            return MachineVerbs.Show(call, await call.Client.Machines.WaiveAsync(
                call.Get(id), new(call.Get(gap), call.Get(until)!.Value, mutation.Reason ?? throw new UsageException("Say why it is waived: --reason TEXT.")), mutation, call.Cancellation));
        });
    }

    public static Verb Repair(Shell shell)
    {
        var verb = new Verb("repair", "Record a part that was replaced. The next inspection names the part it found there before, and the one it finds now.",
            "ppec machine repair sn-7c4k2 --slot DIMM_A2 --serial 0x4F2A11 --rma RMA-17");
        var id = verb.Takes("machine", "The machine's id.");
        var slot = verb.Has<string>("--slot", "SLOT", "The slot, as the inventory names it.", required: true);
        var serial = verb.Has<string>("--serial", "SERIAL", "The new part's serial number.", required: true);
        var rma = verb.Has<string?>("--rma", "RMA", "The vendor's number of the return.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            MachineVerbs.Show(call, await call.Client.Machines.RepairAsync(call.Get(id), new(call.Get(slot)!, call.Get(serial)!, call.Get(rma)), call.Mutation(), call.Cancellation)));
    }

    public static Verb Maintain(Shell shell)
    {
        var start = new Verb("start", "Start maintenance of a machine in production: drift is paused, and it may be switched off. Needs --reason.",
            "ppec machine maintain start sn-7c4k2 --until 2026-02-07T12:00Z --reason 'fan 3 is replaced'");
        var startId = start.Takes("machine", "The machine's id.");
        var until = SharedOptions.Moment("--until", "When it is over, if nobody ends it before.");
        until.Required = true;
        start.With(until).With(shell.Options.Changing).Does(shell, async call =>
        {
            var mutation = call.Mutation();
            return MachineVerbs.Show(call, await call.Client.Machines.StartMaintenanceAsync(
                call.Get(startId), new(mutation.Reason ?? throw new UsageException("Say what is done: --reason TEXT."), call.Get(until)!.Value), mutation, call.Cancellation));
        });

        var end = new Verb("end", "End maintenance.", "ppec machine maintain end sn-7c4k2");
        var endId = end.Takes("machine", "The machine's id.");
        end.With(shell.Options.Changing).Does(shell, async call =>
            MachineVerbs.Show(call, await call.Client.Machines.EndMaintenanceAsync(call.Get(endId), call.Mutation(), call.Cancellation)));

        return new Verb("maintain", "Maintenance of a machine in production.", "ppec machine maintain start sn-7c4k2 --until 2026-02-07T12:00Z --reason 'fan 3 is replaced'", "ppec machine maintain end sn-7c4k2")
            .Under(start, end);
    }
}
