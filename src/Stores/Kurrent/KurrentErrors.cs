using System.Security.Authentication;
using Grpc.Core;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Kurrent;

/// <summary>gRPC's errors and EventStoreDB's trailers in the port's words.</summary>
static class KurrentErrors
{
    /// <summary>EventStoreDB's <c>--max-append-size</c> when nobody changed it, bytes.</summary>
    public const int MaxAppendSize = 1 << 20;

    /// <summary>Worth another attempt: the connection broke, the node does not lead, is not ready, is busy, or took too long.</summary>
    public static bool IsTransient(RpcException e) => e.StatusCode switch
    {
        StatusCode.NotFound => e.Trailers.GetValue("exception") == "not-leader",
        StatusCode.PermissionDenied or StatusCode.Unauthenticated or StatusCode.InvalidArgument or StatusCode.FailedPrecondition
            or StatusCode.Unimplemented or StatusCode.OutOfRange or StatusCode.ResourceExhausted => false,
        _ => Tls(e) is null,
    };

    public static Exception Translate(RpcException e, KurrentOptions options, string doing) => (e.StatusCode, e.Trailers.GetValue("exception")) switch
    {
        (_, "stream-deleted") => Deleted(e.Trailers.GetValue("stream-name") ?? "a stream", e),
        (StatusCode.Unauthenticated, _) when !options.Tls => new EventStoreUnavailableException($"{options} wants a user and password. They are sent over TLS only: leave tls=false out of the connection string.", e),
        (StatusCode.Unauthenticated, _) => new EventStoreUnavailableException($"{options} does not know this user and password: correct them in the connection string.", e),
        (StatusCode.PermissionDenied, _) => new EventStoreUnavailableException($"{options} does not let this user {doing}: in EventStoreDB it must be in $admins, or be named in the access lists of $all and of the streams beginning with {options.StreamPrefix}.", e),
        _ when Tls(e) is { } tls => new EventStoreUnavailableException($"{options} was not trusted: {tls.Message} Give its authority with tlsCaFile, or say tls=false if the server runs insecure.", e),
        _ => new EventStoreUnavailableException($"{options} could not {doing}: {Why(e)}.", e),
    };

    /// <summary>The same for an error inside an answer to an append.</summary>
    public static EventLogCorruptException Deleted(string stream, Exception? inner = null) =>
        new($"The stream {stream} was deleted in EventStoreDB. The log must not lose events: restore it from a backup.", inner);

#pragma warning disable MA0015 // the parameter is the port's
    public static ArgumentException TooLarge(string stream, long? bytes, long limit) =>
        new($"The append to {stream}{(bytes is { } b ? $" has {b} bytes and" : "")} is larger than the {limit} bytes EventStoreDB takes at once. Make its events smaller.", "events");
#pragma warning restore MA0015

    public static EventLogCorruptException Broken(RecordedEvent e) => new(
        $"The event at position {e.Position} (version {e.Version} of {e.Stream}) does not continue its stream's hash chain; it, or the one before it, was altered. Stop the nodes and restore the log from a backup.");

    /// <summary>One line without a full stop. gRPC's own details name hosts and causes, never headers.</summary>
    public static string Why(RpcException e)
    {
        var cause = e.Status.DebugException?.GetBaseException().Message;
        var why = e.Status.Detail.Length > 0 ? e.Status.Detail : e.StatusCode.ToString();
        return (cause is null || why.Contains(cause, StringComparison.Ordinal) ? why : $"{why} ({cause.TrimEnd('.')})").TrimEnd('.');
    }

    static AuthenticationException? Tls(RpcException e)
    {
        for (var cause = e.Status.DebugException; cause is not null; cause = cause.InnerException)
            if (cause is AuthenticationException tls) return tls;
        return null;
    }
}
