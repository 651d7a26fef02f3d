using Ppec.Api.Surface;

namespace Ppec.Api.Tests.Surface;

/// <summary>How much one caller may ask, and how often somebody may guess.</summary>
public sealed class RateTests
{
    static async Task<TestNode> Node(SurfaceLimits limits)
    {
        var node = new TestNode { Limits = limits };
        await node.Up();
        await Contract.Load(node.Url);
        return node;
    }

    static int After(Answer refused) => int.Parse(refused.Header("Retry-After")!, System.Globalization.CultureInfo.InvariantCulture);

    [Fact]
    public async Task Who_guesses_is_no_longer_listened_to_and_who_works_beside_him_is()
    {
        await using var node = await Node(new() { FailedSignIns = 6 });
        (await node.Api.Get("/api/v1/machines")).Is(200);
        for (var i = 0; i < 6; i++) (await node.As($"guess-{i}").Get("/api/v1/machines")).Is(401);
        var refused = (await node.As("guess-7").Get("/api/v1/machines")).Is(429, "too-many-requests");
        Assert.InRange(After(refused), 1, 10);
        Assert.DoesNotContain("guess", refused.Text, StringComparison.Ordinal);
        (await node.As(null).Post("/api/v1/regions", new { id = "intruder" })).Is(429);
        (await node.Api.Get("/api/v1/machines")).Is(200); // the same address, a credential that was good
        Assert.Equal(404, (await node.As(null).Get("/boot/nothing")).Status);
        Assert.Equal(401, (await node.As("guess-8").Get("/agent/v1/task")).Status); // machines have tickets of 256 bits: nobody guesses those
    }

    [Fact]
    public async Task Who_waits_as_long_as_was_said_is_listened_to_again()
    {
        await using var node = await Node(new() { FailedSignIns = 60 });
        while ((await node.As("guess").Get("/api/v1/machines")).Status == 401) { }
        var refused = (await node.As("guess").Get("/api/v1/machines")).Is(429);
        await Task.Delay(TimeSpan.FromSeconds(After(refused) + 0.2), TestContext.Current.CancellationToken);
        (await node.As("guess").Get("/api/v1/machines")).Is(401);
    }

    [Fact]
    public async Task One_credential_has_its_share_and_machines_have_none_to_use_up()
    {
        await using var node = await Node(new() { PerCredential = 2 });
        var seen = new List<int>();
        for (var i = 0; i < 14; i++) seen.Add((await node.Api.Get("/api/v1/machines")).Status);
        Assert.Equal(10, seen.TakeWhile(s => s == 200).Count() / 10 * 10); // five seconds' worth, and whatever grew meanwhile
        Assert.Contains(429, seen);
        await Things.Eventually("it may ask again", async () => (await node.Api.Get("/api/v1/machines")).Status == 200, seconds: 5);
        (await node.As(null).Get("/api/v1/machines")).Is(401); // another caller
        for (var i = 0; i < 50; i++) (await node.Api.Get("/boot/ipxe/52-54-00-00-00-01?uuid=&serial=")).Is(200);
    }

    [Fact]
    public async Task One_address_has_its_share_whatever_credentials_it_uses()
    {
        await using var node = await Node(new() { PerAddress = 2, FailedSignIns = 0 });
        var seen = new List<int>();
        for (var i = 0; i < 14; i++) seen.Add((await node.As($"other-{i}").Get("/api/v1/machines")).Status);
        Assert.Contains(401, seen);
        Assert.Contains(429, seen);
        for (var i = 0; i < 50; i++) (await node.Api.Get("/boot/ipxe/52-54-00-00-00-01?uuid=&serial=")).Is(200);
    }

    [Fact]
    public async Task The_usual_limits_let_a_busy_client_work()
    {
        await using var node = await Node(new());
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
        {
            var all = true;
            for (var i = 0; i < 40; i++) all &= (await node.Api.Get("/api/v1/regions")).Status == 200;
            return all;
        })));
        Assert.All(answers, Assert.True);
    }
}
