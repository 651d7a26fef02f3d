using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Services;

namespace Ppec.Grains.Tests.Rig;

public interface IInside : IGrainService;

/// <summary>Lets a test call as a grain does: from inside the silo, past the gate's filter, which is for clients.</summary>
public sealed class Inside(GrainId id, Silo silo, ILoggerFactory loggers, IGrainFactory grains, InsideDoor door) : GrainService(id, silo, loggers), IInside
{
    public override Task Start()
    {
        var here = TaskScheduler.Current;
        door.Opened(work => Task.Factory.StartNew(() => work(grains), CancellationToken.None, TaskCreationOptions.None, here).Unwrap());
        return base.Start();
    }
}

/// <summary>How a test reaches <see cref="Inside"/>.</summary>
public sealed class InsideDoor
{
    readonly TaskCompletionSource<Func<Func<IGrainFactory, Task>, Task>> _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Opened(Func<Func<IGrainFactory, Task>, Task> run) => _open.TrySetResult(run);

    public async Task<T> Run<T>(Func<IGrainFactory, Task<T>> work)
    {
        T? answer = default;
        await (await _open.Task)(async grains => answer = await work(grains));
        return answer!;
    }
}

/// <summary>Remembers which activations live, so that a test can end one.</summary>
public sealed class Activations : IIncomingGrainCallFilter
{
    readonly ConcurrentDictionary<GrainId, IGrainContext> _seen = [];

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.TargetContext is { } target) _seen[context.TargetId] = target;
        return context.Invoke();
    }

    /// <summary>Ends the activation whose key is this, and returns when it is gone. False when there is none.</summary>
    public async Task<bool> End(string key)
    {
        var (_, activation) = _seen.FirstOrDefault(a => a.Key.Key.ToString() == key);
        if (activation is null) return false;
        activation.Deactivate(new(DeactivationReasonCode.ApplicationRequested, "the test says so"));
        await activation.Deactivated.WaitAsync(TimeSpan.FromSeconds(20));
        return true;
    }
}
