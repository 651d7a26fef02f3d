using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;

namespace Ppec.Grains.Gate;

/// <summary>
/// What a node that only observes does not let in: whatever begins, drives or turns back an operation. Records on paper are welcome.
/// Behind it the BMCs refuse as well (<c>Drivers/Bmc/ObservingConnector.cs</c>), so that a command forgotten here still moves no iron.
/// </summary>
static class Observing
{
    public static bool Refuses(Command command) => command is IStartsOperation and not AcceptMachine { KeepPassword: true } or OperationCommand;

    public static Problem Refusal => new(ProblemCodes.ObserveOnly,
        "This node only observes: nothing is powered, booted or written. Send it to a node that runs without --observe, or start this one without it.");
}
