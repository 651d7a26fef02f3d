using Ppec.Contracts.Machines;

namespace Ppec.Cli.Machines;

/// <summary>How machines come, change their place and their identity, and leave: accept, reject, adopt, set, rekey, unrack.</summary>
static class ComingVerbs
{
    public static Verb Accept(Shell shell)
    {
        var verb = new Verb("accept", "Accept a machine that enlisted itself: give it its place and its BMC, or say which machine racked on paper it is. Its BMC gets a random password at once.",
            "ppec machine accept sn-7c4k2 --rack blr1.r12 --unit 10 --profile compute --bmc-address https://10.0.0.7 --bmc-user admin --password-file ./label-password",
            "ppec machine accept sn-7c4k2 --as sn-7c4kz --reason 'the label was misread'");
        var id = verb.Takes("machine", "The machine's id.");
        var as_ = verb.Has<string?>("--as", "MACHINE", "It is this one, which was racked on paper: its evidence moves there.");
        var rack = verb.Has<string?>("--rack", "RACK", "The rack, blr1.r12.");
        var unit = verb.Has<int?>("--unit", "N", "The lowest unit it fills, counted from 1 at the bottom.");
        var height = verb.Has<int?>("--height", "N", "How many units it fills; 1 when left out.");
        var profile = verb.Has<string?>("--profile", "PROFILE", "The hardware that was ordered.");
        var name = verb.Has<string?>("--name", "NAME", "A name for people.");
        var address = verb.Has<string?>("--bmc-address", "URL", "Where its BMC is.");
        var user = verb.Has<string?>("--bmc-user", "USER", "The BMC's user.");
        var password = verb.Has<string?>("--password-file", "FILE", "The file with the BMC's password; - reads it from standard input.");
        var certificate = verb.Has<string?>("--bmc-certificate", "SHA256", "The BMC's TLS key to pin: SHA-256, lower-case hex.");
        var keep = verb.Has<bool>("--keep-password", "", "Leave the BMC the password it has.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            if (call.Get(as_) is null && (call.Get(rack) is null || call.Get(unit) is null)) throw new UsageException("Say where it stands (--rack and --unit), or which machine it is (--as MACHINE).");
            var body = new AcceptBody(
                call.Get(rack), call.Get(unit) ?? 0, call.Get(height) ?? 1, call.Get(profile), call.Get(name),
                RackVerb.BmcOf(call, call.Get(address), call.Get(user), call.Get(password), call.Get(certificate)), call.Get(keep), call.Get(as_));
            var answer = await call.Client.Machines.AcceptAsync(call.Get(id), body, call.Mutation(), call.Cancellation);
            var status = MachineVerbs.Show(call, answer);
            if (answer.Value.Operation is { } rotation) call.Screen.Say($"next: ppec op watch {rotation.Id}, which gives its BMC another password; then ppec machine inspect {answer.Value.Id}");
            return status;
        });
    }

    public static Verb Reject(Shell shell)
    {
        var verb = new Verb("reject", "Reject a machine that enlisted itself: it is not ours. Needs --reason.", "ppec machine reject sn-7c4k2 --reason 'a visitor, in the wrong subnet'");
        var id = verb.Takes("machine", "The machine's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            var mutation = call.Mutation();
            await call.Client.Machines.RejectAsync(call.Get(id), new(mutation.Reason ?? throw new UsageException("Say why it is not ours: --reason TEXT.")), mutation, call.Cancellation);
            call.Screen.Say($"{call.Get(id)} is rejected.");
            return ExitCodes.Done;
        });
    }

    public static Verb Adopt(Shell shell)
    {
        var verb = new Verb("adopt", "Take a racked server that runs already under management as it is. Nothing is restarted, nothing is wiped; its integrity is unverified.",
            "ppec machine adopt sn-7c4k2 --hostname old-db --owner databases --serial 7C4K2 --uuid 4c4c4544-0043-3410-804b-b7c04f324b37 --mac 52:54:00:12:34:56");
        var id = verb.Takes("machine", "The machine's id.");
        var hostname = verb.Has<string>("--hostname", "NAME", "Its host name.", required: true);
        var owner = verb.Has<string>("--owner", "OWNER", "The team it is for.", required: true);
        var evidence = Evidence(verb);
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            var e = evidence(call);
            var body = new AdoptBody(call.Get(hostname)!, call.Get(owner)!, e.Serial, e.Uuid, e.Board, [.. e.Macs]);
            return MachineVerbs.Show(call, await call.Client.Machines.AdoptAsync(call.Get(id), body, call.Mutation(), call.Cancellation));
        });
    }

    public static Verb Set(Shell shell)
    {
        var verb = new Verb("set", "Describe a machine, or move it: --rack and --unit say where it stands now. An empty text clears.",
            "ppec machine set sn-7c4k2 --name web-7 --note 'fan 3 is new'", "ppec machine set sn-7c4k2 --rack blr1.r13 --unit 4 --reason 'row A is rebuilt'");
        var id = verb.Takes("machine", "The machine's id.");
        var name = verb.Has<string?>("--name", "NAME", "A name for people.");
        var note = verb.Has<string?>("--note", "TEXT", "A note.");
        var owner = verb.Has<string?>("--owner", "OWNER", "The team it is for.");
        var profile = verb.Has<string?>("--profile", "PROFILE", "The hardware that was ordered.");
        var rack = verb.Has<string?>("--rack", "RACK", "The rack it stands in.");
        var unit = verb.Has<int?>("--unit", "N", "The lowest unit it fills.");
        var height = verb.Has<int?>("--height", "N", "How many units it fills.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            var body = new SetMachineBody(call.Get(name), call.Get(note), call.Get(owner), call.Get(profile), call.Get(rack), call.Get(unit), call.Get(height));
            if (body == new SetMachineBody()) throw new UsageException("Say what to set: --name, --note, --owner, --profile, --rack, --unit or --height.");
            return MachineVerbs.Show(call, await call.Client.Machines.SetAsync(call.Get(id), body, call.Mutation(), call.Cancellation));
        });
    }

    public static Verb Rekey(Shell shell)
    {
        var verb = new Verb("rekey", "Replace the identity of a machine whose board was replaced. Needs --reason, and an administrator.",
            "ppec machine rekey sn-7c4k2 --serial 7C4K2 --uuid 4c4c4544-0043-3410-804b-b7c04f324b99 --board BRD-2 --mac 52:54:00:12:34:57 --reason 'board replaced' --ticket RMA-17");
        var id = verb.Takes("machine", "The machine's id.");
        var evidence = Evidence(verb);
        return verb.With(shell.Options.Changing).Does(shell, async call =>
        {
            var mutation = call.Mutation();
            var e = evidence(call);
            var body = new RekeyBody(mutation.Reason ?? throw new UsageException("Say why its identity changes: --reason TEXT."), e.Serial, e.Uuid, e.Board, [.. e.Macs]);
            return MachineVerbs.Show(call, await call.Client.Machines.RekeyAsync(call.Get(id), body, mutation, call.Cancellation));
        });
    }

    public static Verb Unrack(Shell shell)
    {
        var verb = new Verb("unrack", "A retired machine left its rack: its units are free.", "ppec machine unrack sn-7c4k2 --reason 'gone to the recycler'");
        var id = verb.Takes("machine", "The machine's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            MachineVerbs.Show(call, await call.Client.Machines.UnrackAsync(call.Get(id), call.Mutation(), call.Cancellation)));
    }

    static Func<Call, (string Serial, string Uuid, string Board, string[] Macs)> Evidence(Verb verb)
    {
        var serial = verb.Has<string>("--serial", "SERIAL", "The serial the system itself tells (dmidecode -s system-serial-number).", required: true);
        var uuid = verb.Has<string?>("--uuid", "UUID", "Its SMBIOS UUID (dmidecode -s system-uuid).");
        var board = verb.Has<string?>("--board", "SERIAL", "Its board's serial (dmidecode -s baseboard-serial-number).");
        var macs = verb.Has<string[]>("--mac", "MAC", "The MAC address of a network port; may be repeated.");
        return call => (call.Get(serial)!, call.Get(uuid) ?? "", call.Get(board) ?? "", call.Get(macs) ?? []);
    }
}
