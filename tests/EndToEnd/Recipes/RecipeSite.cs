using System.Diagnostics;
using Ppec.EndToEnd.Running;
using Ppec.Lab.Tests.Qemu;

namespace Ppec.EndToEnd.Recipes;

/// <summary>
/// The site that <c>ops/boot</c> describes, in two network namespaces: 10.20.0.0/24, where PPEC (.10) and the DHCP server (.5) are, and 10.21.0.0/24,
/// a rack behind a router (.1 on both). So its files are used as they are.
/// </summary>
public sealed class RecipeSite : IAsyncLifetime
{
    public const string Servers = "10.20.0", Rack = "10.21.0";
    const string Url = "http://10.20.0.10:7770";
    const string Qemu = "/usr/bin/qemu-system-x86_64";
    static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(120);
    static readonly string[] Needed = [Qemu, "/usr/sbin/dhcpd", "/usr/sbin/dhcrelay", "/usr/sbin/kea-dhcp4", "/usr/sbin/dnsmasq", "/usr/bin/busybox", "/usr/bin/mcopy", "/usr/lib/ipxe/snponly.efi", "/usr/share/OVMF/OVMF_CODE_4M.fd"];

    readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ppec-boot-");
    readonly string _servers = $"ppec-{Guid.NewGuid().ToString("N")[..8]}-s", _rack = $"ppec-{Guid.NewGuid().ToString("N")[..8]}-r";
    readonly List<Child> _running = [];
    Child? _node;
    string? _enlists;

    /// <summary>Why there can be no such site here; null when there is one.</summary>
    public string? Missing { get; private set; } =
        Environment.UserName != "root" ? "Network namespaces need root." : Needed.FirstOrDefault(p => !File.Exists(p)) is { } program ? $"{program} is not there: ops/packages test." : null;

    public static string? Pious => Programs.Cached("pious/out");

