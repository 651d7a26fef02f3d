using System.Text.Json;
using Ppec.Contracts.Images;

namespace Ppec.Lab.Sim;

/// <summary>What a disk holds: an installed system with its seed, or rubble of an installation that did not end.</summary>
public sealed record SimSystem(string Machine, string Hostname, ImageRef Image, string Token, string BeaconUrl, bool Beaconed);

/// <summary>One simulated disk.</summary>
public sealed record SimDisk(SimSystem? System, bool Torn);

/// <summary>The file.</summary>
public sealed record SimSnapshot(bool On, Dictionary<string, SimDisk> Disks);

/// <summary>What survives the lab process, in a small file of each machine: whether it was on, and its disks by serial.</summary>
public sealed class SimMemory(string file)
{
    readonly Lock gate = new();
    SimSnapshot state = File.Exists(file) ? Read(file) : new(false, []);

    public bool On
    {
        get { lock (gate) return state.On; }
        set => Write(s => s with { On = value });
    }

    public SimDisk Disk(string serial)
    {
        lock (gate) return state.Disks.GetValueOrDefault(serial) ?? new(null, false);
    }

    public void Keep(string serial, SimDisk disk) => Write(s => s with { Disks = new(s.Disks) { [serial] = disk } });

    void Write(Func<SimSnapshot, SimSnapshot> change)
    {
        lock (gate)
        {
            state = change(state);
            var next = file + ".new";
            File.WriteAllBytes(next, JsonSerializer.SerializeToUtf8Bytes(state, SimJson.Default.SimSnapshot));
            File.Move(next, file, overwrite: true); // a kill leaves the old or the new, never half of one
        }
    }

    static SimSnapshot Read(string file) => JsonSerializer.Deserialize(File.ReadAllBytes(file), SimJson.Default.SimSnapshot) ?? new(false, []);
}
