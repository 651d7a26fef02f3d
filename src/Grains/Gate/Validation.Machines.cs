using System.Collections.Immutable;
using FluentValidation;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Machines;

namespace Ppec.Grains.Gate;

// The shapes of what is said of machines and done for them; Validation.cs lists them.

sealed class BmcShape : AbstractValidator<BmcAccess>
{
    public BmcShape()
    {
        RuleFor(b => b.Address).BmcAddress();
        RuleFor(b => b.Protocol).Equal("redfish").WithMessage("The BMC protocol is redfish.");
        RuleFor(b => b.User).NotEmpty().WithMessage("The BMC's user is missing.");
        RuleFor(b => (string?)b.User).Line("A BMC's user", 63).OverridePropertyName("user");
        RuleFor(b => b.PinnedCertificate!).Digest().When(b => b.PinnedCertificate is not null);
    }
}

sealed class AcceptShape : AbstractValidator<AcceptMachine>
{
    public AcceptShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Place.Rack).RackId().OverridePropertyName("rack");
        RuleFor(c => c.Place.Unit).Unit().OverridePropertyName("unit");
        RuleFor(c => c.Place.Height).Height().OverridePropertyName("height");
        RuleFor(c => c.Profile!).Slug("A profile").When(c => c.Profile is not null).OverridePropertyName("profile");
        RuleFor(c => c.Name).Line("A name", 63).OverridePropertyName("name");
        RuleFor(c => c.Bmc!).SetValidator(new BmcShape()).When(c => c.Bmc is not null).OverridePropertyName("bmc");
    }
}

sealed class MergeShape : AbstractValidator<MergeMachine>
{
    public MergeShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.As).MachineIdShape().OverridePropertyName("as");
        RuleFor(c => c.As).NotEqual(c => c.Machine).WithMessage("A machine is not accepted as itself: give it a place instead.").OverridePropertyName("as");
    }
}

sealed class RejectShape : AbstractValidator<RejectMachine>
{
    public RejectShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Why).Reason("Say why it is not ours.").OverridePropertyName("reason");
    }
}

sealed class SetShape : AbstractValidator<SetMachine>
{
    public SetShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Machine).Must((c, _) => c is not { Name: null, Note: null, Owner: null, Profile: null, Move: null or { Rack: null, Unit: null, Height: null } }).WithMessage("Say what to set.").OverridePropertyName("body");
        RuleFor(c => c.Name).Line("A name", 63);
        RuleFor(c => c.Note).Text("A note", 4000);
        RuleFor(c => c.Owner!).Slug("An owner").When(c => c.Owner is { Length: > 0 }).OverridePropertyName("owner");
        RuleFor(c => c.Profile!).Slug("A profile").When(c => c.Profile is { Length: > 0 }).OverridePropertyName("profile");
        When(c => c.Move is not null, () =>
        {
            RuleFor(c => c.Move!.Rack!).RackId().When(c => c.Move!.Rack is not null).OverridePropertyName("rack");
            RuleFor(c => c.Move!.Unit!.Value).Unit().When(c => c.Move!.Unit is not null).OverridePropertyName("unit");
            RuleFor(c => c.Move!.Height!.Value).Height().When(c => c.Move!.Height is not null).OverridePropertyName("height");
            RuleFor(c => c.Move!.Unit).NotNull().When(c => c.Move!.Rack is not null).WithMessage("In another rack it needs a unit.").OverridePropertyName("unit");
        });
    }
}

sealed class SetBmcShape : AbstractValidator<SetMachineBmc>
{
    public SetBmcShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Bmc).SetValidator(new BmcShape()).OverridePropertyName("bmc");
    }
}

sealed class RekeyShape : AbstractValidator<RekeyMachine>
{
    public RekeyShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Why).Reason("Say why its identity changes.").OverridePropertyName("reason");
        RuleFor(c => c.Evidence).SetValidator(new EvidenceShape()).OverridePropertyName("evidence");
    }
}

sealed class AdoptShape : AbstractValidator<AdoptMachine>
{
    public AdoptShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Hostname).Host();
        RuleFor(c => c.Owner).Slug("An owner");
        RuleFor(c => c.Evidence).SetValidator(new EvidenceShape()).OverridePropertyName("evidence");
    }
}

