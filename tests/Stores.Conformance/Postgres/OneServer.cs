using Ppec.Stores.Conformance.Postgres;
using Xunit;

[assembly: AssemblyFixture(typeof(OneServer))]

namespace Ppec.Stores.Conformance.Postgres;

/// <summary>The server that the tests of a run share, each in a database of its own. It is started by the first that asks.</summary>
public sealed class OneServer : IAsyncDisposable
{
    readonly Lock _lock = new();
    Task<PostgresServer>? _server;

    internal Task<PostgresServer> Started()
    {
        lock (_lock) return _server ??= PostgresServer.Start();
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is { IsCompletedSuccessfully: true } server) await (await server).DisposeAsync();
    }
}
