using Ppec.Contracts.Events;
using Ppec.Stores.Kurrent;
using Xunit;

namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>
/// The whole suite against the server that <c>PPEC_TEST_EVENTSTOREDB</c> names with a connection string. It keeps its log from test to test, so each test has a prefix of its own;
/// nothing else should write to it meanwhile.
/// </summary>
[Collection("PPEC_TEST_EVENTSTOREDB")]
public sealed class RealServerTests : FeedConformance
{
    static readonly string? Server = Environment.GetEnvironmentVariable("PPEC_TEST_EVENTSTOREDB");

    protected override bool IdsAreUniqueInTheLog => false;

    protected override LogPosition BeyondTheEnd => new(long.MaxValue / 2);

    protected override async ValueTask<IEventStore> Open()
    {
        if (string.IsNullOrEmpty(Server)) Assert.Skip("PPEC_TEST_EVENTSTOREDB is not set");
        return await KurrentEventStore.Open(KurrentOptions.Parse($"{Server}{(Server.Contains('?', StringComparison.Ordinal) ? '&' : '?')}streamPrefix=ppec-test-{Guid.NewGuid():N}."), default);
    }
}