    public async ValueTask InitializeAsync()
    {
        if (Missing is not null) return;
        await using (var first = Child.Start("ip", ["netns", "add", _servers]))
            if (await first.Exit(StartWithin) != 0) Missing = $"There are no network namespaces here: {first.Errors}";
        if (Missing is not null) return;
        foreach (var command in $"""
            netns add {_rack}
            -n {_servers} link set lo up
            -n {_rack} link set lo up
            -n {_servers} link add br0 type bridge
            -n {_servers} addr add 10.20.0.10/24 dev br0
            -n {_servers} addr add 10.20.0.5/24 dev br0
            -n {_servers} link set br0 up
            -n {_servers} link add toward type veth peer name up0 netns {_rack}
            -n {_servers} link set toward master br0 up
            -n {_rack} addr add 10.20.0.1/24 dev up0
            -n {_rack} link set up0 up
            -n {_rack} link add rack0 type bridge
            -n {_rack} addr add 10.21.0.1/24 dev rack0
            -n {_rack} link set rack0 up
            -n {_servers} route add default via 10.20.0.1
            -n {_servers} tuntap add dev tap0 mode tap
            -n {_servers} link set tap0 master br0 up
            -n {_rack} tuntap add dev tap0 mode tap
            -n {_rack} link set tap0 master rack0 up
            """.Split('\n')) await Do("ip", command.Trim().Split(' '));
        await Do("ip", "netns", "exec", _rack, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward");
        await File.WriteAllBytesAsync(Under("bios.raw"), [.. BootSector.Bytes, .. new byte[1 << 20]]); // SeaBIOS reads no disk of one sector
        await File.WriteAllTextAsync(Under("startup.nsh"), $"echo \"{BootSector.Says}\"\r\n");
        await Do("truncate", "-s", "8M", Under("uefi.raw"));
        await Do("mkfs.vfat", Under("uefi.raw"));
        await Do("mcopy", "-i", Under("uefi.raw"), Under("startup.nsh"), "::");
    }

    /// <summary>A node that enlists unknown machines of <paramref name="subnet"/>.</summary>
    public async Task Enlists(string subnet)
    {
        if (_enlists == subnet) return;
        if (_node is not null) await _node.Terminate(StartWithin);
        _node = In(_servers, Programs.Node, "--data", Under("data"), "--urls", Url, "--pious", Pious!, "--ipxe", "/usr/lib/ipxe", "--enlist-from", $"{subnet}.0/24");
        await _node.Ready(StartWithin);
        _enlists = subnet;
    }

    /// <summary>What <c>ppec</c> answers.</summary>
    public Task<string> Ppec(params string[] words) =>
        Do("ip", ["netns", "exec", _servers, "env", $"PPEC_SERVER={Url}", $"PPEC_CREDENTIAL_FILE={Under("data/admin-credential")}", Programs.Cli, .. words]);

    /// <summary>The servers of one recipe, and nothing else, with its files as they are.</summary>
    public async Task Serve(string recipe)
    {
        foreach (var old in _running) await old.DisposeAsync();
        _running.Clear();
        await (recipe switch
        {
            "isc-dhcpd"     => IscDhcpd(_servers, "br0", Recipe("isc-dhcpd.conf")),
            "kea"           => Kea(),
            "dnsmasq"       => Dnsmasq(_servers, Recipe("dnsmasq.conf"), "dhcp-range=10.20.0.100,10.20.0.199,255.255.255.0", "dhcp-range=10.21.0.100,10.21.0.199,255.255.255.0", "port=0"),
            "relay-isc"     => IscDhcpd(_servers, "br0", Recipe("isc-dhcpd.conf")),
            "relay-dnsmasq" => Kea(),
            // The router gives addresses and knows nothing of booting.
            "proxy-dnsmasq" => IscDhcpd(_rack, "up0", null),
            _               => throw new ArgumentOutOfRangeException(nameof(recipe), recipe, null),
        });
        await (recipe switch
        {
            "relay-isc"     => Running("Sending on", _rack, "sh", "-c", ". \"$0\" && exec dhcrelay -4 -d $OPTIONS $INTERFACES $SERVERS", Recipe("relay-isc")),
            "relay-dnsmasq" => Dnsmasq(_rack, Recipe("relay-dnsmasq.conf")),
            "proxy-dnsmasq" => Dnsmasq(_servers, Recipe("proxy-dnsmasq.conf")),
            _               => Task.CompletedTask,
        });
        if (recipe is "isc-dhcpd" or "kea") await Dnsmasq(_servers, Recipe("tftp-dnsmasq.conf"));
    }

    /// <summary>What the DHCP server of 10.20.0.0/24 says to a client that sends these options: the address of the next server, the file, option 60.</summary>
    public async Task<string> Asked(params string[] options)
    {
        var script = Under("bound.sh");
        await File.WriteAllTextAsync(script, "#!/bin/sh\n[ \"$1\" != bound ] || echo \"$siaddr $boot_file $vendor\"\n");
        File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return (await Do("ip", ["netns", "exec", _rack, "busybox", "udhcpc", "-i", "up0", "-n", "-q", "-t", "5", "-T", "3", "-s", script, "-O", "60", .. options.SelectMany(o => new[] { "-x", o })])).Trim();
    }

    /// <summary>A machine in 10.20.0.0/24 or in the rack: by BIOS with the iPXE that is QEMU's, or by UEFI with none.</summary>
    internal BootedMachine Boot(string subnet, string serial, bool uefi = false)
    {
        var console = Under($"{serial}.log");
        var mac = $"52:54:00:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}:{Random.Shared.Next(256):x2}";
        if (uefi) File.Copy("/usr/share/OVMF/OVMF_VARS_4M.fd", Under("vars.fd"), overwrite: true);
        string[] firmware = uefi ? ["-drive", "if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd", "-drive", $"if=pflash,format=raw,file={Under("vars.fd")}"] : [];
        return new(In(subnet == Servers ? _servers : _rack, Qemu,
        [
            "-accel", "tcg", "-machine", "q35,graphics=off", "-cpu", "max", "-m", "1024", "-display", "none", "-monitor", "none", "-serial", $"file:{console}", "-no-reboot", .. firmware,
            "-smbios", $"type=1,manufacturer=Acme,product=Box,serial={serial},uuid={Guid.NewGuid()}", "-smbios", $"type=2,serial={serial}B",
            "-netdev", "tap,id=n0,ifname=tap0,script=no,downscript=no", "-device", $"virtio-net-pci,netdev=n0,mac={mac},bootindex=1{(uefi ? ",romfile=" : "")}",
            "-drive", $"if=none,id=d0,file={Under(uefi ? "uefi.raw" : "bios.raw")},format=raw,snapshot=on", "-device", "ide-hd,drive=d0,bootindex=2", "-device", "virtio-rng-pci",
        ]), console);
    }

    Task IscDhcpd(string space, string port, string? recipe)
    {
        File.WriteAllText(Under("leases"), "");
        File.WriteAllText(Under("dhcpd.conf"), $$"""
            authoritative;
            {{(recipe is null ? "" : $"include \"{recipe}\";")}}
            subnet 10.20.0.0 netmask 255.255.255.0 { range 10.20.0.100 10.20.0.199; option routers 10.20.0.1; }
            subnet 10.21.0.0 netmask 255.255.255.0 { range 10.21.0.100 10.21.0.199; option routers 10.21.0.1; }
            """);
        return Running("Server starting service", space, Unconfined("/usr/sbin/dhcpd"), "-4", "-d", "-cf", Under("dhcpd.conf"), "-lf", Under("leases"), "--no-pid", port);
    }

    Task Kea()
    {
        File.WriteAllText(Under("kea.conf"), $$"""
            { "Dhcp4": {
              "interfaces-config": { "interfaces": ["br0"] }, "lease-database": { "type": "memfile", "persist": false },
              "client-classes": <?include "{{Recipe("kea-classes.json")}}"?>,
              "subnet4": [
                { "subnet": "10.20.0.0/24", "pools": [{ "pool": "10.20.0.100-10.20.0.199" }], "option-data": [{ "name": "routers", "data": "10.20.0.1" }] },
                { "subnet": "10.21.0.0/24", "pools": [{ "pool": "10.21.0.100-10.21.0.199" }], "option-data": [{ "name": "routers", "data": "10.21.0.1" }] }],
              "loggers": [{ "name": "kea-dhcp4", "output_options": [{ "output": "stdout" }], "severity": "INFO" }]
            } }
            """);
        return Running("DHCP4_STARTED", _servers, "env", "KEA_LOCKFILE_DIR=none", $"KEA_PIDFILE_DIR={_folder.FullName}", Unconfined("/usr/sbin/kea-dhcp4"), "-c", Under("kea.conf"));
    }

    Task Dnsmasq(string space, string recipe, params string[] more)
    {
        var file = Under(Path.GetFileName(recipe));
        File.WriteAllLines(file, [$"conf-file={recipe}", "user=root", "log-facility=-", "pid-file=", $"dhcp-leasefile={file}.leases", .. more]);
        return Running("started, version", space, "/usr/sbin/dnsmasq", "-k", $"--conf-file={file}");
    }

    /// <summary>Where AppArmor is, the installed program may read nothing but /etc. A copy is another program.</summary>
    string Unconfined(string program)
    {
        if (!File.Exists(Under(Path.GetFileName(program)))) File.Copy(program, Under(Path.GetFileName(program)));
        return Under(Path.GetFileName(program));
    }

    async Task Running(string whenItSays, string space, string program, params string[] arguments)
    {
        var child = In(space, program, arguments);
        _running.Add(child);
        for (var since = Stopwatch.GetTimestamp(); !$"{child.Output}\n{child.Errors}".Contains(whenItSays, StringComparison.Ordinal); await Task.Delay(50))
            if (Stopwatch.GetElapsedTime(since) > StartWithin || await child.Exit(TimeSpan.Zero) is not null) throw new InvalidOperationException($"{program} does not start:\n{child.Output}\n{child.Errors}");
    }

    static Child In(string space, string program, params string[] arguments) => Child.Start("ip", ["netns", "exec", space, program, .. arguments]);

    static async Task<string> Do(string program, params string[] arguments)
    {
        await using var child = Child.Start(program, arguments);
        return await child.Exit(StartWithin) == 0 ? child.Output : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)}:\n{child.Output}\n{child.Errors}");
    }

    static string Recipe(string name) => Path.Combine(Programs.Root(), "ops", "boot", name);

    string Under(string name) => Path.Combine(_folder.FullName, name);

    public async ValueTask DisposeAsync()
    {
        foreach (var child in _running) await child.DisposeAsync();
        if (_node is not null) await _node.DisposeAsync();
        if (Missing is null)
            foreach (var space in (string[])[_servers, _rack]) await Do("ip", "netns", "del", space);
        _folder.Delete(recursive: true);
    }
}
