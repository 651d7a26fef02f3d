using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Tests.Bmcs;

/// <summary>Many BMCs behind one listening socket, each a service of its own; and those that lie.</summary>
public sealed class FleetTests : IDisposable
{
    readonly TemporaryFolder temporary = new();
    readonly HttpClient http = new(new SocketsHttpHandler { UseProxy = false, SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true } });

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        http.Dispose();
        temporary.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_address_is_a_BMC_of_its_own(bool https)
    {
        await using var site = await Up($"https: {(https ? "true" : "false")}\nbmcNetwork: 127.70.0.0/16\nmachines: [{{name: m, count: 300}}]");
        Assert.Equal(300, site.Rows.DistinctBy(r => r.BmcAddress).Count());
        Assert.Single(site.Rows.Select(r => new Uri(r.BmcAddress).Port).Distinct());
        foreach (var row in site.Rows.Where((_, i) => i % 100 == 7))
        {
            Assert.Equal(row.Uuid, (string?)(await http.GetFromJsonAsync<JsonNode>(new Uri(row.BmcAddress + "/redfish/v1/"), Cancellation))!["UUID"]);
            var token = await SignIn(row, temporary.Folder.Password(row.Name));
            Assert.Equal(row.Serial, (string?)(await Get(row, "/redfish/v1/Systems/1", token))["SerialNumber"]);
            var neighbour = site.Rows[site.Rows.IndexOf(row) + 1];
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(neighbour.BmcAddress + "/redfish/v1/Systems/1")) { Headers = { { "X-Auth-Token", token } } };
            Assert.Equal(HttpStatusCode.Unauthorized, (await http.SendAsync(request, Cancellation)).StatusCode); // sessions are not shared
            await Assert.ThrowsAsync<HttpRequestException>(() => SignIn(neighbour, temporary.Folder.Password(row.Name)));
        }

        var nobody = new UriBuilder(site.Rows[0].BmcAddress) { Host = "127.70.200.1" }.Uri;
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => http.GetAsync(nobody, Cancellation));
    }

    [Fact]
    public async Task A_lab_that_comes_back_has_its_BMCs_where_they_were()
    {
        const string Yaml = "bmcNetwork: 127.71.0.0/16\nmachines: [{name: m, count: 5}]";
        string[] before;
        await using (var site = await Up(Yaml)) before = [.. site.Rows.Select(r => r.BmcAddress)];
        await using var again = await Up("bmcNetwork: 127.71.0.0/16\nmachines: [{name: a}, {name: m, count: 5}]");
        Assert.Equal(before, again.Rows.Skip(1).Select(r => r.BmcAddress));
        Assert.DoesNotContain(again.Rows[0].BmcAddress, before);
    }

    [Fact]
    public async Task The_second_session_waits_for_the_first_to_end()
    {
        await using var site = await Up("machines: [{name: m, faults: [bmc-one-session]}]");
        var (row, password) = (site.Rows[0], temporary.Folder.Password("m"));
        var token = await SignIn(row, password);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Assert.ThrowsAsync<HttpRequestException>(() => SignIn(row, password))).StatusCode);
        using var end = new HttpRequestMessage(HttpMethod.Delete, new Uri(row.BmcAddress + "/redfish/v1/SessionService/Sessions/1")) { Headers = { { "X-Auth-Token", token } } };
        Assert.Equal(HttpStatusCode.NoContent, (await http.SendAsync(end, Cancellation)).StatusCode);
        await SignIn(row, password);
    }

    [Fact]
    public async Task One_that_flaps_is_there_and_away_in_turns()
    {
        await using var site = await Up("machines: [{name: m, faults: [bmc-flap]}]");
        var address = new Uri(site.Rows[0].BmcAddress + "/redfish/v1/");
        foreach (var there in (bool[])[true, false, true])
            await Eventually.True($"it is {(there ? "there" : "away")}", async () =>
            {
                try
                {
                    return (await http.GetAsync(address, Cancellation)).IsSuccessStatusCode == there;
                }
                catch (HttpRequestException)
                {
                    return !there;
                }
            });
    }

    [Fact]
    public async Task One_in_the_wrong_state_says_on_and_the_machine_is_off()
    {
        await using var site = await Up("machines: [{name: m, faults: [bmc-wrong-state]}]");
        var token = await SignIn(site.Rows[0], temporary.Folder.Password("m"));
        Assert.Equal("On", (string?)(await Get(site.Rows[0], "/redfish/v1/Systems/1", token))["PowerState"]);
        Assert.False(await site.Bmcs["m"].Machine.IsOn(Cancellation));
    }

    async Task<string> SignIn(RackSheetRow row, string password)
    {
        using var answer = await http.PostAsJsonAsync(new Uri(row.BmcAddress + "/redfish/v1/SessionService/Sessions"), new JsonObject { ["UserName"] = row.BmcUser, ["Password"] = password }, Cancellation);
        return answer.EnsureSuccessStatusCode().Headers.GetValues("X-Auth-Token").Single();
    }

    async Task<JsonNode> Get(RackSheetRow row, string path, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(row.BmcAddress + path)) { Headers = { { "X-Auth-Token", token } } };
        using var answer = await http.SendAsync(request, Cancellation);
        return (await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
    }

    Task<LabSite> Up(string yaml) =>
        LabSite.Start(LabYaml.Read(yaml, []), temporary.Folder, new SiteOptions(new Uri("http://127.0.0.1:9"), TimeSpan.Zero, 25000 + (Environment.ProcessId % 50 * 20)), _ => throw new InvalidOperationException(), NullLogger.Instance, Cancellation);
}
