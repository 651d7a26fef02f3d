using System.Collections.Immutable;
using System.Net;
using System.Text.RegularExpressions;
using FluentValidation;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Contracts.Tags;
using Ppec.Drivers.Net;
using Ppec.Grains.Access;

namespace Ppec.Grains.Gate;

/// <summary>The shape of commands: here and nowhere else. Whether a well-formed command is allowed now is the domain's question.</summary>
public static class Validation
{
    static readonly Dictionary<Type, IValidator> Validators = new IValidator[]
    {
        new ManyMachinesShape(), new ProvisionManyShape(), new RackManyShape(), new ImportManyShape(),
        new AcceptShape(), new MergeShape(), new RejectShape(), new SetShape(), new SetBmcShape(), new RekeyShape(), new AdoptShape(), new WaiveShape(), new RepairShape(),
        new ReimageShape(), new MaintainShape(), new DestroyedShape(), new SetRackShape(), new RetireRackShape(), new SetRegionShape(), new DeprecateShape(),
        new IdOnly<RotateBmc>(c => c.Machine), new IdOnly<PowerMachine>(c => c.Machine), new IdOnly<LocateMachine>(c => c.Machine),
        new IdOnly<EndMaintenance>(c => c.Machine), new IdOnly<UnrackMachine>(c => c.Machine),
        new RackMachineShape(), new HoldShape(), new UnholdShape(), new TagShape(), new ProvisionShape(),
        new SaveFilterShape(), new DeleteFilterShape(), new TagKeyShape(), new DeleteTagKeyShape(),
        new CreateRegionShape(), new CreateRackShape(), new ProfileShape(), new ImageShape(), new CancelShape(),
        new IdOnly<InspectMachine>(c => c.Machine), new IdOnly<PromoteMachine>(c => c.Machine), new IdOnly<ReleaseMachine>(c => c.Machine),
        new IdOnly<RetireMachine>(c => c.Machine), new IdOnly<RetryOperation>(c => c.Operation),
        new CreateUserShape(), new SetUserShape(), new SetPasswordShape(), new SetGroupShape(), new SetRoleShape(), new CreateGrantShape(), new SetOwnerShape(), new SetPolicyShape(),
        new SlugOnly<DeleteGroup>(c => c.Group, "A group's id"), new SlugOnly<DeleteRole>(c => c.Role, "A role's id"), new SlugOnly<RevokeGrant>(c => c.Grant, "A grant's id"),
        new SlugOnly<DeleteOwner>(c => c.Owner, "An owner's id"), new SlugOnly<DeletePolicy>(c => c.Policy, "A policy's id"),
        new ApproveShape(), new RejectChangeShape(), new ReviewShape(), new SlugOnly<WithdrawChange>(c => c.Change, "A change's id"), new SlugOnly<AskAgain>(c => c.Change, "A change's id"),
        new IssueShape(), new RotateShape(), new SlugOnly<RevokeCredential>(c => c.Credential, "A credential's id"),
    }.ToDictionary(v => v.GetType().BaseType!.GenericTypeArguments[0]);

    static readonly Dictionary<string, Type> Names = Validators.Keys.ToDictionary(t => t.Name, StringComparer.Ordinal);

    /// <summary>The command that users may send under this name.</summary>
    public static Type? Named(string name) => Names.GetValueOrDefault(name);

    /// <summary>Whether users may send this command at all; the others are PPEC's own.</summary>
    public static bool Accepts(Command command) => Validators.ContainsKey(command.GetType());

    /// <summary>What is wrong with the shape, by field; null when nothing is. <paramref name="secret"/> goes with the command, beside it.</summary>
    public static Problem? Check(Command command, SecretText? secret = null)
    {
        if (command is SetPassword && (secret is null || secret.Value.Length is < Passwords.Shortest or > 255)) return Problem.Invalid("password", $"A password has at least {Passwords.Shortest} characters, and at most 255.");
        if (command is not SetPassword && secret is { Value: var text } && (text.Length is < 1 or > 255 || text.Any(char.IsControl)))
            return Problem.Invalid("bmc.password", "A BMC's password is 1 to 255 characters, with no control characters.");
        var result = Validators[command.GetType()].Validate(new ValidationContext<object>(command));
        if (result.IsValid) return null;
        ImmutableArray<FieldProblem> fields = [.. result.Errors.Select(e => new FieldProblem(Name(e.PropertyName), e.ErrorMessage))];
        return new(ProblemCodes.Invalid, string.Join(" ", fields.Select(f => f.Message)), fields);
    }

