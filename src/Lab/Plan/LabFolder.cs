using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Ppec.Lab.Plan;

/// <summary>What a lab must not forget between two runs.</summary>
/// <param name="Ppec">Where PPEC is.</param>
/// <param name="StatusPort">Where <c>ppec-lab status</c> asks.</param>
/// <param name="Ports">Each machine's BMC port.</param>
/// <param name="Daemons">Process ids of the libvirt daemons that this lab started.</param>
/// <param name="Racks">The <c>--rack</c>s it was built with.</param>
/// <param name="Https">Whether it was built with <c>--https</c>.</param>
/// <param name="Probe">What trying KVM came to, and in which boot of this host: <c>BOOT-ID qemu</c>.</param>
public sealed record LabNotes(string Ppec, int StatusPort, Dictionary<string, int> Ports, List<int> Daemons, List<string> Racks, bool Https, string Probe)
{
    /// <summary>Each machine's BMC address, where it has one of its own.</summary>
    public Dictionary<string, string> Addresses { get; init; } = [];

    /// <summary>The <c>--lie</c>s it was built with.</summary>
    public List<string> Lies { get; init; } = [];

    public static LabNotes Empty => new("", 0, [], [], [], false, "");
}

/// <summary>The state directory: <c>lab.yaml lab.json lab.pid lab.log machines.yaml machines.json</c>, and a directory for each machine.</summary>
public sealed class LabFolder
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public LabFolder(string path)
    {
        Root = Path.GetFullPath(path);
        Directory.CreateDirectory(Root);
    }

    public string Root { get; }

    public string PidFile => Path.Combine(Root, "lab.pid");

    public string LogFile => Path.Combine(Root, "lab.log");

    public string PlanFile => Path.Combine(Root, "lab.yaml");

    /// <summary>Names of libvirt domains are one namespace for the whole host: the directory tells two labs apart.</summary>
    public string DomainPrefix => $"lab-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Root)).AsSpan(0, 4))}-";

    public LabNotes Notes
    {
        get => File.Exists(NotesFile) ? JsonSerializer.Deserialize<LabNotes>(File.ReadAllBytes(NotesFile), json) ?? LabNotes.Empty : LabNotes.Empty;
        set => Replace(NotesFile, JsonSerializer.SerializeToUtf8Bytes(value, json));
    }

    string NotesFile => Path.Combine(Root, "lab.json");

    public string Of(string machine, string file)
    {
        var folder = Path.Combine(Root, machine);
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, file);
    }

    /// <summary>The password of a machine's BMC, made at the first asking.</summary>
    public string Password(string machine)
    {
        var file = Of(machine, "bmc-password");
        if (!File.Exists(file)) Replace(file, Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(12))), OwnerOnly);
        return File.ReadAllText(file).Trim();
    }

    /// <summary>What opens a machine's BMC now: the password on its label (<see cref="Password"/>), until somebody changed it. A BMC keeps that when its lab is down.</summary>
    public string CurrentPassword(string machine)
    {
        var label = Password(machine);
        return File.Exists(Changed(machine)) ? File.ReadAllText(Changed(machine)) : label;
    }

    public void ChangePassword(string machine, string password) => Replace(Changed(machine), Encoding.UTF8.GetBytes(password), OwnerOnly);

    string Changed(string machine) => Of(machine, "bmc-password-changed");

    public void Write(string file, string text) => Replace(Path.Combine(Root, file), Encoding.UTF8.GetBytes(text));

    /// <summary>Held by the one process that runs this lab; null while another does. A kill releases it.</summary>
    public FileStream? TryLock()
    {
        try
        {
            return new FileStream(Path.Combine(Root, "lab.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null;
        }
    }

    static void Replace(string file, byte[] bytes, UnixFileMode mode = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead)
    {
        var next = file + ".new";
        File.Delete(next);
        using (var stream = new FileStream(next, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode })) stream.Write(bytes);
        File.Move(next, file, overwrite: true);
    }
}
