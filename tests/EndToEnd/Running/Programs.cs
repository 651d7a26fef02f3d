using System.Net;
using System.Net.Sockets;

namespace Ppec.EndToEnd.Running;

/// <summary>The programs as the build left them, beside this test's own output.</summary>
static class Programs
{
    public static string Node => Built("Silo", "ppec-silo");
    public static string Lab => Built("Lab", "ppec-lab");
    public static string Cli => Built("Cli", "ppec");

    /// <summary>What an ops script built under <c>.cache</c>; null when it did not.</summary>
    public static string? Cached(string path) => Path.Combine(Root(), ".cache", path) is var folder && Directory.Exists(folder) ? folder : null;

    static string Built(string project, string name)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(Root(), "src", project, "bin", own.Parent!.Name, own.Name, name);
    }

    public static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PPEC.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("There is no PPEC.sln above this test.");
        return folder.FullName;
    }

    /// <summary>A port that is free now, below those the kernel hands to outgoing connections: it is still free when a killed process comes back.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(22_000, 32_000);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException) { /* somebody's */ }
        }
    }
}
