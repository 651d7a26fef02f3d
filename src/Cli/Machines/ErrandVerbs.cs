using Ppec.Cli.Operations;
using Ppec.Cli.Output;
using Ppec.Contracts.Machines;

namespace Ppec.Cli.Machines;

/// <summary>What a machine's BMC does, and what is under way: bmc, power, locate, log.</summary>
static class ErrandVerbs
{
    public static Verb Bmc(Shell shell)
    {
        var verb = new Verb("bmc", "Say where a machine's BMC is and how to sign in; or with --rotate give it a random password that nobody knows.",
            "ppec machine bmc sn-7c4k2 --address https://10.0.0.7 --user admin --password-file ./bmc-password", "ppec machine bmc sn-7c4k2 --rotate --reason 'an operator left'");
        var id = verb.Takes("machine", "The machine's id.");
        var address = verb.Has<string?>("--address", "URL", "Where its BMC is.");
        var user = verb.Has<string?>("--user", "USER", "The BMC's user.");
        var password = verb.Has<string?>("--password-file", "FILE", "The file with the BMC's password; - reads it from standard input.");
        var certificate = verb.Has<string?>("--certificate", "SHA256", "The BMC's TLS key to pin: SHA-256, lower-case hex.");
        var rotate = verb.Has<bool>("--rotate", "", "Replace its password by a random one.");
        return verb.With(shell.Options.Working).Does(shell, async call =>
        {
            var body = RackVerb.BmcOf(call, call.Get(address), call.Get(user), call.Get(password), call.Get(certificate), "--");
            return (body, call.Get(rotate)) switch
            {
                (null, true) => await Waiting.FinishAsync(call, await call.Client.Machines.RotateBmcAsync(call.Get(id), call.Mutation(), call.Cancellation)),
                ({ }, false) => MachineVerbs.Show(call, await call.Client.Machines.SetBmcAsync(call.Get(id), body, call.Mutation(), call.Cancellation)),
                _ => throw new UsageException("Say either what the BMC is (--address, --user and --password-file), or --rotate."),
            };
        });
    }

    public static Verb Power(Shell shell)
    {
        var verb = new Verb("power", "Read a machine's power from its BMC now; or switch a machine in production --on, or in maintenance --off.",
            "ppec machine power sn-7c4k2", "ppec machine power sn-7c4k2 --off --reason 'fan 3 is replaced'");
        var id = verb.Takes("machine", "The machine's id.");
        var on = verb.Has<bool>("--on", "", "Switch it on.");
        var off = verb.Has<bool>("--off", "", "Shut it down; its power is cut when it does not obey.");
        return verb.With(shell.Options.Working).Does(shell, async call => (call.Get(on), call.Get(off)) switch
        {
            (true, true) => throw new UsageException("On or off, not both."),
            (false, false) => call.Show(await call.Client.Machines.ReadPowerAsync(call.Get(id), call.Cancellation), (power, _) => [Sheet(power)], power => [power.Power]),
            var (wanted, _) => await Waiting.FinishAsync(call, await call.Client.Machines.SwitchAsync(call.Get(id), wanted, call.Mutation(), call.Cancellation)),
        });
    }

    public static Verb Locate(Shell shell)
    {
        return new Verb("locate", "The light by which a machine is found in its rack.", "ppec machine locate on sn-7c4k2", "ppec machine locate off sn-7c4k2")
            .Under(Switch("on", on: true), Switch("off", on: false));

        Verb Switch(string name, bool on)
        {
            var verb = new Verb(name, $"Switch the light {name}.", $"ppec machine locate {name} sn-7c4k2");
            var id = verb.Takes("machine", "The machine's id.");
            return verb.With(shell.Options.Working).Does(shell, async call =>
                await Waiting.FinishAsync(call, await call.Client.Machines.LocateAsync(call.Get(id), on, call.Mutation(), call.Cancellation)));
        }
    }

    public static Verb Log(Shell shell)
    {
        var verb = new Verb("log", "The log of what is under way on a machine, or was last. Kept in memory, so gone after a restart of the node; the history is not.", "ppec machine log sn-7c4k2");
        var id = verb.Takes("machine", "The machine's id.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
        {
            var machine = (await call.Client.Machines.GetAsync(call.Get(id), null, call.Cancellation)).Value;
            var operation = machine.Operation?.Id
                ?? (await call.Client.Operations.PageAsync(new() { Filter = $"machine:{machine.Id}", Limit = 1 }, call.Cancellation)).Value.Items.Each().FirstOrDefault()?.Id;
            if (operation is null)
            {
                call.Screen.Say($"Nothing was ever done on {machine.Id}.");
                return ExitCodes.Done;
            }
            return call.Show(await call.Client.Operations.LogAsync(operation, 0, call.Cancellation), (log, _) =>
            {
                var lines = new Sheet($"Operation {operation}", "TIME", "FROM", "WHAT");
                foreach (var line in log.Lines.Each()) lines.Add(Words.Time(line.Time), line.Source, line.Text);
                return [lines];
            }, log => log.Lines.Each().Select(line => line.Text));
        });
    }

    static Sheet Sheet(PowerView power) => new Sheet(null, "MACHINE", "POWER", "READ AT").Add(power.Machine, power.Power, Words.Time(power.ReadAt));
}
