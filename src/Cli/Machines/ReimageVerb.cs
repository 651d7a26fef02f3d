using System.Collections.Immutable;
using System.CommandLine;
using Ppec.Contracts.Machines;

namespace Ppec.Cli.Machines;

/// <summary><c>ppec machine reimage</c>, and <c>retire --destroyed</c>.</summary>
static class ReimageVerb
{
    public static Verb Build(Shell shell)
    {
        var verb = new Verb("reimage", "Install an image again on a machine in production. Its root disk is overwritten; name, owner and addresses stay.",
            "ppec machine reimage sn-7c4k2 --image debian-12-hardened@4 --ssh-key ~/.ssh/id_ed25519.pub", "ppec machine reimage sn-7c4k2 --image debian-12-hardened@4 --plan");
        var id = verb.MayTake("machine", "The machine's id.");
        var image = verb.Has<string>("--image", "IMAGE", "The image, NAME or NAME@VERSION.", required: true);
        var disk = verb.Has<string?>("--root-disk", "DISK", "A disk's serial, or smallest, largest, first (the default).");
        var keys = verb.Has<string[]>("--ssh-key", "FILE", "A file of SSH public keys, one a line; may be repeated.");
        var userData = verb.Has<string?>("--user-data", "FILE", "A cloud-init user-data file.");
        return WorkVerbs.Severe(shell, verb, id, null, call =>
        {
            var body = new ReimageBody(call.Get(image)!, call.Get(disk), [.. (call.Get(keys) ?? []).SelectMany(WorkVerbs.PublicKeys)], call.Get(userData) is { } file ? File.ReadAllText(file) : null);
            return new(
                machine => call.Client.Machines.PlanReimageAsync(machine, body, call.Cancellation),
                (machine, mutation) => call.Client.Machines.ReimageAsync(machine, body, mutation, call.Cancellation));
        });
    }

    /// <summary>Gives <c>retire</c> its other way: nothing is wiped, since nothing can be; every disk is attested destroyed.</summary>
    public static Verb OrDestroyed(Shell shell, Verb retire, Argument<string?> id)
    {
        var destroyed = retire.Has<string[]>("--destroyed", "SERIAL=EVIDENCE", "Nothing is wiped: this disk was destroyed, and that proves it. Once for every disk; an administrator's.");
        var byWiping = (System.CommandLine.Invocation.AsynchronousCommandLineAction)retire.Action!;
        return retire.Does(shell, async (call, parsed) =>
        {
            if (call.Get(destroyed) is not { Length: > 0 } attested) return await byWiping.InvokeAsync(parsed, call.Cancellation);
            var disks = attested.Select(a => a.Split('=', 2) is [{ Length: > 0 } serial, { Length: > 0 } evidence]
                ? new DestroyedDisk(serial, evidence)
                : throw new UsageException($"'{a}' attests nothing. Write SERIAL=EVIDENCE, as in NVME-1='shredder 7, certificate 4711'.")).ToImmutableArray();
            var machine = call.May(id) ?? throw new UsageException("Name the machine whose disks were destroyed.");
            if (!call.Get(call.Options.Yes))
            {
                if (!call.Io.Interactive) throw new UsageException("There is no way back from this, and there is no terminal to ask on. Add --yes to do it.");
                if ((await call.Screen.AskAsync($"To retire it with {disks.Length} destroyed disks, type the machine's id ({machine}):"))?.Trim() != machine)
                {
                    call.Screen.Say("Nothing was changed.");
                    return ExitCodes.Failure;
                }
            }
            return MachineVerbs.Show(call, await call.Client.Machines.RetireDestroyedAsync(machine, new(disks), call.Mutation(), call.Cancellation));
        });
    }
}
