using System.Collections.Immutable;
using Ppec.Cli.Output;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;

namespace Ppec.Cli.Machines;

/// <summary><c>ppec machine rack</c>: a server was bolted in.</summary>
static class RackVerb
{
    public static Verb Build(Shell shell)
    {
        var verb = new Verb("rack", "Record a server that was bolted in: its serial, its place, how to reach its BMC.",
            "ppec machine rack --serial SN-7C4K2 --rack blr1.r12 --unit 10 --profile compute --bmc-address https://10.0.0.7 --bmc-user admin --password-file ./bmc-password",
            "ppec machine rack -f delivery.yaml --plan",
            "pass bmc/r12u10 | ppec machine rack --serial SN-7C4K2 --rack blr1.r12 --unit 10 --bmc-address https://10.0.0.7 --bmc-user admin --password-file -");
        var list = verb.Has<string?>("--file", "FILE", "A YAML file of machines: all are racked, or none.");
        list.Aliases.Add("-f");
        var serial = verb.Has<string?>("--serial", "SERIAL", "The serial number on the box; it becomes the machine's id.");
        var rack = verb.Has<string?>("--rack", "RACK", "The rack, blr1.r12.");
        var unit = verb.Has<int?>("--unit", "N", "The lowest unit it fills, counted from 1 at the bottom.");
        var height = verb.Has<int?>("--height", "N", "How many units it fills; 1 when left out.");
        var profile = verb.Has<string?>("--profile", "PROFILE", "The hardware that was ordered.");
        var name = verb.Has<string?>("--name", "NAME", "A name for people.");
        var macs = verb.Has<string[]>("--mac", "MAC", "A MAC address; may be repeated.");
        var address = verb.Has<string?>("--bmc-address", "URL", "Where its BMC is.");
        var user = verb.Has<string?>("--bmc-user", "USER", "The BMC's user.");
        var password = verb.Has<string?>("--password-file", "FILE", "The file with the BMC's password; - reads it from standard input.");
        var certificate = verb.Has<string?>("--bmc-certificate", "SHA256", "The BMC's TLS key to pin: SHA-256, lower-case hex.");
        verb.With(shell.Options.Plan, shell.Options.PlanHash, shell.Options.NoWait, shell.Options.Timeout, shell.Options.MaxParallel).With(shell.Options.Changing);

        return verb.Does(shell, async call =>
        {
            if (call.Get(list) is { } file)
            {
                if (call.Get(serial) is not null) throw new UsageException("Describe one machine, or name a file of many: not both.");
                var many = FileBodies.Read(file, FileBodies.Default.RackManyBody);
                return await Many.RackAsync(call, call.Get(shell.Options.MaxParallel) is { } parallel ? many with { MaxParallel = parallel } : many);
            }
            var body = new RackMachineBody(
                call.Get(serial) ?? throw new UsageException("Say which: --serial SERIAL; or name a file of many: --file FILE."), call.Get(rack) ?? throw new UsageException("Say where: --rack RACK."), call.Get(unit) ?? throw new UsageException("Say how high: --unit N."), call.Get(height) ?? 1, call.Get(profile), call.Get(name), [.. call.Get(macs) ?? []], Bmc(call));
            var answer = await call.Client.Machines.RackAsync(body, call.Mutation(), call.Cancellation);
            var status = MachineVerbs.Show(call, answer);
            if (answer.Value.Bmc is not null) call.Screen.Say($"next: ppec machine inspect {answer.Value.Id}");
            return status;
        });

        BmcBody? Bmc(Call call) => BmcOf(call, call.Get(address), call.Get(user), call.Get(password), call.Get(certificate));
    }

    /// <summary>All of a BMC, or nothing.</summary>
    public static BmcBody? BmcOf(Call call, string? address, string? user, string? passwordFile, string? certificate, string prefix = "--bmc-")
    {
        if ((address, user, passwordFile, certificate) == (null, null, null, null)) return null;
        if (address is null || user is null || passwordFile is null) throw new UsageException($"A BMC needs all of {prefix}address, {prefix}user and --password-file.");
        return new(address, user, new SecretText(Secret(call, passwordFile)), PinnedCertificate: certificate);
    }

    /// <summary>A secret is never an argument: those are seen by everyone on the machine.</summary>
    public static string Secret(Call call, string file)
    {
        if (file == "-" && call.Io.InIsTerminal) throw new UsageException("A password is not typed here, where it would be seen. Pipe it in, or name a file.");
        var text = (file == "-" ? call.Io.In.ReadToEnd() : File.ReadAllText(file)).TrimEnd('\n').TrimEnd('\r');
        return text.Length > 0 ? text : throw new UsageException(file == "-" ? "Standard input held no password." : $"{file} holds no password.");
    }
}
