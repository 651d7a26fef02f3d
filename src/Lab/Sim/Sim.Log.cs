using Microsoft.Extensions.Logging;

namespace Ppec.Lab.Sim;

internal static partial class SimLog
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "{Method} {Path} answered {Status}; again later")]
    public static partial void Retrying(this ILogger log, string method, string path, int status);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Method} {Path}: {Reason}; again later")]
    public static partial void NoAnswer(this ILogger log, string method, string path, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Machine}: {Phase}")]
    public static partial void Phase(this ILogger log, string machine, string phase);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Machine}: {What}")]
    public static partial void Trouble(this ILogger log, string machine, string what);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Machine}: the simulation broke")]
    public static partial void Broke(this ILogger log, Exception exception, string machine);
}
