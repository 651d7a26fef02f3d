using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Secrets;
using Ppec.Drivers.Bmc;
using Ppec.Drivers.Images;

namespace Ppec.Grains.Tests.Rig;

/// <summary>Secrets in memory.</summary>
public sealed class MemorySecrets : ISecretStore
{
    readonly ConcurrentDictionary<SecretRef, string> _values = [];
    readonly ConcurrentDictionary<string, int> _versions = [];

    public ICollection<SecretRef> Kept => _values.Keys;

    public Task<SecretRef> Put(string name, string value, CancellationToken cancellation)
    {
        var secret = new SecretRef(name, _versions.AddOrUpdate(name, 1, (_, n) => n + 1));
        _values[secret] = value;
        return Task.FromResult(secret);
    }

    public Task<string?> Get(SecretRef secret, CancellationToken cancellation) => Task.FromResult(_values.GetValueOrDefault(secret));

    public Task Destroy(SecretRef secret, CancellationToken cancellation)
    {
        _values.TryRemove(secret, out _);
        return Task.CompletedTask;
    }
}

/// <summary>Images that are there, or not.</summary>
public sealed class MemoryImages : IImageStore
{
    public bool Whole { get; set; } = true;

    /// <summary>Awaited before an answer.</summary>
    public Func<Task> Hold { get; set; } = () => Task.CompletedTask;

    public Task<string?> Put(string sha256, Stream content, CancellationToken cancellation) => Task.FromResult<string?>(null);
    public Stream? Open(string sha256) => null;
    public async Task<bool> Verify(string sha256, long sizeBytes, CancellationToken cancellation)
    {
        await Hold().WaitAsync(cancellation);
        return Whole;
    }
}

/// <summary>The rack's BMCs, behind a network that can be slow.</summary>
public sealed class SlowNetwork(IBmcConnector rack) : IBmcConnector
{
    /// <summary>Awaited before a BMC is reached, by its address.</summary>
    public Func<string, Task> Hold { get; set; } = _ => Task.CompletedTask;

    public async Task<IBmc> Open(BmcTarget target, CancellationToken cancellation)
    {
        await Hold(target.Address).WaitAsync(cancellation);
        return await rack.Open(target, cancellation);
    }
}

/// <summary>Every line any logger wrote.</summary>
public sealed class CapturedLog : ILoggerProvider, ILogger
{
    public ConcurrentQueue<string> Lines { get; } = [];

    public ILogger CreateLogger(string categoryName) => this;
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");

    public void Dispose() { }
}
