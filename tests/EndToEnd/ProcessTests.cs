using System.Net;
using System.Net.Http.Headers;
using Ppec.EndToEnd.Running;

namespace Ppec.EndToEnd;

/// <summary>The node as an operator meets it: how it starts, refuses, and stops.</summary>
public sealed class ProcessTests
{
    static readonly TimeSpan Short = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task It_stops_within_ten_seconds_with_an_agent_waiting_a_BMC_hanging_and_a_feed_open()
    {
        await using var site = new Site();
        await site.StartNode();
        await site.StartLab("--sim", "1", "--sim-delay-ms", "1500");
        await site.Furnish();
        var machine = site.Machines()[0];
        await site.Client.Machines.RackAsync(site.Label(machine));
        var operation = (await site.Client.Machines.InspectAsync(machine.Id)).Value.Id;
        await Until(site, operation, "health");
        await site.Break(machine.Name, "bmc-hang"); // power-off waits for its BMC, and PIOUS for its next task
        await Until(site, operation, "power-off");
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(site.Url, "/api/v1/events"));
        request.Headers.Accept.Add(new("text/event-stream"));
        request.Headers.Authorization = new("Bearer", site.Credential);
        using var feed = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, feed.StatusCode);

        var stopped = await site.Node!.Terminate(TimeSpan.FromSeconds(10));
        Assert.True(stopped is (0, _), $"{stopped}\n{site.Node.Errors}");

        await site.StartNode(); // what it left is whole
        Assert.Equal("power-off", (await site.Client.Operations.GetAsync(operation)).Value.Step);
    }

    [Fact]
    public async Task What_it_cannot_understand_is_exit_2_and_one_sentence()
    {
        foreach (var (arguments, says) in new (string[], string)[]
        {
            (["--colour", "red"], "There is no option --colour."),
            (["--data"], "--data lacks its value."),
            (["--power-timeout", "soon"], "--power-timeout is a number of seconds, not 'soon'."),
            (["--enlist-from", "everywhere"], "--enlist-from: 'everywhere' is not a subnet"),
            (["--trusted-image-keys", "/no/such/file.pem"], "/no/such/file.pem"),
            (["--https-certificate", "/no/such/file.pem"], "--https-certificate and --https-key go together."),
            (["--https-certificate", "/no/such/file.pem", "--https-key", "/no/such/key.pem", "--urls", "https://127.0.0.1:1"], "/no/such/file.pem"),
            (["--rate-per-credential", "many"], "--rate-per-credential is a whole number, not 'many'."),
            (["--rate-per-address", "-1"], "--rate-per-address is a whole number, not '-1'."),
            (["--failed-sign-ins", "few"], "--failed-sign-ins is a whole number, not 'few'."),
            (["--bmc-networks", "10.0.0.0/8,here"], "--bmc-networks: 'here' is not a subnet"),
            (["--webhook-networks", "there"], "--webhook-networks: 'there' is not a subnet"),
            (["--oidc-issuer", "http://id.example.net", "--oidc-client-id", "ppec"], "--oidc-issuer is an https address"),
            (["--oidc-issuer", "https://id.example.net"], "--oidc-issuer needs --oidc-client-id"),
            (["--oidc-groups-claim", "roles"], "--oidc-groups-claim says nothing without --oidc-issuer."),
            (["--oidc-name-claim", "upn"], "--oidc-name-claim says nothing without --oidc-issuer."),
            (["--credential-days", "367"], "--credential-days is 1 to 366."),
            (["--allow-loopback=maybe"], "--allow-loopback is true or false, not 'maybe'."),
            (["--config", "/no/such/ppec.yaml"], "/no/such/ppec.yaml"),
        })
        {
            await using var node = Child.Start(Programs.Node, arguments, folder: Path.GetTempPath());
            Assert.Equal((string.Join(' ', arguments), 2), (string.Join(' ', arguments), await node.Exit(Short)));
            Assert.Contains(says, node.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", node.Errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Help_lists_every_option_and_exits_0()
    {
        await using var node = Child.Start(Programs.Node, ["--help"]);
        Assert.Equal(0, await node.Exit(Short));
        foreach (var option in new[] { "--data DIR", "--urls URL", "--pious DIR", "--wake-every SECONDS", "PPEC_DATA", "ppec-silo --data" })
            Assert.Contains(option, node.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_of_its_own_making_is_trusted_by_who_was_given_its_certificate_and_nobody_else()
    {
        await using var site = new Site();
        var url = $"https://127.0.0.1:{site.Url.Port}";
        await using var node = Child.Start(Programs.Node, ["--data", site.Data, "--urls", url]);
        Assert.Equal($"ready: {url}", await node.Ready(Short));
        var certificate = Path.Combine(site.Data, "https-certificate.pem");
        Assert.Equal(0, (await Ppec("region", "create", "blr1", "--ca-file", certificate)).Status);
        Assert.Equal("blr1", (await PpecWith(("PPEC_CA_FILE", certificate), ["region", "list", "-o", "name"])).Out);
        Assert.Equal(0, (await Ppec("context", "set", "here", "--server", url, "--credential-file", $"{site.Data}/admin-credential", "--ca-file", certificate)).Status);
        Assert.Equal("blr1", (await Ppec("region", "list", "-o", "name", "--context", "here")).Out);
        Assert.Equal(9, (await Ppec("region", "list")).Status);

        Task<(int? Status, string Out)> Ppec(params string[] arguments) => As([], arguments);
        Task<(int? Status, string Out)> PpecWith((string, string) variable, string[] arguments) => As([variable], arguments);
        async Task<(int? Status, string Out)> As((string Name, string Value)[] more, string[] arguments)
        {
            var environment = new Dictionary<string, string> { ["PPEC_SERVER"] = url, ["PPEC_CREDENTIAL_FILE"] = $"{site.Data}/admin-credential", ["HOME"] = site.Data };
            foreach (var (name, value) in more) environment[name] = value;
            await using var cli = Child.Start(Programs.Cli, arguments, environment);
            return (await cli.Exit(Short), cli.Output);
        }
    }

    [Fact]
    public async Task A_second_node_on_the_same_directory_is_exit_1_and_one_sentence()
    {
        await using var site = new Site();
        await site.StartNode();
        await using var second = Child.Start(Programs.Node, ["--data", site.Data, "--urls", $"http://127.0.0.1:{Programs.FreePort()}"]);
        Assert.Equal(1, await second.Exit(Short));
        Assert.Contains(site.Data, second.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_exit_1_and_one_sentence()
    {
        await using var site = new Site();
        await site.StartNode();
        await using var second = Child.Start(Programs.Node, ["--data", site.Under("other"), "--urls", site.Url.ToString()]);
        Assert.Equal(1, await second.Exit(Short));
        Assert.Contains($"{site.Url.Port}", second.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_flag_wins_over_the_variable_and_the_variable_over_the_file()
    {
        var root = Directory.CreateTempSubdirectory("ppec-e2e-");
        try
        {
            var (file, variable) = (Programs.FreePort(), Programs.FreePort());
            var yaml = Path.Combine(root.FullName, "ppec.yaml");
            await File.WriteAllTextAsync(yaml, $"data: {root.FullName}/from-file\nurls: http://127.0.0.1:{file}\n");
            var environment = new Dictionary<string, string> { ["PPEC_CONFIG"] = yaml, ["PPEC_URLS"] = $"http://127.0.0.1:{variable}", ["PPEC_DATA"] = $"{root.FullName}/from-variable" };
            await using var node = Child.Start(Programs.Node, ["--data", $"{root.FullName}/from-flag"], environment);
            Assert.Equal($"ready: http://127.0.0.1:{variable}", await node.Ready(Short));
            Assert.Equal(["from-flag"], Directory.GetDirectories(root.FullName).Select(Path.GetFileName));
            var credential = new FileInfo($"{root.FullName}/from-flag/admin-credential");
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, credential.UnixFileMode);
            await using var cli = Child.Start(Programs.Cli, ["machine", "list", "-o", "json"], new Dictionary<string, string>
            {
                ["PPEC_SERVER"] = $"http://127.0.0.1:{variable}", ["PPEC_CREDENTIAL_FILE"] = credential.FullName, ["HOME"] = root.FullName,
            });
            Assert.True(await cli.Exit(Short) == 0, cli.Errors);
            Assert.True(await node.Terminate(TimeSpan.FromSeconds(10)) is (0, _), node.Errors);

            await File.AppendAllTextAsync(yaml, "colour: red\n");
            await using var refused = Child.Start(Programs.Node, ["--config", yaml]);
            Assert.Equal(2, await refused.Exit(Short));
            Assert.Contains("there is no option 'colour'", refused.Errors, StringComparison.Ordinal);
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }

    static async Task Until(Site site, string operation, string step)
    {
        for (var until = DateTime.UtcNow + Short; ; await Task.Delay(50))
        {
            var view = (await site.Client.Operations.GetAsync(operation)).Value;
            if (view.Step == step) return;
            Assert.True(view.EndedAt is null && DateTime.UtcNow < until, $"It never came to {step}: {view.Step} {view.State} {view.Error}\n{site.Node!.Errors}");
        }
    }
}
