using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;
using Ppec.Lab.Qemu;

namespace Ppec.Lab.Commands;

/// <summary>What <c>up</c> was told.</summary>
public sealed record UpSettings(
    LabFolder Folder, string? File, int Qemu, int Sim, Uri? Ppec, IReadOnlyList<string> Racks, IReadOnlyList<string> Lies, bool Https, string Hypervisor, TimeSpan SimDelay, int FirstPort, bool Verbose);

/// <summary>Runs a lab until it is told to stop.</summary>
public sealed class UpCommand(UpSettings settings)
{
    public async Task<int> Run(CancellationToken cancellation)
    {
        var folder = settings.Folder;
        await using var held = folder.TryLock() ?? throw new PlanException($"A lab is running on {folder.Root} already; `ppec-lab down` stops it.");
        var plan = ReadPlan();
        var ppec = settings.Ppec ?? (folder.Notes.Ppec is { Length: > 0 } known ? new Uri(known) : throw new PlanException("Say where PPEC is: --ppec URL."));
        using var logs = LoggerFactory.Create(b => b.SetMinimumLevel(settings.Verbose ? LogLevel.Information : LogLevel.Warning)
            .AddConsole(c => c.LogToStandardErrorThreshold = LogLevel.Trace).AddSimpleConsole(c => c.SingleLine = true));
        var log = logs.CreateLogger("lab");

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
        await System.IO.File.WriteAllTextAsync(folder.PidFile, $"{Environment.ProcessId}\n", stop.Token);
        try
        {
            await using var host = plan.Machines.Any(m => m.Kind == MachineKind.Qemu) ? await QemuHost.Start(plan.Hypervisor, folder, ppec, log, stop.Token) : null;
            await using var site = await LabSite.Start(plan, folder, new SiteOptions(ppec, settings.SimDelay, settings.FirstPort), m => host!.Machine(m), log, stop.Token);
            GC.Collect(2, GCCollectionMode.Aggressive); // reading the plan of a fleet takes more memory than the fleet
            Console.WriteLine($"ready: {plan.Machines.Length} machines");
            await Task.Delay(Timeout.InfiniteTimeSpan, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // asked to stop
        }
        finally
        {
            System.IO.File.Delete(folder.PidFile);
        }

        return 0;
    }

    /// <summary>The file is kept, so that `up` without one is the same lab again.</summary>
    LabPlan ReadPlan()
    {
        var yaml = settings.File is { } file ? System.IO.File.ReadAllText(file)
            : settings.Qemu + settings.Sim > 0 ? LabYaml.Of(settings.Qemu, settings.Sim, settings.Hypervisor, settings.Https)
            : System.IO.File.Exists(settings.Folder.PlanFile) ? System.IO.File.ReadAllText(settings.Folder.PlanFile)
            : throw new PlanException("Say what to build: -f lab.yaml, or --qemu N, or --sim N.");
        var again = settings.File is null && settings.Qemu + settings.Sim == 0;
        var notes = settings.Folder.Notes;
        notes = notes with { Racks = again && settings.Racks.Count == 0 ? notes.Racks : [.. settings.Racks], Lies = again && settings.Lies.Count == 0 ? notes.Lies : [.. settings.Lies], Https = settings.Https || (again && notes.Https) };
        var plan = LabYaml.Read(yaml, notes.Racks, notes.Lies);
        settings.Folder.Write("lab.yaml", yaml);
        settings.Folder.Notes = notes;
        return plan with { Https = plan.Https || notes.Https, Hypervisor = settings.Hypervisor == "auto" ? plan.Hypervisor : settings.Hypervisor };
    }

    static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}