    /// <summary>Property paths as they stand in the request's JSON.</summary>
    static string Name(string path) =>
        string.Join('.', path.Split('.', StringSplitOptions.RemoveEmptyEntries).Select(p => p.Length == 0 ? p : char.ToLowerInvariant(p[0]) + p[1..])).Replace("spec.", "", StringComparison.Ordinal).Replace("content.", "", StringComparison.Ordinal);
}

/// <summary>Rules for the parts that many commands have.</summary>
static partial class Rules
{
    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SlugShape { get; }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(~[0-9]{1,4})?\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MachineShape { get; }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex RackShape { get; }

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HostShape { get; }

    [GeneratedRegex("^[0-9a-f]{2}(:[0-9a-f]{2}){5}\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MacShape { get; }

    [GeneratedRegex("^[0-9a-f]{64}\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex DigestShape { get; }

    [GeneratedRegex("^[a-zA-Z0-9]([a-zA-Z0-9._/-]{0,61}[a-zA-Z0-9])?\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TagKeyShape { get; }

    public static IRuleBuilderOptions<T, string> Slug<T>(this IRuleBuilder<T, string> rule, string what) =>
        rule.Must(v => SlugShape.IsMatch(v)).WithMessage($"{what} is 1 to 63 lower-case letters, digits and dashes, and neither begins nor ends with a dash.");

    public static IRuleBuilderOptions<T, string> MachineIdShape<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => MachineShape.IsMatch(v)).WithMessage("A machine's id is the slug of its serial number.");

    public static IRuleBuilderOptions<T, string> RackId<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => RackShape.IsMatch(v)).WithMessage("A rack's id is region.name, such as blr1.r12.");

    public static IRuleBuilderOptions<T, string> Host<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => v.Length <= 253 && HostShape.IsMatch(v)).WithMessage("A host name is lower-case letters, digits and dashes, in labels of at most 63 (RFC 1123).");

    public static IRuleBuilderOptions<T, string> Mac<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => MacShape.IsMatch(v) && v != "00:00:00:00:00:00" && v != "ff:ff:ff:ff:ff:ff").WithMessage("A MAC address is six lower-case hex pairs, such as 52:54:00:12:34:56.");

    public static IRuleBuilderOptions<T, string> Digest<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => DigestShape.IsMatch(v)).WithMessage("A digest is SHA-256 in 64 lower-case hex digits.");

    public static IRuleBuilderOptions<T, string> TagKey<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => TagKeyShape.IsMatch(v)).WithMessage("A tag's key is 1 to 63 letters, digits, dots, dashes, underscores and slashes.");

    public static IRuleBuilderOptions<T, int> Unit<T>(this IRuleBuilder<T, int> rule) =>
        rule.InclusiveBetween(1, 100).WithMessage("A unit is 1 to 100, counted from the bottom.");

    public static IRuleBuilderOptions<T, int> Height<T>(this IRuleBuilder<T, int> rule) =>
        rule.InclusiveBetween(1, 50).WithMessage("A height is 1 to 50 units.");

    public static IRuleBuilderOptions<T, string> Reason<T>(this IRuleBuilder<T, string> rule, string ask) =>
        rule.NotEmpty().WithMessage(ask).Must(v => v.Length <= 1000 && !v.Any(char.IsControl)).WithMessage("A reason is at most 1000 characters, with no control characters.");

    /// <summary>One line for people: no control characters, bounded.</summary>
    public static IRuleBuilderOptions<T, string?> Line<T>(this IRuleBuilder<T, string?> rule, string what, int longest = 255) =>
        rule.Must(v => v is null || (v.Length <= longest && !v.Any(char.IsControl))).WithMessage($"{what} is at most {longest} characters, with no control characters.");

    public static IRuleBuilderOptions<T, string?> Text<T>(this IRuleBuilder<T, string?> rule, string what, int longest) =>
        rule.Must(v => v is null || (v.Length <= longest && !v.Any(c => char.IsControl(c) && c is not ('\n' or '\r' or '\t')))).WithMessage($"{what} is at most {longest} characters, with no control characters but line ends and tabs.");

