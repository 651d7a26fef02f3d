using Microsoft.Extensions.Logging;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Tags;
using Ppec.Domain.Tags;

namespace Ppec.Grains.Tags;

public sealed class TagGrain(Log log, ILogger<TagGrain> logger)
    : AggregateGrain<TagKeyState?, TagKeyEvent>("tag", null, TagKey.Evolve, log, logger), ITagGrain
{
    public Task<Outcome> Execute(TagCommand command, Caller caller) =>
        Handle(state => TagKey.Decide(state, command), caller, command.At, command.IfVersion);
}
