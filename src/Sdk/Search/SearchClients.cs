using Ppec.Contracts.Audit;
using Ppec.Contracts.Disks;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Tags;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Saved filters: used as <c>@name</c> in any filter.</summary>
public sealed class FiltersClient : HistoricClient<FilterView>
{
    internal FiltersClient(Transport transport)
        : base(transport, "filters", PpecJson.Api.FilterView, PpecJson.Api.ListPageFilterView) { }

    /// <summary>Saves an expression under a name, or another under one's own name.</summary>
    public Task<Answer<FilterView>> SaveAsync(FilterBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        CreateAsync(body, PpecJson.Api.FilterBody, options, cancellation);

    /// <summary>Deletes it; the name is free.</summary>
    public Task DeleteAsync(string id, MutationOptions? options = null, CancellationToken cancellation = default) =>
        Transport.ChangeAsync(Path(id).Add("delete"), Payload.Empty, options, cancellation);
}

/// <summary>Tag keys: how many machines have each, and what holds for it.</summary>
public sealed class TagsClient
{
    readonly Transport _transport;

    internal TagsClient(Transport transport) => _transport = transport;

    /// <summary>Every key in use, or of which something was said.</summary>
    public async Task<Answer<ListPage<TagView>>> ListAsync(CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(Path(), cancellation)).As(PpecJson.Api.ListPageTagView);

    /// <summary>One key.</summary>
    public async Task<Answer<TagView>> GetAsync(string key, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(Path().Add(key), cancellation)).As(PpecJson.Api.TagView);

    /// <summary>Says what holds for a key, in place of what was said before.</summary>
    public async Task<Answer<TagView>> SetAsync(TagKeyBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await _transport.ChangeAsync(Path(), Payload.Json(body, PpecJson.Api.TagKeyBody), options, cancellation)).As(PpecJson.Api.TagView);

    /// <summary>Nothing more holds for the key; tags with it stay.</summary>
    public Task DeleteAsync(string key, MutationOptions? options = null, CancellationToken cancellation = default) =>
        _transport.ChangeAsync(Path().Add(key).Add("delete"), Payload.Empty, options, cancellation);

    static PathText Path() => new PathText("api/v1").Add("tags");
}

/// <summary>Disks by their serial, and everything by what names it.</summary>
public sealed class DisksClient
{
    readonly Transport _transport;

    internal DisksClient(Transport transport) => _transport = transport;

    /// <summary>A disk's life: every machine it sat in, every wipe, and where it is now.</summary>
    public async Task<Answer<DiskView>> GetAsync(string serial, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(new PathText("api/v1").Add("disks").Add(serial), cancellation)).As(PpecJson.Api.DiskView);

    /// <summary>The same for an auditor: who had each wipe done, who agreed to which plan, and a proof that the log says so.</summary>
    public async Task<Answer<DiskRecord>> RecordAsync(string serial, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(new PathText("api/v1").Add("disks").Add(serial).Add("record"), cancellation)).As(PpecJson.Api.DiskRecord);

    /// <summary>What a serial, MAC, IP or BMC address, disk serial, hostname, name or id belongs to; exact matches first, at most 50.</summary>
    public async Task<Answer<ListPage<FoundView>>> FindAsync(string text, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(new PathText("api/v1").Add("find").Query("q", text), cancellation)).As(PpecJson.Api.ListPageFoundView);
}
