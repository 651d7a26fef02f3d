using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Ppec.Api.Surface;
using Ppec.Drivers.Notices;
using Ppec.Grains;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;
using Ppec.Projections.Audit;
using Ppec.Silo;
using Ppec.Silo.Https;

namespace Ppec.Api.Tests;

/// <summary>A whole node in this process on a directory of its own, and simulated machines that know where it is.</summary>
public sealed class TestNode : IAsyncDisposable
{
    static readonly Lock Ports = new();
    static readonly HashSet<int> Given = [];
    static int _sitesEver;

    readonly List<LabSite> _sites = [];
    Node? _node;

    public TestNode()
    {
        Root = Directory.CreateTempSubdirectory("ppec-api-").FullName;
        Port = FreePort();
        Directory.CreateDirectory(Path.Combine(Root, "pious"));
        File.WriteAllText(Path.Combine(Root, "pious", "vmlinuz"), "kernel");
        File.WriteAllText(Path.Combine(Root, "pious", "initramfs"), "initramfs");
    }

    public string Root { get; }

    public string Data => Path.Combine(Root, "data");

    public int Port { get; }

    /// <summary>Signs what this node trusts.</summary>
    public ECDsa Signer { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public ImmutableArray<IPNetwork> EnlistFrom { get; set; } = [];

    public string Urls { get; set; } = "";

    /// <summary>Strangers are what many tests are about, and all knock from one address.</summary>
    public SurfaceLimits Limits { get; set; } = new() { FailedSignIns = 0 };

    public HttpsFiles? Https { get; set; }

    /// <summary>A lab is on this machine.</summary>
    public bool AllowLoopback { get; set; } = true;

    public MailOptions? Mail { get; set; }

    public TimeSpan LongestCredential { get; set; } = TimeSpan.FromDays(366);

    public Drivers.Oidc.OidcOptions? Oidc { get; set; }

    public TimeProvider Time { get; set; } = TimeProvider.System;

    public HeadOptions Heads { get; set; } = new(null, []);

    public Node Node => _node ?? throw new InvalidOperationException("The node is down.");

    public Uri Url => new(Node.Url);

    public string Credential => File.ReadAllText(Path.Combine(Data, "admin-credential")).Trim();

    public Calls Api => field ??= new(Url, Credential);

    /// <summary>The same node seen by somebody else.</summary>
    public Calls As(string? credential) => new(Url, credential);

    public async Task Up()
    {
        NodeLog.Capture();
        _node = await Node.Start(
            new NodeOptions(Data, Urls.Length > 0 ? Urls : $"http://127.0.0.1:{Port}", Path.Combine(Root, "pious"), new PpecOptions
            {
                EnlistFrom = EnlistFrom, LongestCredential = LongestCredential,
                ShutdownGrace = TimeSpan.FromSeconds(2),
                PowerTimeout = TimeSpan.FromSeconds(10),
                WakeEvery = TimeSpan.FromSeconds(1),
                AllowLoopback = AllowLoopback,
                TrustedImageKeys = [Signer.ExportSubjectPublicKeyInfo()],
            }) { Time = Time, Limits = Limits, Https = Https, Heads = Heads, Mail = Mail, Oidc = Oidc },
            CancellationToken.None);
    }

    public async Task Down()
    {
        if (_node is not null) await _node.DisposeAsync();
        _node = null;
    }

    /// <summary>Simulated machines <c>name-001</c>…; nothing is racked yet.</summary>
    public async Task<LabSite> Lab(string name, int machines, string rack, int delayMs = 0)
    {
        return await Lab(name, $"machines:\n- name: {name}\n  kind: sim\n  count: {machines}\n  cpus: 8\n", rack, delayMs);
    }

    /// <summary>A lab after a plan.</summary>
    public async Task<LabSite> Lab(string name, string yaml, string rack, int delayMs = 0)
    {
        var site = await LabSite.Start(
            LabYaml.Read(yaml, [rack]), new LabFolder(Path.Combine(Root, $"lab-{name}")),
            new SiteOptions(new Uri($"http://127.0.0.1:{Port}"), TimeSpan.FromMilliseconds(delayMs), 21000 + (Environment.ProcessId % 60 * 100) + (Interlocked.Increment(ref _sitesEver) * 8)),
            plan => throw new NotSupportedException(plan.Name), NullLogger.Instance, CancellationToken.None);
        _sites.Add(site);
        return site;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var site in _sites) await site.DisposeAsync();
        await Down();
        Signer.Dispose();
        Directory.Delete(Root, recursive: true);
    }

    /// <summary>Fixed for the life of this node: machines must find it again after it was down.</summary>
    static int FreePort()
    {
        lock (Ports)
            while (true)
            {
                using var probe = new TcpListener(IPAddress.Loopback, 0);
                probe.Start();
                if (Given.Add(((IPEndPoint)probe.LocalEndpoint).Port)) return ((IPEndPoint)probe.LocalEndpoint).Port;
            }
    }
}

/// <summary>One node for all tests that only need one; each makes its own names.</summary>
public sealed class SharedNode : IAsyncLifetime
{
    public TestNode Node { get; } = new();

    public async ValueTask InitializeAsync()
    {
        await Node.Up();
        await Contract.Load(Node.Url);
    }

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