    public static IRuleBuilderOptions<T, string> BmcAddress<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => v.Length <= 255 && !v.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) && Uri.TryCreate(v, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && !v.AsSpan().ContainsAny('?', '#')
                && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
            .WithMessage("A BMC's address is an https URL without user, password or query (plain http only on the loopback of a lab).")
            .Must(v => !Uri.TryCreate(v, UriKind.Absolute, out var uri) || !IPAddress.TryParse(uri.IdnHost, out var ip) || AddressGuard.Forbidden(ip) is null)
            .WithMessage("No BMC has that address: it is link-local, multicast, a cloud's metadata or nobody's. Give its address on the management network.");

    public static IRuleBuilderOptions<T, string?> Address<T>(this IRuleBuilder<T, string?> rule) =>
        rule.Must(v => v is null or "dhcp" || (v.Split('/') is [var ip, var length] && IPAddress.TryParse(ip, out var a) && int.TryParse(length, out var n) && n >= 1 && n <= (a.GetAddressBytes().Length * 8)))
            .WithMessage("An address is 'dhcp', or an IP address with its prefix length, such as 10.1.2.3/24.");

    public static IRuleBuilderOptions<T, string?> Ip<T>(this IRuleBuilder<T, string?> rule, string what) =>
        rule.Must(v => v is null || IPAddress.TryParse(v, out _)).WithMessage($"{what} is an IP address.");
}

sealed class IdOnly<T> : AbstractValidator<T> where T : Command
{
    public IdOnly(Func<T, string> id) => RuleFor(c => id(c)).MachineIdShape().OverridePropertyName("id");
}

sealed class RackMachineShape : AbstractValidator<RackMachine>
{
    public RackMachineShape()
    {
        RuleFor(c => c.Serial).Line("A serial number", 63)
            .Must(s => MachineId.Of(s!).Length > 0 && !MachineId.IsPlaceholder(s!)).WithMessage(c => $"'{c.Serial}' is a placeholder, not a serial number: read it from the machine's label.");
        RuleFor(c => c.Place.Rack).RackId().OverridePropertyName("rack");
        RuleFor(c => c.Place.Unit).Unit().OverridePropertyName("unit");
        RuleFor(c => c.Place.Height).Height().OverridePropertyName("height");
        RuleFor(c => c.Profile!).Slug("A profile").When(c => c.Profile is not null).OverridePropertyName("profile");
        RuleFor(c => c.Name).Line("A name", 63).OverridePropertyName("name");
        RuleForEach(c => c.Macs).Mac().OverridePropertyName("macs");
        RuleFor(c => c.Macs.Length).LessThanOrEqualTo(64).WithMessage("At most 64 MAC addresses.").OverridePropertyName("macs");
        RuleFor(c => c.Bmc!).SetValidator(new BmcShape()).When(c => c.Bmc is not null).OverridePropertyName("bmc");
    }
}

sealed class HoldShape : AbstractValidator<HoldMachine>
{
    public HoldShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Source).Slug("A hold's source");
        RuleFor(c => c.Why).NotEmpty().WithMessage("Say why it is held.").OverridePropertyName("reason");
        RuleFor(c => (string?)c.Why).Line("A reason", 1000).OverridePropertyName("reason");
        RuleFor(c => c.ExpiresAt).Must((c, at) => at is null || at > c.At).WithMessage("It would be over before it began: the expiry is in the past.");
        RuleFor(c => c.LiftPermission).Must(p => p is null || Permissions.All.Contains(p)).WithMessage("There is no such permission: look with ppec role show administrator.").OverridePropertyName("liftPermission");
    }
}

sealed class UnholdShape : AbstractValidator<UnholdMachine>
{
    public UnholdShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Source).Slug("A hold's source");
    }
}

sealed class TagShape : AbstractValidator<TagMachine>
{
    public TagShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Set.Count + c.Remove.Length).InclusiveBetween(1, 64).WithMessage("Set or remove 1 to 64 tags at a time.").OverridePropertyName("set");
        RuleForEach(c => c.Set.Keys).TagKey().OverridePropertyName("set");
        RuleForEach(c => c.Set.Values).NotNull().WithMessage("A tag has a value; it may be empty.").OverridePropertyName("set");
        RuleForEach(c => c.Set.Values).Line("A tag's value").OverridePropertyName("set");
        RuleForEach(c => c.Remove).TagKey().OverridePropertyName("remove");
    }
}

sealed class SaveFilterShape : AbstractValidator<SaveFilter>
{
    public SaveFilterShape()
    {
        RuleFor(c => c.Name).Slug("A filter's name");
        RuleFor(c => (string?)c.Expression).Line("An expression", 2000);
    }
}

sealed class DeleteFilterShape : AbstractValidator<DeleteFilter>
{
    public DeleteFilterShape() => RuleFor(c => c.Name).Slug("A filter's name").OverridePropertyName("id");
}

