using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Ppec.EndToEnd.Running;

namespace Ppec.EndToEnd;

/// <summary>A boot token is exchanged once; a lost answer is given again to the agent that asked, and to no other, across restarts.</summary>
public sealed class SessionTests
{
    [Fact]
    public async Task A_lost_session_answer_is_given_again_to_the_agent_that_asked()
    {
        await using var site = new Site();
        await site.StartNode();
        File.WriteAllText(site.Under("lab.yaml"), "machines: [{name: quiet, faults: [silent]}]"); // this test speaks in its place
        await site.StartLab("-f", site.Under("lab.yaml"));
        await site.Furnish();
        var machine = site.Machines()[0];
        await site.Client.Machines.RackAsync(site.Label(machine));
        var operation = (await site.Client.Machines.InspectAsync(machine.Id)).Value.Id;
        for (var i = 0; i < 200 && (await site.Client.Operations.GetAsync(operation)).Value.Step != "await-pious"; i++) await Task.Delay(50);

        using var http = new HttpClient { BaseAddress = site.Url };
        var script = await http.GetStringAsync(new Uri($"/boot/ipxe/{machine.Macs[0].Replace(':', '-')}", UriKind.Relative));
        var token = script.Split("ppec.token=")[1].Split(' ')[0];
        var (mine, another) = (Guid.NewGuid().ToString("N"), Guid.NewGuid().ToString("N"));
        var first = await SignIn(mine);
        var again = await SignIn(mine);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.Status, again.Status));
        Assert.Equal(first.Credential, again.Credential);

        await site.KillNode();
        await site.StartNode();
        Assert.Equal(first.Credential, (await SignIn(mine)).Credential);
        Assert.Equal(HttpStatusCode.Forbidden, (await SignIn(another)).Status);

        using var task = new HttpRequestMessage(HttpMethod.Get, new Uri("/agent/v1/task?wait=0", UriKind.Relative));
        task.Headers.Authorization = new AuthenticationHeaderValue("Bearer", first.Credential);
        using var answer = await http.SendAsync(task);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

        async Task<(HttpStatusCode Status, string? Credential)> SignIn(string nonce)
        {
            var evidence = new { serial = machine.Serial, uuid = "", boardSerial = "", macs = machine.Macs };
            using var granted = await http.PostAsJsonAsync(new Uri("/agent/v1/session", UriKind.Relative), new { token, nonce, evidence, agentVersion = "test" });
            var body = await granted.Content.ReadAsStringAsync();
            return (granted.StatusCode, granted.IsSuccessStatusCode ? JsonDocument.Parse(body).RootElement.GetProperty("credential").GetString() : body);
        }
    }
}
