using System.Collections.Immutable;
using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Tags;

/// <summary>A command to one tag key.</summary>
[GenerateSerializer]
public abstract record TagCommand(string Key) : Command
{
    public override string Target => $"tag-{Key}";
}

/// <summary>
/// Says what holds for a key: the <paramref name="Values"/> it may have (empty = any), the nouns it is <paramref name="RequiredOn"/> (there it cannot be removed),
/// and whether it is <paramref name="Protected"/> (changing it needs the permission <c>tag.protected</c> as well). Tags that are there already stay as they are.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record SetTagKey(string Key, ImmutableArray<string> Values, ImmutableArray<string> RequiredOn, bool Protected, string Description) : TagCommand(Key)
{
    public override string Permission => "tag.set";
}

/// <summary>Nothing more holds for the key; tags with it stay.</summary>
[GenerateSerializer, Immutable]
public sealed record DeleteTagKey(string Key) : TagCommand(Key)
{
    public override string Permission => "tag.delete";
}

/// <summary>The body of POST /api/v1/tags; the whole of what holds from now on.</summary>
[GenerateSerializer, Immutable]
public sealed record TagKeyBody(string Key, ImmutableArray<string> Values = default, ImmutableArray<string> RequiredOn = default, bool Protected = false, string Description = "");

/// <summary>A tag key. <paramref name="Used"/>: how many machines have it now. <paramref name="Version"/> 0 and no <paramref name="SetAt"/>: it is in use, and nothing was said of it.</summary>
[GenerateSerializer, Immutable]
public sealed record TagView(
    string Id, ImmutableArray<string> Values, ImmutableArray<string> RequiredOn, bool Protected, string Description, long Used, DateTimeOffset? SetAt, long Version);

[Alias("tag")]
public interface ITagGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(TagCommand command, Caller caller);
}
