using Ppec.Contracts.Operations;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Operations: durable work, with steps, progress, deadline and log.</summary>
public sealed class OperationsClient : HistoricClient<OperationView>
{
    internal OperationsClient(Transport transport)
        : base(transport, "operations", PpecJson.Api.OperationView, PpecJson.Api.ListPageOperationView) { }

    /// <summary>Asks an operation to stop. Where it lands depends on the step it is in.</summary>
    public async Task<Answer<OperationView>> CancelAsync(string id, CancelBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Path(id).Add("cancel"), Payload.Json(body, PpecJson.Api.CancelBody), options, cancellation)).As(PpecJson.Api.OperationView);

    /// <summary>A step that waits to be tried again is tried now.</summary>
    public async Task<Answer<OperationView>> RetryAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Path(id).Add("retry"), Payload.Empty, options, cancellation)).As(PpecJson.Api.OperationView);

    /// <summary>The newest log lines after number <paramref name="from"/>, and how far the agent is in the current step.</summary>
    public async Task<Answer<OperationLog>> LogAsync(string id, long from = 0, CancellationToken cancellation = default) =>
        (await Transport.ReadAsync(Path(id).Add("log").Query("from", from), cancellation)).As(PpecJson.Api.OperationLog);

    /// <summary>
    /// Waits until an operation has ended, however it ended: look at <see cref="OperationView.State"/>.
    /// A server that restarts meanwhile is waited for. Cancelling stops the waiting, not the operation.
    /// </summary>
    /// <param name="id">The operation.</param>
    /// <param name="progress">Called after every look, in order, never concurrently.</param>
    /// <param name="options">How to wait.</param>
    /// <param name="cancellation">Stops waiting.</param>
    /// <exception cref="ServerUnreachableException">The server was away for longer than <see cref="WaitOptions.Patience"/>.</exception>
    public Task<Answer<OperationView>> WaitAsync(
        string id, Action<OperationProgress>? progress = null, WaitOptions? options = null, CancellationToken cancellation = default) =>
        new OperationWait(this, Transport.Options.Time, id, progress, options ?? new()).RunAsync(cancellation);
}
