using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Tests.Bmcs;

/// <summary>Redfish clients that nobody here wrote drive the emulator: two readings of the standard agree.</summary>
public sealed class OtherClientsTests : IAsyncLifetime
{
    const string Python = "/usr/bin/python3"; // Debian's, which has Debian's packages
    readonly TemporaryFolder temporary = new();
    LabSite site = null!;

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => site = await LabSite.Start(
        LabYaml.Read("machines: [{name: m}]", []), temporary.Folder, new SiteOptions(new Uri("http://127.0.0.1:9"), TimeSpan.Zero, 24000 + (Environment.ProcessId % 50 * 20)),
        _ => throw new InvalidOperationException(), NullLogger.Instance, Cancellation);

    public async ValueTask DisposeAsync()
    {
        await site.DisposeAsync();
        temporary.Dispose();
    }

    [Fact]
    public async Task Sushy_reads_sets_the_boot_device_and_switches_on_and_off()
    {
        Assert.SkipWhen((await Run(Python, "-c", "import sushy")).Exit != 0, "python3-sushy is not installed (Debian: apt-get install python3-sushy).");
        var (exit, output) = await Run(Python, "-c", """
            import sys, sushy
            root = sushy.Sushy(sys.argv[1], auth=sushy.auth.SessionAuth('admin', sys.argv[2]))
            system = root.get_system_collection().get_members()[0]
            print(system.serial_number, system.uuid, system.power_state.value)
            print(sorted(v.value for v in system.get_allowed_reset_system_values()))
            system.set_system_boot_options(target=sushy.BootSource.PXE, enabled=sushy.BootSourceOverrideEnabled.ONCE)
            system.refresh()
            print(system.boot.target.value, system.boot.enabled.value)
            system.reset_system(sushy.ResetType.ON)
            system.refresh(force=True)
            print(system.power_state.value, system.boot.enabled.value)
            system.reset_system(sushy.ResetType.FORCE_OFF)
            system.refresh(force=True)
            print(system.power_state.value)
            print(root.get_manager_collection().get_members()[0].manager_type.value, root.get_chassis_collection().get_members()[0].serial_number)
            try:
                system._conn.post(system._actions.reset.target_uri, data={'ResetType': 'Explode'})
            except sushy.exceptions.BadRequestError as e:
                print(e.code, e.detail[:28])
            """, site.Rows[0].BmcAddress, temporary.Folder.Password("m"));
        Assert.True(exit == 0, output);
        Assert.Equal($"""
            LABM {site.Rows[0].Uuid} Off
            ['ForceOff', 'ForceRestart', 'GracefulRestart', 'GracefulShutdown', 'On']
            Pxe Once
            On Disabled
            Off
            BMC LABM
            Base.1.8.GeneralError The value Explode for the pa
            """, output.Trim());
    }

    [Fact]
    public async Task Redfishtool_lists_and_switches()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/redfishtool"), "redfishtool is not installed (Debian: apt-get install redfishtool).");
        Assert.Contains("\"SerialNumber\": \"LABM\"", await Redfishtool("Systems", "-I1"), StringComparison.Ordinal);
        await Redfishtool("Systems", "-I1", "setBootOverride", "Once", "Pxe");
        Assert.Contains("Pxe", await Redfishtool("Systems", "-I1", "-P", "Boot"), StringComparison.Ordinal);
        await Redfishtool("Systems", "-I1", "reset", "On");
        Assert.True(await site.Bmcs["m"].Machine.IsOn(Cancellation));
        await Redfishtool("Systems", "-I1", "reset", "ForceOff");
        Assert.False(await site.Bmcs["m"].Machine.IsOn(Cancellation));
        Assert.Contains("\"ManagerType\": \"BMC\"", await Redfishtool("Managers", "-I1"), StringComparison.Ordinal);
        Assert.Contains("SessionTimeout", await Redfishtool("SessionService"), StringComparison.Ordinal);
    }

    async Task<string> Redfishtool(params string[] arguments)
    {
        var (exit, output) = await Run(Python, ["/usr/bin/redfishtool", "-r", new Uri(site.Rows[0].BmcAddress).Authority, "-u", "admin", "-p", temporary.Folder.Password("m"), "-A", "Session", "-S", "Never", .. arguments]);
        Assert.True(exit == 0, output);
        return output;
    }

    static async Task<(int Exit, string Output)> Run(string program, params string[] arguments)
    {
        if (!File.Exists(program)) return (127, "");
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(Cancellation), process.StandardError.ReadToEndAsync(Cancellation));
        await process.WaitForExitAsync(Cancellation);
        return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await errors);
    }
}
