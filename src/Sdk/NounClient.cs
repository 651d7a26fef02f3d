using System.Runtime.CompilerServices;
using System.Text.Json.Serialization.Metadata;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>What every noun has: a list and single things by id.</summary>
public abstract class NounClient<TView>
{
    readonly JsonTypeInfo<TView> _view;
    readonly JsonTypeInfo<ListPage<TView>> _page;

    private protected NounClient(Transport transport, string plural, JsonTypeInfo<TView> view, JsonTypeInfo<ListPage<TView>> page)
    {
        (Transport, Plural, _view, _page) = (transport, plural, view, page);
    }

    private protected Transport Transport { get; }
    private protected string Plural { get; }

    /// <summary>Every item that matches, page after page, as they are read.</summary>
    public async IAsyncEnumerable<TView> ListAsync(ListOptions? options = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        options ??= new();
        while (true)
        {
            var page = (await PageAsync(options, cancellation)).Value;
            foreach (var item in page.Items.IsDefault ? [] : page.Items) yield return item;
            if (page.NextCursor is null) yield break;
            options = options with { Cursor = page.NextCursor };
        }
    }

    /// <summary>One page.</summary>
    public async Task<Answer<ListPage<TView>>> PageAsync(ListOptions? options = null, CancellationToken cancellation = default)
    {
        var path = new PathText("api/v1").Add(Plural)
            .Query("filter", options?.Filter).Query("sort", options?.Sort).Query("limit", options?.Limit)
            .Query("cursor", options?.Cursor).Query("after", options?.After);
        return (await Transport.ReadAsync(path, cancellation)).As(_page);
    }

    /// <summary>One thing by its id.</summary>
    /// <exception cref="PpecException">404 <c>not-found</c>: there is none, or it is not yours to know.</exception>
    public async Task<Answer<TView>> GetAsync(string id, ReadOptions? options = null, CancellationToken cancellation = default)
    {
        var path = Path(id).Query("at", options?.At).Query("after", options?.After);
        return (await Transport.ReadAsync(path, cancellation)).As(_view);
    }

    private protected async Task<Answer<TView>> TurnAsync<TBody>(string id, string verb, TBody body, JsonTypeInfo<TBody> type, MutationOptions? options, CancellationToken cancellation) =>
        (await Transport.ChangeAsync(Path(id).Add(verb), Payload.Json(body, type), options, cancellation)).As(_view);

    private protected async Task<Answer<TView>> TurnAsync(string id, string verb, MutationOptions? options, CancellationToken cancellation) =>
        (await Transport.ChangeAsync(Path(id).Add(verb), Payload.Empty, options, cancellation)).As(_view);

    private protected Task EndAsync(string id, string verb, MutationOptions? options, CancellationToken cancellation) =>
        Transport.ChangeAsync(Path(id).Add(verb), Payload.Empty, options, cancellation);

    private protected PathText Path(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        return new PathText("api/v1").Add(Plural).Add(id);
    }

    private protected async Task<Answer<TView>> CreateAsync<TBody>(TBody body, JsonTypeInfo<TBody> type, MutationOptions? options, CancellationToken cancellation)
        => (await Transport.ChangeAsync(new PathText("api/v1").Add(Plural), Payload.Json(body, type), options, cancellation)).As(_view);
}
