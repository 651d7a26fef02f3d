using System.Collections.Immutable;
using Ppec.Cli.Changes;
using Ppec.Cli.Operations;
using Ppec.Cli.Output;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Sdk;

namespace Ppec.Cli.Machines;

/// <summary>What takes an operation: inspect, provision, release, retire.</summary>
static class WorkVerbs
{
    public static Verb Inspect(Shell shell)
    {
        var verb = new Verb("inspect", "Boot the machine into PIOUS, gather and test its hardware, compare it with its profile. Nothing is written; the machine is restarted.",
            "ppec machine inspect sn-7c4k2", "ppec machine inspect --filter 'stage:racked rack:blr1.r12' --max-parallel 40 --yes");
        var id = verb.MayTake("machine", "The machine's id; or choose many with --filter.");
        return verb.With(shell.Options.Filter).With(shell.Options.Pacing).With(shell.Options.Planning).Does(shell, async call =>
        {
            if (Chosen(call, id) is not { } machine) return await Many.ByFilterAsync(call, "inspect", call.Get(shell.Options.Filter)!, asks: true);
            return await Waiting.FinishAsync(call, await call.Client.Machines.InspectAsync(machine, call.Mutation(), call.Cancellation));
        });
    }

    public static Verb Provision(Shell shell)
    {
        var verb = new Verb("provision", "Install an image on a spare. Its root disk is overwritten.",
            "ppec machine provision sn-7c4k2 --image debian-12-hardened --hostname pay-001 --owner payments --ssh-key ~/.ssh/id_ed25519.pub",
            "ppec machine provision sn-7c4k2 --image debian-12-hardened@3 --hostname pay-001 --owner payments --plan",
            "ppec machine provision --type compute-v3 --count 30 --spread rack --image debian-12-hardened --hostname-pattern 'pay-{n:000}' --owner payments");
        var id = verb.MayTake("machine", "The machine's id; or wish for many with --type and --count.");
        var type = verb.Has<string?>("--type", "TYPE", "The type of machines, compute-v3: spares of it are chosen.");
        var count = verb.Has<int?>("--count", "N", "How many machines of that type.");
        var spread = verb.Has<string?>("--spread", "HOW", "rack (the default: evenly over racks) or none.");
        var pattern = verb.Has<string?>("--hostname-pattern", "PATTERN", "Their host names: pay-{n}, or pay-{n:000} for three digits.");
        var firstNumber = verb.Has<int?>("--first-number", "N", "The number of the first host name; 1 when left out.");
        var substitutes = verb.Has<int?>("--substitutes", "N", "Machines that may take the place of others; 2 when left out.");
        var image = verb.Has<string>("--image", "IMAGE", "The image, NAME or NAME@VERSION.", required: true);
        var hostname = verb.Has<string?>("--hostname", "NAME", "Its host name.");
        var owner = verb.Has<string>("--owner", "OWNER", "The team it is for.", required: true);
        var disk = verb.Has<string?>("--root-disk", "DISK", "A disk's serial, or smallest, largest, first (the default).");
        var address = verb.Has<string?>("--address", "CIDR", "A fixed address with prefix length; DHCP when left out.");
        var gateway = verb.Has<string?>("--gateway", "IP", "The gateway.");
        var dns = verb.Has<string[]>("--dns", "IP", "A name server; may be repeated.");
        var keys = verb.Has<string[]>("--ssh-key", "FILE", "A file of SSH public keys, one a line; may be repeated.");
        var userData = verb.Has<string?>("--user-data", "FILE", "A cloud-init user-data file.");
        return Severe(shell, verb, id, ToMany, call =>
        {
            var spec = new ProvisionSpec(
                call.Get(image)!, call.Get(hostname) ?? throw new UsageException("Name the host: --hostname NAME."), call.Get(owner)!, call.Get(disk), call.Get(address), call.Get(gateway),
                [.. call.Get(dns) ?? []], [.. (call.Get(keys) ?? []).SelectMany(PublicKeys)], call.Get(userData) is { } file ? File.ReadAllText(file) : null);
            return new(
                machine => call.Client.Machines.PlanProvisionAsync(machine, spec, call.Cancellation),
                (machine, mutation) => call.Client.Machines.ProvisionAsync(machine, spec, mutation, call.Cancellation));
        });

        Func<Task<int>>? ToMany(Call call)
        {
            if (call.Get(type) is null && call.Get(count) is null) return null;
            if (call.May(id) is not null) throw new UsageException("Name one machine, or wish for many by --type and --count: not both.");
            return () => Many.ProvisionAsync(call, new(
                call.Get(type) ?? throw new UsageException("Say of which type: --type TYPE."), call.Get(count) ?? throw new UsageException("Say how many: --count N."),
                call.Get(image)!, call.Get(pattern) ?? throw new UsageException("Say how the hosts are named: --hostname-pattern 'pay-{n:000}'."), call.Get(owner)!,
                call.Get(shell.Options.Filter), call.Get(spread) ?? "rack", call.Get(firstNumber) ?? 1, call.Get(substitutes) ?? 2, [], [],
                call.Get(disk), [.. (call.Get(keys) ?? []).SelectMany(PublicKeys)], call.Get(userData) is { } file ? File.ReadAllText(file) : null, [.. call.Get(dns) ?? []],
                call.Get(shell.Options.MaxParallel) ?? BulkCommand.DefaultParallel, call.Get(shell.Options.StopAfterFailures) ?? 2));
        }
    }

