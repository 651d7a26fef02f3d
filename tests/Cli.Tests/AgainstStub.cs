using Xunit;

namespace Ppec.Cli.Tests;

/// <summary>A test that runs the CLI at a terminal of its own, against a stub server of its own.</summary>
public abstract class AgainstStub : IAsyncLifetime
{
    private protected StubServer _server = null!;
    private protected Terminal _terminal = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await StubServer.StartAsync();
        _terminal = new(_server.Address);
    }

    public async ValueTask DisposeAsync()
    {
        _terminal.Dispose();
        await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
