using Microsoft.Extensions.Logging;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Domain.Images;

namespace Ppec.Grains.Images;

public sealed class ImageGrain(Log log, ILogger<ImageGrain> logger)
    : AggregateGrain<ImageState, ImageEvent>("image", Image.Initial, Image.Evolve, log, logger), IImageGrain
{
    public Task<Outcome> Execute(ImageCommand command, Caller caller) =>
        Handle(state => Image.Decide(state, command), caller, command.At, command.IfVersion);

    public Task<ImageVersion?> Read(int? version) => Task.FromResult(version is { } n
        ? n >= 1 && n <= State.Versions.Length ? State.Versions[n - 1].Version : null
        : State.Versions.Select(v => v.Version).LastOrDefault(v => !v.Deprecated));

    public Task<string?> Find(ImageContent content) => Task.FromResult(State.Versions.Select(v => v.Version).FirstOrDefault(v => v.Content == content)?.Id);
}