sealed class TagKeyShape : AbstractValidator<SetTagKey>
{
    public TagKeyShape()
    {
        RuleFor(c => c.Key).TagKey();
        RuleFor(c => c.Values.Length).LessThanOrEqualTo(1000).WithMessage("At most 1000 values.").OverridePropertyName("values");
        RuleForEach(c => c.Values).Line("A tag's value").OverridePropertyName("values");
        RuleFor(c => c.Values).Must(v => v.Distinct(StringComparer.Ordinal).Count() == v.Length).WithMessage("A value is named once.");
        RuleForEach(c => c.RequiredOn).Must(n => n == Domain.Tags.TagKey.Machine).WithMessage("A tag can be required on machine.").OverridePropertyName("requiredOn");
        RuleFor(c => (string?)c.Description).Line("A description");
    }
}

sealed class DeleteTagKeyShape : AbstractValidator<DeleteTagKey>
{
    public DeleteTagKeyShape() => RuleFor(c => c.Key).TagKey().OverridePropertyName("id");
}

sealed class ProvisionShape : AbstractValidator<ProvisionMachine>
{
    public ProvisionShape()
    {
        RuleFor(c => c.Machine).MachineIdShape().OverridePropertyName("id");
        RuleFor(c => c.Spec.Image).NotEmpty().WithMessage("Name the image to install.").OverridePropertyName("image");
        RuleFor(c => (string?)c.Spec.Image).Line("An image", 80).OverridePropertyName("image");
        RuleFor(c => c.Spec.Hostname).Host().OverridePropertyName("hostname");
        RuleFor(c => c.Spec.Owner).Slug("An owner").OverridePropertyName("owner");
        RuleFor(c => c.Spec.RootDisk).Line("A root disk", 128).OverridePropertyName("rootDisk");
        RuleFor(c => c.Spec.Address).Address().OverridePropertyName("address");
        RuleFor(c => c.Spec.Gateway).Ip("A gateway").OverridePropertyName("gateway");
        RuleForEach(c => c.Spec.Dns.IsDefault ? ImmutableArray<string>.Empty : c.Spec.Dns).Ip("A DNS server").OverridePropertyName("dns");
        RuleForEach(c => c.Spec.SshKeys.IsDefault ? ImmutableArray<string>.Empty : c.Spec.SshKeys).Line("An SSH key", 16_384).OverridePropertyName("sshKeys");
        RuleFor(c => c.Spec.UserData).Text("User data", 65_536).OverridePropertyName("userData");
    }
}

sealed class CreateRegionShape : AbstractValidator<CreateRegion>
{
    public CreateRegionShape()
    {
        RuleFor(c => c.Region).Slug("A region's id").OverridePropertyName("id");
        RuleFor(c => (string?)c.Description).Line("A description");
    }
}

sealed class CreateRackShape : AbstractValidator<CreateRack>
{
    public CreateRackShape()
    {
        RuleFor(c => c.Rack).RackId().OverridePropertyName("id");
        RuleFor(c => c.Units).InclusiveBetween(1, 100).WithMessage("A rack has 1 to 100 units.");
        RuleFor(c => (string?)c.Row).Line("A row", 63);
        RuleFor(c => (string?)c.PowerFeed).Line("A power feed", 63);
        RuleFor(c => (string?)c.SwitchPair).Line("A switch pair", 63);
    }
}

sealed class SetRegionShape : AbstractValidator<SetRegion>
{
    public SetRegionShape()
    {
        RuleFor(c => c.Region).Slug("A region's id").OverridePropertyName("id");
        RuleFor(c => (string?)c.Description).Line("A description").OverridePropertyName("description");
    }
}

sealed class SetRackShape : AbstractValidator<SetRack>
{
    public SetRackShape()
    {
        RuleFor(c => c.Rack).RackId().OverridePropertyName("id");
        RuleFor(c => c.Rack).Must((c, _) => c is not { Units: null, Row: null, PowerFeed: null, SwitchPair: null }).WithMessage("Say what to set.").OverridePropertyName("body");
        RuleFor(c => c.Units).Must(u => u is null or (>= 1 and <= 100)).WithMessage("A rack has 1 to 100 units.");
        RuleFor(c => c.Row).Line("A row", 63);
        RuleFor(c => c.PowerFeed).Line("A power feed", 63);
        RuleFor(c => c.SwitchPair).Line("A switch pair", 63);
    }
}

sealed class RetireRackShape : AbstractValidator<RetireRack>
{
    public RetireRackShape() => RuleFor(c => c.Rack).RackId().OverridePropertyName("id");
}

sealed class DeprecateShape : AbstractValidator<DeprecateImage>
{
    public DeprecateShape()
    {
        RuleFor(c => c.Name).Slug("An image's name").OverridePropertyName("id");
        RuleFor(c => c.Version).GreaterThan(0).WithMessage("Name the version, as in debian-12-hardened@3.").OverridePropertyName("id");
    }
}

