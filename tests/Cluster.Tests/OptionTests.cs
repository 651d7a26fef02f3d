using Ppec.EndToEnd.Running;

namespace Ppec.Cluster.Tests;

/// <summary>A node of a cluster that is asked for what is missing, contradictory or unsafe says so in one sentence, and does not start.</summary>
public sealed class OptionTests
{
    const string Database = "Host=127.0.0.1;Port=1;Database=none;Username=u;Password=hunter2";

    public static TheoryData<string[], string> Refused() => new()
    {
        { ["--roles", "api"], "--roles is for nodes of a cluster: it needs --cluster." },
        { ["--silo", "10.0.0.5:11111"], "--silo is for nodes of a cluster" },
        { ["--secrets-key", "/none"], "--secrets-key is for nodes of a cluster" },
        { ["--cluster", Database], "--cluster needs --events" },
        { ["--cluster", Database, "--events", Database, "--roles", "king"], "--roles is silo, api or silo,api, not 'king'." },
        { ["--cluster", Database, "--events", Database], "A silo of a cluster needs --secrets-key" },
        { ["--cluster", Database, "--events", Database, "--silo", "here"], "--silo is an address and a port such as 10.0.0.5:11111, not 'here'." },
        { ["--cluster", Database, "--events", Database, "--gateway-port", "many"], "--gateway-port is a port, not 'many'." },
        { ["--cluster", Database, "--events", Database, "--silo", "10.0.0.5:11111", "--secrets-key", "/none"], "can be reached by others: it needs --tls-certificate" },
        { ["--cluster", Database, "--events", Database, "--tls-key", "/none"], "--tls-certificate, --tls-key and --tls-authority go together." },
        { ["--cluster", Database, "--cluster-name", "x", "--roles", "api", "--events", "esdb://u:hunter2@h:99999"], "--events:" },
        { ["--cluster", Database, "--events", "Host=x;hunter2", "--roles", "api"], "--events:" },
        { ["migrate-schema", "--role", "ppec_app"], "--owner is missing" },
        { ["migrate-schema", "--owner", Database], "--role is missing" },
        { ["migrate-schema", "--owner", "Host=x;hunter2", "--role", "ppec_app"], "--owner:" },
        { ["migrate-schema", "--colour", "red"], "'--colour' is not an option of migrate-schema" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task It_says_what_is_wrong_and_ends_with_2(string[] arguments, string says)
    {
        var data = Directory.CreateTempSubdirectory("ppec-options-");
        try
        {
            await using var node = Child.Start(Programs.Node, arguments[0] == "migrate-schema" ? arguments : ["--data", Path.Combine(data.FullName, "data"), .. arguments]);
            Assert.Equal(2, await node.Exit(TimeSpan.FromSeconds(30)));
            Assert.Contains(says, node.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", node.Errors, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2", node.Errors, StringComparison.Ordinal);
        }
        finally
        {
            data.Delete(recursive: true);
        }
    }
}
