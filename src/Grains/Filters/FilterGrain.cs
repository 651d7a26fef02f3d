using Microsoft.Extensions.Logging;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Gate;
using Ppec.Domain.Filters;

namespace Ppec.Grains.Filters;

public sealed class FilterGrain(Log log, ILogger<FilterGrain> logger)
    : AggregateGrain<SavedFilterState?, SavedFilterEvent>("filter", null, SavedFilter.Evolve, log, logger), IFilterGrain
{
    public Task<Outcome> Execute(FilterCommand command, Caller caller) =>
        Handle(state => SavedFilter.Decide(state, command), caller, command.At, command.IfVersion);
}