sealed class CancelShape : AbstractValidator<CancelOperation>
{
    public CancelShape()
    {
        RuleFor(c => c.Operation).Slug("An operation's id").OverridePropertyName("id");
        RuleFor(c => (string?)c.Why).Line("A reason", 1000).OverridePropertyName("reason");
    }
}

sealed class ImageShape : AbstractValidator<RegisterImage>
{
    public ImageShape()
    {
        RuleFor(c => c.Name).Slug("An image's name");
        RuleFor(c => c.Content.Format).Must(f => f is "raw" or "raw+gzip").WithMessage("The format is raw or raw+gzip.");
        RuleFor(c => c.Content.Sha256).Digest();
        RuleFor(c => c.Content.DiskSha256).Digest();
        RuleFor(c => c.Content.SizeBytes).GreaterThan(0).WithMessage("The size is in bytes, above zero.");
        RuleFor(c => c.Content.DiskSizeBytes).GreaterThan(0).WithMessage("The disk size is in bytes, above zero.");
        RuleFor(c => c.Content.BootMode).Must(m => m is "bios" or "uefi" or "any").WithMessage("The boot mode is bios, uefi or any.");
        RuleFor(c => (string?)c.Signature).Line("A signature", 1024);
    }
}

sealed class ProfileShape : AbstractValidator<CreateProfileVersion>
{
    public ProfileShape()
    {
        RuleFor(c => c.Profile).Slug("A profile's name").OverridePropertyName("name");
        RuleFor(c => c.Profile).Must(p => Contracts.Versioned.ParseProfile(p).Version is null).WithMessage("A profile's name does not end in a version: PPEC counts them.").OverridePropertyName("name");
        RuleFor(c => c.Spec.DiskTolerancePercent).InclusiveBetween(0, 50).WithMessage("The tolerance is 0 to 50 percent.");
        RuleFor(c => c.Spec.MemoryMiB).Must(m => m is null or > 0).WithMessage("Memory is in MiB, above zero.");
        When(c => c.Spec.Cpu is not null, () =>
        {
            RuleFor(c => c.Spec.Cpu!.Sockets).InclusiveBetween(1, 64).WithMessage("Sockets are 1 to 64.");
            RuleFor(c => c.Spec.Cpu!.CoresPerSocket).Must(n => n is null or (>= 1 and <= 4096)).WithMessage("Cores per socket are 1 to 4096.");
            RuleFor(c => c.Spec.Cpu!.Model).Line("A CPU model");
        });
        RuleForEach(c => c.Spec.Dimms.IsDefault ? ImmutableArray<DimmSpec>.Empty : c.Spec.Dimms).Must(d => d.SizeMiB > 0 && d.Slot is { Length: > 0 and <= 63 } && !d.Slot.Any(char.IsControl)).WithMessage("A DIMM has a slot and a size in MiB.").OverridePropertyName("dimms");
        RuleForEach(c => c.Spec.Disks.IsDefault ? ImmutableArray<DiskSpec>.Empty : c.Spec.Disks).Must(d => d is { Count: >= 1 and <= 1000, SizeMiB: > 0 } && Word(d.Transport) && Word(d.Model)).WithMessage("A disk entry has a count and a size in MiB; transport and model are at most 255 characters, with no control characters.").OverridePropertyName("disks");
        RuleForEach(c => c.Spec.Nics.IsDefault ? ImmutableArray<NicSpec>.Empty : c.Spec.Nics).Must(n => n is { Count: >= 1 and <= 1000, MinSpeedMbps: null or > 0 } && Word(n.Driver)).WithMessage("A network entry has a count, a speed in Mbit/s above zero if any, and a driver of at most 255 characters, with no control characters.").OverridePropertyName("nics");
        RuleForEach(c => c.Spec.Firmware.IsDefault ? ImmutableArray<FirmwareSpec>.Empty : c.Spec.Firmware).Must(f => f.Rule is ("exact" or "minimum" or "report") && f.Component.Length > 0 && Word(f.Component) && Word(f.Version)).WithMessage("A firmware entry has a component, a version, and a rule: exact, minimum or report.").OverridePropertyName("firmware");
        RuleFor(c => c.Spec.BootMode).Must(m => m is null or "bios" or "uefi").WithMessage("The boot mode is bios or uefi.");
        RuleFor(c => c.Spec.Tpm).Must(t => t is null or "1.2" or "2.0").WithMessage("The TPM version is 1.2 or 2.0.");

        static bool Word(string? text) => text is null || (text.Length <= 255 && !text.Any(char.IsControl));
    }
}
