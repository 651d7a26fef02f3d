using System.Text.Json;
using Ppec.Lab.Machines;
using Ppec.Lab.Qemu;

namespace Ppec.Lab.Tests.Qemu;

/// <summary>The program itself, as a process that can be killed.</summary>
[Collection("libvirt")] // two tests that start and stop one daemon would fight
public sealed class CommandLineTests : IDisposable
{
    readonly TemporaryFolder temporary = new();

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => temporary.Dispose();

    [Fact]
    public async Task Up_status_and_down_of_simulated_machines()
    {
        Assert.Equal((0, "ready: 3 machines\n"), await Lab("up", "--sim", "3", "--ppec", "http://127.0.0.1:9", "--https", "--rack", "r1", "--rack", "r2", "--detach"));
        var rows = RackSheet.Read(temporary.Folder);
        Assert.Equal(["r1", "r2", "r1"], rows.Select(r => r.Rack));
        Assert.All(rows, r => Assert.StartsWith("https://127.0.0.1:", r.BmcAddress, StringComparison.Ordinal));
        Assert.All(rows, r => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(r.BmcPasswordFile)));
        Assert.Equal(2, (await Lab("up", "--detach")).Exit); // it runs already
        using var status = JsonDocument.Parse((await Lab("status", "-o", "json")).Output);
        Assert.Equal((true, 3), (status.RootElement.GetProperty("running").GetBoolean(), status.RootElement.GetProperty("machines").GetArrayLength()));
        Assert.Equal((0, 2, 2), ((await Lab("fault", "sim-001", "bmc-dead", "missing-dimm")).Exit, (await Lab("fault", "sim-001", "rust")).Exit, (await Lab("fault", "nobody")).Exit));
        Assert.Contains("missing-dimm", (await Lab("status")).Output, StringComparison.Ordinal);
        Assert.Equal(0, (await Lab("down")).Exit);
        Assert.False(File.Exists(temporary.Folder.PidFile));
        Assert.Equal(0, (await Lab("down")).Exit);
    }

    [Fact]
    public async Task After_a_kill_QEMU_machines_are_found_as_they_run_and_down_leaves_none()
    {
        Assert.SkipWhen(QemuSite.Missing is not null, QemuSite.Missing ?? "");
        await File.WriteAllTextAsync(temporary.Folder.PlanFile, "hypervisor: qemu\nmachines: [{name: k, kind: qemu, memoryMiB: 64}]\n", Cancellation);
        Assert.Equal(0, (await Lab("up", "--ppec", "http://127.0.0.1:9", "--detach")).Exit);
        await Redfish("On");
        await Shell.Run("kill", ["-KILL", (await File.ReadAllTextAsync(temporary.Folder.PidFile, Cancellation)).Trim()], Cancellation);
        await Eventually.True("the killed lab let go of its lock", () =>
        {
            using var free = temporary.Folder.TryLock();
            return free is not null;
        });
        Assert.Equal(0, (await Lab("up", "--detach")).Exit);
        Assert.Contains("\"power\": \"on\"", (await Lab("status", "-o", "json")).Output, StringComparison.Ordinal);
        await Shell.Run("kill", ["-KILL", (await File.ReadAllTextAsync(temporary.Folder.PidFile, Cancellation)).Trim()], Cancellation);
        Assert.Equal(0, (await Lab("down")).Exit);
        Assert.False(File.Exists($"/etc/libvirt/qemu/{temporary.Folder.DomainPrefix}k.xml"));
        Assert.False(File.Exists($"/run/libvirt/qemu/{temporary.Folder.DomainPrefix}k.pid"));
    }

    async Task Redfish(string type)
    {
        var row = RackSheet.Read(temporary.Folder)[0];
        var (exit, _, errors) = await Shell.Run("curl",
            ["-sf", "-u", $"admin:{temporary.Folder.Password("k")}", "-H", "Content-Type: application/json", "-d", $$"""{"ResetType":"{{type}}"}""", row.BmcAddress + "/redfish/v1/Systems/1/Actions/ComputerSystem.Reset"], Cancellation);
        Assert.True(exit == 0, errors);
    }

    async Task<(int Exit, string Output)> Lab(string verb, params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "ppec-lab");
        string[] ports = verb == "up" ? ["--bmc-port", $"{29000 + (Environment.ProcessId % 100 * 10)}"] : [];
        var (exit, output, errors) = await Shell.Run(program, [verb, "--state", temporary.Folder.Root, .. arguments, .. ports], Cancellation);
        TestContext.Current.SendDiagnosticMessage("{0}: {1} {2}", verb, exit, errors);
        return (exit, output);
    }
}
