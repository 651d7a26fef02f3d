using System.CommandLine;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Commands;

/// <summary>The command line of <c>ppec-lab</c>.</summary>
public static class CommandLine
{
    public static RootCommand Root()
    {
        var state = new Option<string>("--state") { Description = "Directory that keeps the lab.", Required = true, HelpName = "DIR" };
        return new RootCommand("A virtual data centre on this machine: servers with BMCs, as QEMU machines or simulated.") { Up(state), Down(state), Status(state), Fault(state) };
    }

    static Command Up(Option<string> state)
    {
        var file = new Option<string?>("--file", "-f") { Description = "What to build; without it, --qemu and --sim, or what DIR was built with.", HelpName = "lab.yaml" };
        var qemu = new Option<int>("--qemu") { Description = "So many QEMU machines.", HelpName = "N" };
        var sim = new Option<int>("--sim") { Description = "So many simulated machines.", HelpName = "N" };
        var ppec = new Option<string?>("--ppec") { Description = "Where PPEC serves /boot and /agent.", HelpName = "URL" };
        var racks = new Option<string[]>("--rack") { Description = "Racks to spread the machines over, as in blr1.r1 or blr1.r[01-20]; may be repeated.", HelpName = "ID" };
        var lies = new Option<string[]>("--lie") { Description = "A fault for a part of the simulated machines, as in flap:5% or one-session:20; may be repeated.", HelpName = "FAULT:SHARE" };
        var https = new Option<bool>("--https") { Description = "BMCs speak https with certificates of their own making." };
        var hypervisor = new Option<string>("--hypervisor") { Description = "For QEMU machines; auto boots a kernel before it believes in KVM.", DefaultValueFactory = _ => "auto" };
        hypervisor.AcceptOnlyFromAmong("auto", "kvm", "qemu");
        var delay = new Option<int>("--sim-delay-ms") { Description = "How long each piece of a simulated machine's work takes.", HelpName = "MS" };
        var port = new Option<int>("--bmc-port") { Description = "Look for BMC ports from here up.", DefaultValueFactory = _ => 21000, HelpName = "PORT" };
        var detach = new Option<bool>("--detach", "-d") { Description = "Return when the lab is ready and leave it running." };
        var verbose = new Option<bool>("--verbose", "-v") { Description = "Log what each machine does." };
        var command = new Command("up", "Build the lab, or take it up again.") { state, file, qemu, sim, ppec, racks, lies, https, hypervisor, delay, port, detach, verbose };
        command.SetAction((parsed, cancellation) => Guarded(() =>
        {
            var settings = new UpSettings(
                new LabFolder(parsed.GetRequiredValue(state)), parsed.GetValue(file), parsed.GetValue(qemu), parsed.GetValue(sim), Url(parsed.GetValue(ppec)),
                parsed.GetValue(racks) ?? [], parsed.GetValue(lies) ?? [], parsed.GetValue(https), parsed.GetValue(hypervisor)!, TimeSpan.FromMilliseconds(parsed.GetValue(delay)), parsed.GetValue(port), parsed.GetValue(verbose));
            return parsed.GetValue(detach) ? UpDetached.Run(settings.Folder, cancellation) : new UpCommand(settings).Run(cancellation);
        }));
        return command;
    }

    static Command Down(Option<string> state)
    {
        var command = new Command("down", "Stop the lab and forget its domains; disks stay.") { state };
        command.SetAction((parsed, cancellation) => Guarded(() => DownCommand.Run(new LabFolder(parsed.GetRequiredValue(state)), cancellation)));
        return command;
    }

    static Command Status(Option<string> state)
    {
        var output = new Option<string>("--output", "-o") { Description = "table or json.", DefaultValueFactory = _ => "table" };
        output.AcceptOnlyFromAmong("table", "json");
        var command = new Command("status", "What each machine is doing.") { state, output };
        command.SetAction((parsed, cancellation) => Guarded(() => StatusCommand.Run(new LabFolder(parsed.GetRequiredValue(state)), parsed.GetValue(output) == "json", cancellation)));
        return command;
    }

    static Command Fault(Option<string> state)
    {
        var machine = new Argument<string>("machine") { Description = "Its name." };
        var faults = new Argument<string[]>("fault") { Description = "Its faults from now on; none = it is healthy.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("fault", "Break a machine of a running lab, or mend it.") { machine, faults, state };
        command.SetAction((parsed, cancellation) => Guarded(() =>
            FaultCommand.Run(new LabFolder(parsed.GetRequiredValue(state)), parsed.GetRequiredValue(machine), parsed.GetValue(faults) ?? [], cancellation)));
        return command;
    }

    static Uri? Url(string? text) => text is null ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : throw new PlanException($"--ppec is an http URL, not {text}.");

    /// <summary>A plan that cannot be is the user's to mend: a sentence, not a stack.</summary>
    static async Task<int> Guarded(Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (PlanException e)
        {
            await Console.Error.WriteLineAsync($"ppec-lab: {e.Message}");
            return 2;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"ppec-lab: {e.Message}");
            return 1;
        }
    }
}
