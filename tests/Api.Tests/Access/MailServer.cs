using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Ppec.Api.Tests.Access;

/// <summary>Debian's aiosmtpd on the loopback, as who runs the tests, with a mail folder of its own.</summary>
public sealed class MailServer : IDisposable
{
    const string Program = "/usr/bin/aiosmtpd";

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ppec-mail-");
    Process? _server;

    public static bool IsThere => File.Exists(Program);

    public int Port { get; } = Free();

    string Folder => Path.Combine(_folder.FullName, "box");

    public async Task Start()
    {
        _server = Process.Start(new ProcessStartInfo(Program, ["-n", "-l", $"127.0.0.1:{Port}", "-c", "aiosmtpd.handlers.Mailbox", Folder]) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await Things.Eventually("the mail server listens", async () =>
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, Port);
                return true;
            }
            catch (SocketException) { return false; }
        }, () => _server.HasExited ? _server.StandardError.ReadToEnd() : null);
    }

    /// <summary>What was delivered, as it came over the wire.</summary>
    public IReadOnlyList<string> Mails => Directory.Exists(Path.Combine(Folder, "new")) ? [.. Directory.EnumerateFiles(Path.Combine(Folder, "new")).Select(File.ReadAllText)] : [];

    /// <summary>Waits for a mail to this address that says all of this.</summary>
    public async Task<string> Comes(string to, params string[] says)
    {
        bool Is(string mail) => mail.Contains($"To: {to}", StringComparison.Ordinal) && says.All(s => mail.Contains(s, StringComparison.Ordinal));
        await Things.Eventually($"a mail comes to {to}: {string.Join(", ", says)}", () => Task.FromResult(Mails.Any(Is)), () => string.Join("\n----\n", Mails));
        return Mails.First(Is);
    }

    public void Dispose()
    {
        if (_server is { } server)
        {
            server.Kill();
            server.WaitForExit();
            server.Dispose();
        }
        _folder.Delete(recursive: true);
    }

    static int Free()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
