using System.Collections.Immutable;
using Ppec.Contracts.Machines;
using static Ppec.Domain.Machines.MachineState;

namespace Ppec.Domain.Machines;

/// <summary>A machine's state as users see it.</summary>
public static class MachineViews
{
    /// <summary>Null where there is no machine.</summary>
    public static MachineView? Of(MachineState state, long version)
    {
        if (state is not Known s) return null;
        var about = s.About;
        var installed = s as Baremetal;
        return new(
            about.Id, about.Serial, s.Stage, about.Name,
            Type: s switch { Spare x => x.Type, Baremetal x => x.Type, _ => about.Inspection?.Evaluation.Type },
            about.Place?.Region, about.Place?.Rack, about.Place?.Unit, about.Place?.Height,
            about.Profile, about.Owner ?? about.Operation?.Plan?.Owner, installed?.Hostname, installed?.Plan?.Image.Image, installed?.Plan?.Interfaces.FirstOrDefault()?.Address,
            about.Note,
            Held: !about.Holds.IsEmpty,
            Enlisted: s is Enlisted,
            IntegrityVerified: installed?.Verified ?? false,
            [.. about.Holds.Values.Select(h => new HoldView(h.Source, h.Why, h.Since, h.ExpiresAt, h.LiftPermission))],
            about.Tags,
            about.Operation is { } o ? new OngoingView(o.Id, o.Kind, o.Writing) : null,
            about.Bmc is { } b ? new BmcView(b.Protocol, b.Address, b.User, b.PinnedCertificate) : null,
            about.Evidence,
            about.Inspection?.Inventory, about.Inspection?.Health, about.Inspection?.Evaluation,
            [.. about.Waivers.Values.Select(w => new WaiverView(w.Gap, w.Until, w.Why))],
            [.. about.Repairs.Select(r => new RepairView(r.Slot, r.Serial, r.Rma, r.Before, r.After, r.At))],
            about.Wipes,
            installed?.Maintenance is { } m ? new MaintenanceView(m.Why, m.ExpiresAt, about.Drift.ContainsKey(Drifts.MaintenanceExpired)) : null,
            [.. about.Drift.Values.Select(d => new DriftView(d.Kind, d.Expected, d.Found, d.At))],
            about.Failures,
            version) { Macs = [.. about.Macs.Union(about.Evidence?.Macs ?? [], StringComparer.Ordinal)], ReservedFor = about.Reserved?.Change };
    }
}
