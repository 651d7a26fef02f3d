using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Gate;
using Ppec.Sdk;

namespace Ppec.EndToEnd.Running;

/// <summary>A line of the lab's <c>machines.json</c>: what a person at the rack knows.</summary>
sealed record LabMachine(string Name, string Serial, string Rack, int Unit, string[] Macs, string BmcAddress, string BmcUser, string BmcPasswordFile, long MemoryMiB, LabDimm[] Dimms, LabDisk[] Disks)
{
    public string Id => Serial.ToLowerInvariant();
}

sealed record LabDimm(string Slot, long SizeMiB);

sealed record LabDisk(long SizeMiB, string Bus);

/// <summary>What the running lab says of a machine.</summary>
sealed record LabStatus(string Name, string Power, string Phase, int Requests, int PowerActions, int Writes = 0);

/// <summary>What the lab's machines asked of PPEC; the times of boot scripts are sorted.</summary>
sealed record LabTraffic(int Boot, int Agent, int Repeated, double[] BootMilliseconds, int BootUnanswered);

/// <summary>A site of its own in a temporary directory: one node, one lab, and a client. Both may be killed and started again.</summary>
sealed class Site : IAsyncDisposable
{
    public const string Rack = "e2e.r1";
    const string OtherRack = "e2e.r2";
    const string Profile = "sim";
    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(40);

    readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("ppec-e2e-");
    readonly Func<string[]> _nodeOptions;
    readonly int _bmcPorts = Programs.FreePort() / 100 * 100;
    PpecClient? _client;

    public Site(params string[] nodeOptions) : this(() => nodeOptions) { }

    /// <param name="nodeOptions">Asked when the node is started: its options may name files of this site.</param>
    public Site(Func<string[]> nodeOptions)
    {
        _nodeOptions = nodeOptions;
        Url = new($"http://127.0.0.1:{Programs.FreePort()}");
        // Simulated machines read the script and never the kernel: empty files stand for PIOUS.
        foreach (var name in new[] { "vmlinuz", "initramfs" })
        {
            Directory.CreateDirectory(Under("pious"));
            File.WriteAllText(Path.Combine(Under("pious"), name), "");
        }
        File.WriteAllText(Under("image-key.pem"), Key.ExportSubjectPublicKeyInfoPem());
    }

    ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public Uri Url { get; }

    /// <summary>Environment variables of the node.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }

    /// <summary>What every node that works on this site's machines is given.</summary>
    public string[] NodeOptions => ["--pious", Under("pious"), "--trusted-image-keys", Under("image-key.pem"), "--shutdown-grace", "5", "--power-timeout", "5", "--allow-loopback"];

    public string Data => Under("data");
    public string LabState => Under("lab");
    public Child? Node { get; private set; }
    public Child? Lab { get; private set; }
    public string Credential => File.ReadAllText(Path.Combine(Data, "admin-credential")).Trim();

    /// <summary>Patient enough for a node that is being started again.</summary>
    public PpecClient Client => _client ??= new(new PpecClientOptions { Server = Url, Credential = Credential, MaxAttempts = 4 });

    public string Under(string name) => Path.Combine(_root.FullName, name);

    public async Task<TimeSpan> StartNode()
    {
        var since = Stopwatch.GetTimestamp();
        Node = Child.Start(Programs.Node,
            ["--data", Data, "--urls", Url.ToString().TrimEnd('/'), .. NodeOptions, .. _nodeOptions()], Environment);
        await Node.Ready(StartWithin);
        return Stopwatch.GetElapsedTime(since);
    }

    /// <summary>kill -9.</summary>
    public async Task KillNode()
    {
        await Node!.Kill();
        await Node.DisposeAsync();
    }

    public async Task StopNode()
    {
        if (await Node!.Terminate(TimeSpan.FromSeconds(10)) is not (0, _)) throw new InvalidOperationException($"The node did not stop in order within 10 s:\n{Node.Errors}");
        await Node.DisposeAsync();
    }

    public async Task StartLab(params string[] options)
    {
        Lab = Child.Start(Programs.Lab, ["up", "--state", LabState, "--ppec", Url.ToString().TrimEnd('/'), "--rack", Rack, "--rack", OtherRack, "--bmc-port", $"{_bmcPorts}", .. options]);
        await Lab.Ready(StartWithin);
    }

    /// <summary>A lab after a plan, which names its own racks.</summary>
    public async Task StartFleet(string plan, params string[] options)
    {
        await File.WriteAllTextAsync(Under("fleet.yaml"), plan);
        Lab = Child.Start(Programs.Lab, ["up", "--state", LabState, "--ppec", Url.ToString().TrimEnd('/'), "--file", Under("fleet.yaml"), "--bmc-port", $"{_bmcPorts}", .. options]);
        await Lab.Ready(StartWithin);
    }

