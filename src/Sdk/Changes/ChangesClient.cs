using Ppec.Contracts.Changes;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Commands that await a second person, and what became of them.</summary>
public sealed class ChangesClient : HistoricClient<ChangeView>
{
    internal ChangesClient(Transport transport) : base(transport, "changes", PpecJson.Api.ChangeView, PpecJson.Api.ListPageChangeView) { }

    /// <summary>Agrees to the plan with this hash; at quorum the change is carried out.</summary>
    public Task<Answer<ChangeView>> ApproveAsync(string id, ApproveBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        TurnAsync(id, "approve", body, PpecJson.Api.ApproveBody, options, cancellation);

    /// <summary>Refuses it, which ends it; the maker reads why.</summary>
    public Task<Answer<ChangeView>> RejectAsync(string id, RejectChangeBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        TurnAsync(id, "reject", body, PpecJson.Api.RejectChangeBody, options, cancellation);

    /// <summary>The maker takes it back.</summary>
    public Task<Answer<ChangeView>> WithdrawAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => TurnAsync(id, "withdraw", options, cancellation);

    /// <summary>Asks once more for what an ended change was about, with a plan of now.</summary>
    /// <exception cref="AwaitingApprovalException">As a rule: the new change is open.</exception>
    public Task AgainAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) => EndAsync(id, "again", options, cancellation);

    /// <summary>Takes one change of a thing (<c>machine:sn-1</c>) back: the <paramref name="version"/> that its history names.</summary>
    /// <exception cref="PpecException">409 <c>undo-moved</c>: what it changed was changed since. 409 <c>undo-impossible</c>: no command takes that back.</exception>
    public Task UndoAsync(string of, long version, MutationOptions? options = null, CancellationToken cancellation = default) =>
        Transport.ChangeAsync(new PathText("api/v1/undo"), Payload.Json(new UndoBody(of, version), PpecJson.Api.UndoBody), options, cancellation);

    /// <summary>What it would do if it were carried out now, and what of that differs from what was planned.</summary>
    public async Task<Answer<ChangeNow>> NowAsync(string id, CancellationToken cancellation = default) => (await Transport.ReadAsync(Path(id).Add("now"), cancellation)).As(PpecJson.Api.ChangeNow);

    /// <summary>Somebody else looked at what was done without approval, and says what they found.</summary>
    public Task<Answer<ChangeView>> ReviewAsync(string id, ReviewBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        TurnAsync(id, "review", body, PpecJson.Api.ReviewBody, options, cancellation);
}
