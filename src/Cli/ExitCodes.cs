using Ppec.Contracts.Gate;
using Ppec.Sdk;

namespace Ppec.Cli;

/// <summary>What the exit status says, and the only place where a problem becomes one.</summary>
static class ExitCodes
{
    public const int Done = 0;
    public const int Failure = 1;
    public const int Usage = 2;
    public const int Refused = 3;
    public const int NotFound = 4;
    public const int NotAuthorised = 5;
    public const int AwaitingApproval = 6;
    public const int OperationFailed = 7;
    public const int TimedOut = 8;
    public const int Unreachable = 9;
    public const int Interrupted = 130;

    /// <summary>By code where the code says more than the status does; otherwise by status.</summary>
    public static int Of(PpecException problem) => problem.Code switch
    {
        ProblemCodes.NotFound or ProblemCodes.MachineUnknown or ProblemCodes.OperationUnknown or ProblemCodes.RegionUnknown
            or ProblemCodes.RackUnknown or ProblemCodes.ProfileUnknown or ProblemCodes.ImageUnknown => NotFound,
        ProblemCodes.Unauthenticated or ProblemCodes.Forbidden => NotAuthorised,
        ProblemCodes.Unavailable or ProblemCodes.OutcomeUnknown => Unreachable, // both are answered by asking again
        _ => problem.Status switch
        {
            401 or 403 => NotAuthorised,
            404 => NotFound,
            429 or 502 or 503 or 504 => Unreachable,
            507 => Refused,
            >= 400 and < 500 => Refused,
            _ => Failure,
        },
    };

    public static int Of(Exception failure) => failure switch
    {
        PpecException problem => Of(problem),
        AwaitingApprovalException => AwaitingApproval,
        UsageException or ArgumentException or FileNotFoundException or DirectoryNotFoundException => Usage,
        OutcomeUnknownException or ServerUnreachableException => Unreachable,
        OperationCanceledException => Interrupted,
        _ => Failure,
    };
}

/// <summary>What was asked cannot be done as it was written: an option, a file, a context is wrong.</summary>
sealed class UsageException(string message) : Exception(message);