    /// <summary>Switches everything off and takes it out of libvirt: what outlives the lab's process would meet the next run.</summary>
    public async Task TakeLabDown()
    {
        await using var down = Child.Start(Programs.Lab, ["down", "--state", LabState]);
        await down.Exit(StartWithin);
    }

    public async Task KillLab()
    {
        await Lab!.Kill();
        await Lab.DisposeAsync();
    }

    public IReadOnlyList<LabMachine> Machines() =>
        JsonSerializer.Deserialize<LabMachine[]>(File.ReadAllBytes(Path.Combine(LabState, "machines.json")), JsonSerializerOptions.Web)!;

    public async Task<IReadOnlyDictionary<string, LabStatus>> Status()
    {
        var notes = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllBytesAsync(Path.Combine(LabState, "lab.json")));
        using var http = new HttpClient();
        var all = await http.GetFromJsonAsync<LabStatus[]>(new Uri($"http://127.0.0.1:{notes.GetProperty("statusPort").GetInt32()}/status"), JsonSerializerOptions.Web);
        return all!.ToDictionary(s => s.Name);
    }

    /// <summary>What the machines asked of PPEC since this was last asked.</summary>
    public async Task<LabTraffic> Traffic()
    {
        var notes = JsonSerializer.Deserialize<JsonElement>(await File.ReadAllBytesAsync(Path.Combine(LabState, "lab.json")));
        using var http = new HttpClient();
        return (await http.GetFromJsonAsync<LabTraffic>(new Uri($"http://127.0.0.1:{notes.GetProperty("statusPort").GetInt32()}/traffic"), JsonSerializerOptions.Web))!;
    }

    /// <summary>Breaks a machine of the running lab.</summary>
    public async Task Break(string machine, params string[] faults)
    {
        await using var fault = Child.Start(Programs.Lab, ["fault", "--state", LabState, machine, .. faults]);
        if (await fault.Exit(StartWithin) != 0) throw new InvalidOperationException(fault.Errors);
    }

    /// <summary>A region, the racks of a fleet, and a profile for each kind of hardware in it, named after its machines: those of <c>web-001</c> are <c>web</c>.</summary>
    public async Task FurnishFleet(IReadOnlyList<LabMachine> machines)
    {
        foreach (var region in machines.Select(m => m.Rack.Split('.')[0]).Distinct()) await Client.Regions.CreateAsync(new(region));
        foreach (var rack in machines.Select(m => m.Rack).Distinct()) await Client.Racks.CreateAsync(new(rack, 100));
        foreach (var ordered in machines.DistinctBy(Type)) await Client.Profiles.CreateAsync(new(Type(ordered), Ordered(ordered)));
    }

    /// <summary>What is written on a machine of a fleet.</summary>
    public RackMachineBody LabelOfFleet(LabMachine m) => Label(m) with { Profile = Type(m) };

    static string Type(LabMachine m) => m.Name[..m.Name.LastIndexOf('-')];

    static ProfileSpec Ordered(LabMachine m) => new(
        Dimms: [.. m.Dimms.Select(d => new DimmSpec(d.Slot, d.SizeMiB))],
        Disks: [.. m.Disks.GroupBy(d => (d.SizeMiB, d.Bus)).Select(g => new DiskSpec(g.Count(), g.Key.SizeMiB, g.Key.Bus))]);

    /// <summary>A region, its racks, the profile that every healthy simulated machine matches, and an image.</summary>
    public async Task Furnish()
    {
        await Client.Regions.CreateAsync(new("e2e"));
        foreach (var rack in new[] { Rack, OtherRack }) await Client.Racks.CreateAsync(new(rack, 100));
        await Client.Profiles.CreateAsync(new(Profile, Ordered(Machines()[0])));
        var disk = RandomNumberGenerator.GetBytes(256 << 10);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(disk));
        await Client.Images.UploadAsync(sha256, new MemoryStream(disk));
        var content = new ImageContent("raw", sha256, disk.Length, sha256, disk.Length, "any");
        var signature = Key.SignData(System.Text.Encoding.UTF8.GetBytes(ImageVersion.SignedBytes("debian", content)), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        await Client.Images.RegisterAsync(new("debian", "raw", sha256, disk.Length, sha256, disk.Length, "any", Convert.ToBase64String(signature)));
    }

    public RackMachineBody Label(LabMachine m) => new(m.Serial, m.Rack, m.Unit, Profile: Profile, Name: m.Name, Macs: [.. m.Macs],
        Bmc: new(m.BmcAddress, m.BmcUser, new SecretText(File.ReadAllText(m.BmcPasswordFile).Trim())));

    public static ProvisionSpec Spec(LabMachine m) => new("debian@1", $"{m.Name}.e2e", "tests");

    public async Task<ImmutableArray<MachineView>> Views() => (await Client.Machines.PageAsync(new() { Limit = 500 })).Value.Items;

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (Node is not null) await Node.DisposeAsync();
        if (Lab is not null) await Lab.DisposeAsync();
        Key.Dispose();
        _root.Delete(recursive: true);
    }
}
