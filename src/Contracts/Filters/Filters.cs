using Ppec.Contracts.Gate;

namespace Ppec.Contracts.Filters;

/// <summary>A command to one saved filter, named without its <c>@</c>.</summary>
[GenerateSerializer]
public abstract record FilterCommand(string Name) : Command
{
    public override string Target => $"filter-{Name}";
}

/// <summary>Keeps an expression under a name, or another one under the same. <paramref name="Owner"/> is set by the gate.</summary>
[GenerateSerializer, Immutable]
public sealed record SaveFilter(string Name, string Expression, string Owner = "") : FilterCommand(Name)
{
    public override string Permission => "filter.save";
}

/// <summary>Frees the name. <paramref name="By"/> is set by the gate.</summary>
[GenerateSerializer, Immutable]
public sealed record DeleteFilter(string Name, string By = "") : FilterCommand(Name)
{
    public override string Permission => "filter.delete";
}

/// <summary>The body of POST /api/v1/filters.</summary>
[GenerateSerializer, Immutable]
public sealed record FilterBody(string Name, string Expression);

/// <summary>A saved filter, used in any filter as <c>@id</c>.</summary>
[GenerateSerializer, Immutable]
public sealed record FilterView(string Id, string Expression, string Owner, DateTimeOffset SavedAt, long Version);

[Alias("filter")]
public interface IFilterGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(FilterCommand command, Caller caller);
}
