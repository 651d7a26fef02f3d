using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Regions: data centres or sites.</summary>
public sealed class RegionsClient : HistoricClient<RegionView>
{
    internal RegionsClient(Transport transport)
        : base(transport, "regions", PpecJson.Api.RegionView, PpecJson.Api.ListPageRegionView) { }

    /// <summary>Adds a region.</summary>
    public Task<Answer<RegionView>> CreateAsync(RegionBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        CreateAsync(body, PpecJson.Api.RegionBody, options, cancellation);

    /// <summary>Describes a region.</summary>
    public async Task<Answer<RegionView>> SetAsync(string id, SetRegionBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Path(id).Add("set"), Payload.Json(body, PpecJson.Api.SetRegionBody), options, cancellation)).As(PpecJson.Api.RegionView);
}

/// <summary>Racks, with what stands in them.</summary>
public sealed class RacksClient : HistoricClient<RackView>
{
    internal RacksClient(Transport transport)
        : base(transport, "racks", PpecJson.Api.RackView, PpecJson.Api.ListPageRackView) { }

    /// <summary>Adds a rack to a region.</summary>
    public Task<Answer<RackView>> CreateAsync(RackBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        CreateAsync(body, PpecJson.Api.RackBody, options, cancellation);

    /// <summary>Describes a rack.</summary>
    public async Task<Answer<RackView>> SetAsync(string id, SetRackBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await Transport.ChangeAsync(Path(id).Add("set"), Payload.Json(body, PpecJson.Api.SetRackBody), options, cancellation)).As(PpecJson.Api.RackView);

    /// <summary>The rack is gone.</summary>
    /// <exception cref="PpecException"><c>rack-not-empty</c>: something stands in it.</exception>
    public Task RetireAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        Transport.ChangeAsync(Path(id).Add("retire"), Payload.Empty, options, cancellation);
}
