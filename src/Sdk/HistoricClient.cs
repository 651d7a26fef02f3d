using System.Text.Json.Serialization.Metadata;
using Ppec.Contracts.Machines;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>A noun that tells its past.</summary>
public abstract class HistoricClient<TView> : NounClient<TView>
{
    private protected HistoricClient(Transport transport, string plural, JsonTypeInfo<TView> view, JsonTypeInfo<ListPage<TView>> page) : base(transport, plural, view, page) { }

    /// <summary>Every change of one, oldest first: when, what, who and why.</summary>
    public async Task<Answer<ListPage<HistoryEntry>>> HistoryAsync(string id, CancellationToken cancellation = default) =>
        (await Transport.ReadAsync(Path(id).Add("history"), cancellation)).As(PpecJson.Api.ListPageHistoryEntry);

    /// <summary>What differs between two times; until now when <paramref name="to"/> is null.</summary>
    public async Task<Answer<ListPage<FieldChange>>> DiffAsync(string id, DateTimeOffset from, DateTimeOffset? to = null, CancellationToken cancellation = default) =>
        (await Transport.ReadAsync(Path(id).Add("diff").Query("from", from).Query("to", to), cancellation)).As(PpecJson.Api.ListPageFieldChange);
}