sealed class EvidenceShape : AbstractValidator<MachineEvidence>
{
    public EvidenceShape()
    {
        RuleFor(e => (string?)e.Serial).Line("A serial number", 63).Must(s => !MachineId.IsPlaceholder(s!)).WithMessage("The serial number is what the machine itself says (dmidecode -s system-serial-number), and no placeholder.").OverridePropertyName("serial");
        RuleFor(e => e.Uuid).Must(u => u.Length == 0 || Guid.TryParseExact(u, "D", out _)).WithMessage("A UUID is 32 hex digits with dashes, such as 4c4c4544-0043-3410-804b-b7c04f324b37.");
        RuleFor(e => (string?)e.BoardSerial).Line("A board's serial number", 63).OverridePropertyName("boardSerial");
        RuleFor(e => e.Macs.Length).LessThanOrEqualTo(64).WithMessage("At most 64 MAC addresses.").OverridePropertyName("macs");
        RuleForEach(e => e.Macs).Mac().OverridePropertyName("macs");
    }
}

sealed class WaiveShape : AbstractValidator<WaiveGap>
{
    public WaiveShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Gap).NotEmpty().WithMessage("Name the gap, as the evaluation does: dimm:DIMM_A2.");
        RuleFor(c => (string?)c.Gap).Line("A gap", 255).OverridePropertyName("gap");
        RuleFor(c => c.Until).Must((c, at) => at > c.At).WithMessage("It would be over before it began: the time is in the past.");
        RuleFor(c => c.Why).Reason("Say why it is waived.").OverridePropertyName("reason");
    }
}

sealed class RepairShape : AbstractValidator<RepairMachine>
{
    public RepairShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Slot).NotEmpty().WithMessage("Name the slot, as the inventory does: DIMM_A2.");
        RuleFor(c => (string?)c.Slot).Line("A slot").OverridePropertyName("slot");
        RuleFor(c => c.Serial).NotEmpty().WithMessage("Name the new part's serial number.");
        RuleFor(c => (string?)c.Serial).Line("A serial number").OverridePropertyName("serial");
        RuleFor(c => c.Rma).Line("An RMA number", 63);
    }
}

sealed class ReimageShape : AbstractValidator<ReimageMachine>
{
    public ReimageShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Spec.Image).NotEmpty().WithMessage("Name the image to install.").OverridePropertyName("image");
        RuleFor(c => (string?)c.Spec.Image).Line("An image", 80).OverridePropertyName("image");
        RuleFor(c => c.Spec.RootDisk).Line("A root disk", 128).OverridePropertyName("rootDisk");
        RuleForEach(c => c.Spec.SshKeys.IsDefault ? ImmutableArray<string>.Empty : c.Spec.SshKeys).Line("An SSH key", 16_384).OverridePropertyName("sshKeys");
        RuleFor(c => c.Spec.UserData).Text("User data", 65_536).OverridePropertyName("userData");
    }
}

sealed class MaintainShape : AbstractValidator<StartMaintenance>
{
    public MaintainShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Why).Reason("Say what is done in the maintenance.").OverridePropertyName("reason");
        RuleFor(c => c.ExpiresAt).Must((c, at) => at > c.At).WithMessage("It would be over before it began: the expiry is in the past.");
    }
}

sealed class DestroyedShape : AbstractValidator<RetireDestroyed>
{
    public DestroyedShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Disks.Length).InclusiveBetween(1, 256).WithMessage("Attest every disk, 1 to 256.").OverridePropertyName("disks");
        RuleForEach(c => c.Disks).Must(d => d.Serial.Length is > 0 and <= 128 && d.Evidence.Length is > 0 and <= 1000 && !(d.Serial + d.Evidence).Any(char.IsControl))
            .WithMessage("A destroyed disk has a serial number and what proves its end, with no control characters.").OverridePropertyName("disks");
        RuleFor(c => c.Disks).Must(d => d.Select(x => x.Serial).Distinct().Count() == d.Length).WithMessage("Each disk once.").OverridePropertyName("disks");
    }
}
