using System.Collections.Immutable;
using FluentValidation;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Secrets;

namespace Ppec.Grains.Gate;

/// <summary>What every bulk command has.</summary>
abstract class BulkShape<T> : AbstractValidator<T> where T : BulkCommand
{
    protected BulkShape()
    {
        RuleFor(c => c.MaxParallel).InclusiveBetween(1, BulkCommand.MostParallel).WithMessage($"1 to {BulkCommand.MostParallel} at once.");
        RuleFor(c => c.StopAfterFailures).InclusiveBetween(0, BulkCommand.MostChildren).WithMessage("A number of failures, or 0 to try all.");
    }
}

sealed class ManyMachinesShape : BulkShape<ManyMachines>
{
    public ManyMachinesShape()
    {
        RuleFor(c => c.Machines).Must((c, machines) => machines.IsDefaultOrEmpty != string.IsNullOrWhiteSpace(c.Filter)).WithMessage("Choose the machines by a filter, or name them: one of the two.").OverridePropertyName("filter");
        RuleFor(c => c.Machines.Length).LessThanOrEqualTo(BulkCommand.MostChildren).WithMessage($"At most {BulkCommand.MostChildren} machines.").OverridePropertyName("machines");
        RuleForEach(c => c.Machines).MachineIdShape().OverridePropertyName("machines");
        When(c => c.Tag is not null, () => RuleFor(c => new TagMachine("m", c.Tag!.Set!, c.Tag.Remove)).SetValidator(new TagShape()).OverridePropertyName(""));
        RuleFor(c => c.Tag).Must((c, tag) => tag is null == (c.Verb != "tag")).WithMessage("Tags are set and removed by tag.");
    }
}

sealed class ProvisionManyShape : BulkShape<ProvisionMany>
{
    public ProvisionManyShape()
    {
        RuleFor(c => c.Wish.Type).Slug("A type").OverridePropertyName("type");
        RuleFor(c => c.Wish.Count).InclusiveBetween(1, 1000).WithMessage("1 to 1000 machines.").OverridePropertyName("count");
        RuleFor(c => c.Wish.Substitutes).InclusiveBetween(0, 1000).WithMessage("0 to 1000 substitutes.").OverridePropertyName("substitutes");
        RuleFor(c => c.Wish.FirstNumber).InclusiveBetween(0, 1_000_000).WithMessage("A number from 0 to 1000000.").OverridePropertyName("firstNumber");
        RuleFor(c => c.Wish.Spread).Must(s => s is "rack" or "none").WithMessage("Spread is rack or none.").OverridePropertyName("spread");
        RuleFor(c => c.Wish.HostnamePattern).Must(p => p.Length <= 253 && HasNumber(p)).WithMessage("A host name pattern has {n}, or {n:000} for at least three digits: pay-{n:000}.").OverridePropertyName("hostnamePattern");
        RuleFor(c => Hostname(c)).Host().When(c => HasNumber(c.Wish.HostnamePattern)).OverridePropertyName("hostnamePattern");
        RuleFor(c => c.Wish.Machines).Must((c, m) => m.IsDefaultOrEmpty || m.Length == c.Wish.Count).WithMessage("Name as many machines as are wished, or none.").OverridePropertyName("machines");
        RuleForEach(c => Each(c.Wish.Machines)).MachineIdShape().OverridePropertyName("machines");
        RuleForEach(c => Each(c.Wish.SubstituteMachines)).MachineIdShape().OverridePropertyName("substituteMachines");
        RuleFor(c => new ProvisionMachine("m", new(c.Wish.Image, "host", c.Wish.Owner, c.Wish.RootDisk, null, null, c.Wish.Dns, c.Wish.SshKeys, c.Wish.UserData), null)).SetValidator(new ProvisionShape()).OverridePropertyName("");
    }

    static ImmutableArray<string> Each(ImmutableArray<string> list) => list.IsDefault ? [] : list;

    static bool HasNumber(string pattern) =>
        pattern.IndexOf("{n", StringComparison.Ordinal) is >= 0 and var open && pattern.IndexOf('}', open) is > 0 and var close
        && pattern[(open + 2)..close] is var format && (format.Length == 0 || (format[0] == ':' && format.Length is > 1 and < 10 && format.AsSpan(1).IndexOfAnyExcept('0') < 0));

    static string Hostname(ProvisionMany c) => Domain.Machines.Picking.Hostname(c.Wish.HostnamePattern, c.Wish.FirstNumber + Math.Clamp(c.Wish.Count, 1, 1000) - 1);
}

/// <summary>The rows have their shapes each for itself, and all that is wrong with them is told by line: see <see cref="ImportRows"/>.</summary>
sealed class ImportManyShape : BulkShape<ImportMany>
{
    public ImportManyShape() =>
        RuleFor(c => c.File.Rows).InclusiveBetween(1, ImportMany.MostRows).WithMessage($"1 to {ImportMany.MostRows} rows: do more in parts.").OverridePropertyName("body");
}

sealed class RackManyShape : BulkShape<RackMany>
{
    public RackManyShape()
    {
        RuleFor(c => c.Machines.Length).InclusiveBetween(1, BulkCommand.MostChildren).WithMessage($"1 to {BulkCommand.MostChildren} machines.").OverridePropertyName("machines");
        RuleForEach(c => c.Machines).Must(m => m.Serial is not null && m.Rack is not null).WithMessage("A machine has a serial and a rack.")
            .ChildRules(row => row.RuleFor(m => AsOne(m)).SetValidator(new RackMachineShape()).OverridePropertyName(""))
            .OverridePropertyName("machines");
        RuleForEach(c => c.Machines).Must(m => m.Bmc?.Password.Value is null or { Length: >= 1 and <= 255 }).WithMessage("A BMC's password is 1 to 255 characters.").OverridePropertyName("machines");
    }

    static RackMachine AsOne(RackMachineBody m) => new("m", m.Serial, new("", m.Rack, m.Unit, m.Height),
        m.Bmc is { } b ? new(b.Protocol, b.Address, b.User, new SecretRef("", 0), b.PinnedCertificate) : null, m.Profile, m.Macs.IsDefault ? [] : m.Macs, m.Name);
}
