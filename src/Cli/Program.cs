using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Ppec.Cli;

[assembly: UnsupportedOSPlatform("windows")] // files are protected by their mode

using var interrupted = new CancellationTokenSource();
using var ctrlC = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await CommandTree.RunAsync(args, Surroundings.OfThisProcess(interrupted.Token));

// The first asks the command to end and say how things stand; the second ends it.
void Stop(PosixSignalContext signal)
{
    signal.Cancel = !interrupted.IsCancellationRequested;
    interrupted.Cancel();
}
