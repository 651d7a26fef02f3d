using Microsoft.Extensions.Logging;

namespace Ppec.Grains;

static partial class GrainsLog
{
    [LoggerMessage(1, LogLevel.Warning, "Appending to {Stream} failed; re-reading it")]
    public static partial void AppendFailed(this ILogger logger, string stream, Exception exception);

    [LoggerMessage(2, LogLevel.Information, "Operation {Operation} ({Kind} of {Machine}): {Step} started, generation {Generation}")]
    public static partial void StepStarted(this ILogger logger, string operation, string kind, string machine, string step, long generation);

    [LoggerMessage(3, LogLevel.Warning, "Operation {Operation}: {Step} failed: {Why}")]
    public static partial void StepFailed(this ILogger logger, string operation, string step, string why);

    [LoggerMessage(4, LogLevel.Error, "Operation {Operation}: carrying on failed; it is tried again within seconds")]
    public static partial void DriveFailed(this ILogger logger, string operation, Exception exception);

    [LoggerMessage(5, LogLevel.Error, "The gate could not carry out {Command} on {Target}")]
    public static partial void GateFailed(this ILogger logger, string command, string target, Exception exception);

    [LoggerMessage(6, LogLevel.Warning, "The BMC of {Machine} belongs to another machine: {Why}; nothing was sent")]
    public static partial void BmcMismatch(this ILogger logger, string machine, string why);

    [LoggerMessage(7, LogLevel.Error, "Waking open operations failed")]
    public static partial void WakeFailed(this ILogger logger, Exception exception);

    [LoggerMessage(8, LogLevel.Warning, "{Name} was claimed for {Owner}, which does not have it: given back")]
    public static partial void ClaimSwept(this ILogger logger, string name, string owner);

    [LoggerMessage(9, LogLevel.Warning, "Operation {Operation}: its reminder could not be set or taken back; the sweep looks after it")]
    public static partial void ReminderFailed(this ILogger logger, string operation, Exception exception);

    [LoggerMessage(10, LogLevel.Error, "Delivering for webhook {Webhook} stopped; it goes on within seconds")]
    public static partial void CourierFailed(this ILogger logger, string webhook, Exception exception);

    [LoggerMessage(11, LogLevel.Error, "Raising alerts stopped; it goes on within seconds")]
    public static partial void AlertsFailed(this ILogger logger, Exception exception);

    [LoggerMessage(12, LogLevel.Error, "Telling by mail stopped; it goes on within seconds")]
    public static partial void MailFailed(this ILogger logger, Exception exception);

    [LoggerMessage(13, LogLevel.Warning, "The mail about change {Change} to {User} was not taken: {Why}")]
    public static partial void MailRefused(this ILogger logger, string change, string user, string why);

    [LoggerMessage(20, LogLevel.Warning, "Drift of {Machine} changed: its history says what")]
    public static partial void DriftChanged(this ILogger logger, string machine);

    [LoggerMessage(21, LogLevel.Error, "Looking at {Machine} failed; its next turn comes")]
    public static partial void LookFailed(this ILogger logger, string machine, Exception exception);

    [LoggerMessage(22, LogLevel.Error, "Watching failed; it is tried again within seconds")]
    public static partial void WatchFailed(this ILogger logger, Exception exception);

    [LoggerMessage(23, LogLevel.Warning, "This node only observes: nothing is powered, booted or written")]
    public static partial void ObservesOnly(this ILogger logger);

    [LoggerMessage(24, LogLevel.Warning, "Change {Change} is approved and could not be carried out yet; it is tried again")]
    public static partial void ChangeWaits(this ILogger logger, string change, Exception exception);
}