    public static Verb Release(Shell shell)
    {
        var verb = new Verb("release", "Give a machine back: its disks are wiped, and it is inspected again.",
            "ppec machine release sn-7c4k2 --reason 'service moved'", "ppec machine release --filter 'tag.team=payments stage:baremetal' --plan");
        return Severe(shell, verb, verb.MayTake("machine", "The machine's id; or choose many with --filter."), call => Filtered(call, "release"), call => new(
            machine => call.Client.Machines.PlanReleaseAsync(machine, call.Cancellation),
            (machine, mutation) => call.Client.Machines.ReleaseAsync(machine, mutation, call.Cancellation)));
    }

    public static Verb Retire(Shell shell)
    {
        var verb = new Verb("retire", "End a machine's life: its disks are wiped with evidence, its names and secrets released. There is no way back.",
            "ppec machine retire sn-7c4k2 --reason 'out of warranty' --ticket OPS-4711", "ppec machine retire --filter 'rack:blr1.r12' --max-parallel 20 --stop-after-failures 2",
            "ppec machine retire sn-7c4k2 --destroyed NVME-1=shredder-7 --destroyed NVME-2=shredder-7 --reason 'burnt'");
        var id = verb.MayTake("machine", "The machine's id; or choose many with --filter.");
        return ReimageVerb.OrDestroyed(shell, Severe(shell, verb, id, call => Filtered(call, "retire"), call => new(
            machine => call.Client.Machines.PlanRetireAsync(machine, call.Cancellation),
            (machine, mutation) => call.Client.Machines.RetireAsync(machine, mutation, call.Cancellation))), id);
    }

    /// <summary>How a severe command is planned, and how it is done.</summary>
    public sealed record Severity(Func<string, Task<Answer<Plan>>> Plan, Func<string, MutationOptions, Task<Answer<OperationView>>> Apply);

    /// <summary>A command that overwrites disks: a person sees the plan and types the machine's id; then exactly that plan is applied.</summary>
    public static Verb Severe(Shell shell, Verb verb, System.CommandLine.Argument<string?> id, Func<Call, Func<Task<int>>?>? toMany, Func<Call, Severity> severity) =>
        verb.With(toMany is null ? [] : [shell.Options.Filter, .. shell.Options.Pacing]).With(shell.Options.Planning).Does(shell, async call =>
        {
            if (toMany?.Invoke(call) is { } many) return await many();
            var machine = Chosen(call, id) ?? throw new UsageException("--filter is for many: say --type and --count too.");
            var what = severity(call);
            if (call.Get(shell.Options.Plan))
                return call.Show(await what.Plan(machine), (plan, wide) => PlanSheets.Of(plan, wide), plan => [plan.Hash]);

            string? seen = null;
            if (!call.Get(shell.Options.Yes))
            {
                if (!call.Io.Interactive)
                    throw new UsageException($"'{verb.Name}' overwrites disks, and there is no terminal to ask on. Add --yes to do it, or --plan to see what it would do.");
                var plan = (await what.Plan(machine)).Value;
                call.Screen.ShowAside(PlanSheets.Of(plan, wide: false));
                if ((await call.Screen.AskAsync($"To {verb.Name} it, type the machine's id ({machine}):"))?.Trim() != machine)
                {
                    call.Screen.Say("Nothing was changed.");
                    return ExitCodes.Failure;
                }
                seen = plan.Hash;
            }
            var mutation = call.Mutation();
            return await Waiting.FinishAsync(call, await what.Apply(machine, mutation with { PlanHash = mutation.PlanHash ?? seen }));
        });

    static Func<Task<int>>? Filtered(Call call, string verb) => call.Get(call.Options.Filter) is { } filter ? () => Many.ByFilterAsync(call, verb, filter, asks: true) : null;

    /// <summary>The machine named; null when a filter chooses many.</summary>
    static string? Chosen(Call call, System.CommandLine.Argument<string?> id) => (call.May(id), call.Get(call.Options.Filter)) switch
    {
        ({ } machine, null) => machine,
        (null, { })         => null,
        (null, null)        => throw new UsageException("Name a machine, or choose many with --filter EXPR."),
        _                   => throw new UsageException("Name one machine, or choose many with --filter: not both."),
    };

    public static IEnumerable<string> PublicKeys(string file)
    {
        var keys = File.ReadLines(file).Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').ToArray();
        if (keys.Length == 0) throw new UsageException($"{file} holds no key.");
        if (keys.Any(key => key.Contains("PRIVATE KEY", StringComparison.Ordinal))) throw new UsageException($"{file} is a private key: it stays where it is. Name the .pub file.");
        return keys;
    }
}
