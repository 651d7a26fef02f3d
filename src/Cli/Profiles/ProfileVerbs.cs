using Ppec.Cli.Output;
using Ppec.Contracts.Profiles;

namespace Ppec.Cli.Profiles;

/// <summary><c>ppec profile</c>.</summary>
static class ProfileVerbs
{
    public static Verb Build(Shell shell) => new Verb("profile", "Profiles: the hardware that was ordered. Each change is a new version.", "ppec profile list").Under(List(shell), Show(shell), Create(shell)).Under(PastVerbs.Of(shell, "profile", "compute-v3", call => call.Client.Profiles));

    static Verb List(Shell shell) => new Verb("list", "List profiles.", "ppec profile list")
        .With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Profiles, Table, profile => profile.Id));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one version of a profile.", "ppec profile show compute-v3 -o yaml");
        var id = verb.Takes("profile", "The profile's id, NAME-vN.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await call.Client.Profiles.GetAsync(call.Get(id), null, call.Cancellation), (profile, _) => [Detail(profile)], profile => [profile.Id]));
    }

    static Verb Create(Shell shell)
    {
        var verb = new Verb("create", "Add a profile's next version from a YAML file with the fields name and spec.", "ppec profile create -f compute.yaml");
        var file = new System.CommandLine.Option<string>("--file", "-f") { Description = "The YAML file.", HelpName = "FILE", Required = true };
        return verb.With(file).With(shell.Options.Recording).With(shell.Options.Reading).Does(shell, async call =>
        {
            var body = FileBodies.Read(call.Get(file)!, FileBodies.Default.ProfileBody);
            return call.Show(await call.Client.Profiles.CreateAsync(body, call.Mutation(), call.Cancellation), (profile, wide) => [Table([profile], wide)], profile => [profile.Id]);
        });
    }

    static Sheet Table(IEnumerable<ProfileView> profiles, bool wide)
    {
        var sheet = new Sheet(null, "ID", "NAME", "VERSION", "CPU", "MEMORY", "DISKS", "CREATED");
        foreach (var p in profiles)
            sheet.Add(p.Id, p.Name, p.Version, Cpu(p.Spec), p.Spec?.MemoryMiB is { } memory ? Words.Size(memory * 1024 * 1024) : "", Disks(p.Spec), Words.Time(p.CreatedAt));
        return sheet;
    }

    static Sheet Detail(ProfileView p)
    {
        var sheet = new Sheet(null)
            .Fact("Profile", p.Id).Fact("Created", Words.Time(p.CreatedAt)).Fact("CPU", Cpu(p.Spec))
            .Fact("Memory", p.Spec?.MemoryMiB is { } memory ? Words.Size(memory * 1024 * 1024) : "")
            .Fact("Disks", Disks(p.Spec)).Fact("Boot mode", p.Spec?.BootMode).Fact("TPM", p.Spec?.Tpm);
        foreach (var dimm in p.Spec?.Dimms.Each() ?? []) sheet.Fact("DIMM", $"{dimm.Slot}: {Words.Size(dimm.SizeMiB * 1024 * 1024)}");
        foreach (var nic in p.Spec?.Nics.Each() ?? []) sheet.Fact("Network", $"{nic.Count} × {(nic.MinSpeedMbps is { } speed ? $"at least {speed} Mbps" : "any speed")} {nic.Driver}".TrimEnd());
        foreach (var firmware in p.Spec?.Firmware.Each() ?? []) sheet.Fact("Firmware", $"{firmware.Component} {firmware.Rule} {firmware.Version}");
        return sheet;
    }

    static string Cpu(ProfileSpec? spec) => spec?.Cpu is { } cpu ? $"{cpu.Sockets} × {cpu.Model ?? "any"}{(cpu.CoresPerSocket is { } cores ? $", {cores} cores" : "")}" : "";

    static string Disks(ProfileSpec? spec) => string.Join("; ", spec?.Disks.Each().Select(disk => $"{disk.Count} × {Words.Size(disk.SizeMiB * 1024 * 1024)} {disk.Transport}".TrimEnd()) ?? []);
}
