using System.Collections.Immutable;
using System.Net;
using FluentValidation;
using Ppec.Contracts.Access;
using Ppec.Contracts.Changes;
using Ppec.Domain.Access;

namespace Ppec.Grains.Gate;

/// <summary>Rules for the parts that commands about people and their rights have.</summary>
static class AccessRules
{
    const int Most = 1000;

    public static IRuleBuilderOptions<T, string> ScopeShape<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(s => Scope.Parse(s) is not null).WithMessage("A scope is global, region:ID, rack:ID, pool:ID, owner:ID, tag:KEY=VALUE, or one thing as machine:ID.").OverridePropertyName("scope");

    public static void Patterns<T>(this AbstractValidator<T> shape, Func<T, ImmutableArray<string>> patterns, bool some = true)
    {
        if (some) shape.RuleFor(c => patterns(c).OrEmpty().Length).InclusiveBetween(1, Most).WithMessage("Name the permissions: 1 to 1000.").OverridePropertyName("permissions");
        shape.RuleForEach(c => patterns(c).OrEmpty()).Must(p => p is not null && Permissions.IsPattern(p)).WithMessage((_, p) => $"There is no permission '{p}': it is noun.verb, noun.*, *.verb or *.").OverridePropertyName("permissions");
    }

    public static void Named<T>(this AbstractValidator<T> shape, Func<T, ImmutableArray<string>> names, string field, params string[] kinds)
    {
        shape.RuleFor(c => names(c).OrEmpty().Length).LessThanOrEqualTo(Most).WithMessage("At most 1000.").OverridePropertyName(field);
        shape.RuleForEach(c => names(c).OrEmpty()).Must(n => IsNamed(n, kinds)).WithMessage($"Each is {string.Join(" or ", kinds.Select(k => $"{k}:NAME"))}.").OverridePropertyName(field);
    }

    public static bool IsNamed(string? name, params string[] kinds) => name?.Split(':') is [var kind, { Length: > 0 and <= 63 }] && kinds.Contains(kind);

    public static ImmutableArray<T> OrEmpty<T>(this ImmutableArray<T> some) => some.IsDefault ? [] : some;
}

sealed class CreateUserShape : AbstractValidator<CreateUser>
{
    public CreateUserShape()
    {
        RuleFor(c => c.User).Slug("A user's id").OverridePropertyName("id");
        RuleFor(c => c.Kind).Must(k => k is "person" or "service").WithMessage("A user is a person or a service.");
        RuleFor(c => c.Responsible!).Slug("A person's id").When(c => c.Responsible is not null).OverridePropertyName("responsible");
    }
}

sealed class SetUserShape : AbstractValidator<SetUser>
{
    public SetUserShape()
    {
        RuleFor(c => c.User).Slug("A user's id").OverridePropertyName("id");
        RuleFor(c => c.Responsible!).Slug("A person's id").When(c => c.Responsible is not null).OverridePropertyName("responsible");
        RuleFor(c => c.OidcSubject!).Must(s => s.Length <= 500 && s.IndexOf('#', StringComparison.Ordinal) is > 0 and var at && at < s.Length - 1 && !s.Any(char.IsControl))
            .WithMessage("Who one is at the identity provider is ISSUER#SUB.").When(c => c.OidcSubject is not null).OverridePropertyName("oidcSubject");
    }
}

sealed class SetPasswordShape : AbstractValidator<SetPassword>
{
    public SetPasswordShape() => RuleFor(c => c.User).Slug("A user's id").OverridePropertyName("id");
}

sealed class SetGroupShape : AbstractValidator<SetGroup>
{
    public SetGroupShape()
    {
        RuleFor(c => c.Group).Slug("A group's id").OverridePropertyName("id");
        RuleFor(c => c.Description).Line("A description");
        RuleForEach(c => c.Add).Slug("A user's id").OverridePropertyName("add");
        RuleForEach(c => c.Remove).Slug("A user's id").OverridePropertyName("remove");
        RuleFor(c => c.Add.Length + c.Remove.Length).LessThanOrEqualTo(1000).WithMessage("At most 1000 at a time.").OverridePropertyName("add");
    }
}

sealed class SetRoleShape : AbstractValidator<SetRole>
{
    public SetRoleShape()
    {
        RuleFor(c => c.Role).Slug("A role's id").OverridePropertyName("id");
        RuleFor(c => (string?)c.Description).Line("A description").OverridePropertyName("description");
        this.Patterns(c => c.Permissions);
    }
}

sealed class CreateGrantShape : AbstractValidator<CreateGrant>
{
    public CreateGrantShape()
    {
        RuleFor(c => c.To).Must(n => AccessRules.IsNamed(n, "user", "group", "owner")).WithMessage("A subject is user:NAME, group:NAME or owner:NAME.").OverridePropertyName("subject");
        RuleFor(c => c.Role).Slug("A role's id");
        RuleFor(c => c.Scope).ScopeShape();
    }
}

sealed class SetOwnerShape : AbstractValidator<SetOwner>
{
    public SetOwnerShape()
    {
        RuleFor(c => c.Owner).Slug("An owner's id").OverridePropertyName("id");
        RuleFor(c => c.Description).Line("A description");
        this.Named(c => c.Add, "add", "user", "group");
        this.Named(c => c.Remove, "remove", "user", "group");
        RuleForEach(c => c.Quotas).Must(q => q.Value >= 0 && (q.Key is "machines" || (q.Key.StartsWith("machines:", StringComparison.Ordinal) && q.Key.Length is > 9 and <= 80)))
            .WithMessage((_, q) => $"There is no quota '{q.Key}' of {q.Value}: quotas are machines, or machines:TYPE, from 0 up.").When(c => c.Quotas is not null).OverridePropertyName("quotas");
    }
}

sealed class SetPolicyShape : AbstractValidator<SetPolicy>
{
    const int Week = 7 * 24 * 60;

    public SetPolicyShape()
    {
        RuleFor(c => c.Policy).Slug("A policy's id").OverridePropertyName("id");
        RuleFor(c => (string?)c.Description).Line("A description").OverridePropertyName("description");
        this.Patterns(c => c.Permissions);
        RuleFor(c => c.Scope).ScopeShape();
        RuleFor(c => c.Quorum).InclusiveBetween(1, 10).WithMessage("A quorum is 1 to 10 persons.");
        this.Named(c => c.Approvers, "approvers", "group", "role");
        RuleFor(c => c.MinCount).GreaterThanOrEqualTo(0).WithMessage("A number of things, from 0 up.");
        RuleFor(c => c.MinDisks).GreaterThanOrEqualTo(0).WithMessage("A number of disks, from 0 up.");
        RuleFor(c => c.Window).Must(w => string.IsNullOrEmpty(w) || Policies.Window(w) is not null).WithMessage("A window is days, hours or both, UTC: mon-fri 08:00-18:00.");
        RuleFor(c => c.ApproveWithinMinutes).InclusiveBetween(1, Week).WithMessage("It may wait 1 minute to 7 days for approval.");
        RuleFor(c => c.ExecuteWithinMinutes).InclusiveBetween(1, 2 * Week).WithMessage("It may begin 1 minute to 14 days after approval.");
        When(c => c.SecondStage is not null, () =>
        {
            RuleFor(c => c.SecondStage!.Quorum).InclusiveBetween(1, 10).WithMessage("A quorum is 1 to 10 persons.");
            this.Named(c => c.SecondStage?.Approvers ?? [], "secondStage.approvers", "group", "role");
        });
    }
}

sealed class ApproveShape : AbstractValidator<ApproveChange>
{
    public ApproveShape()
    {
        RuleFor(c => c.Change).Slug("A change's id").OverridePropertyName("id");
        RuleFor(c => c.Hash).Digest().OverridePropertyName("hash");
        RuleFor(c => c.Comment).Line("A comment", 1000).OverridePropertyName("comment");
    }
}

sealed class RejectChangeShape : AbstractValidator<RejectChange>
{
    public RejectChangeShape()
    {
        RuleFor(c => c.Change).Slug("A change's id").OverridePropertyName("id");
        RuleFor(c => c.Why).Reason("Say why: the maker reads it.").OverridePropertyName("reason");
    }
}

sealed class ReviewShape : AbstractValidator<ReviewChange>
{
    public ReviewShape()
    {
        RuleFor(c => c.Change).Slug("A change's id").OverridePropertyName("id");
        RuleFor(c => c.Comment).Reason("Say what you found.").OverridePropertyName("comment");
    }
}

sealed class SlugOnly<T> : AbstractValidator<T>
{
    public SlugOnly(Func<T, string> id, string what) => RuleFor(c => id(c)).Slug(what).OverridePropertyName("id");
}

sealed class IssueShape : AbstractValidator<IssueCredential>
{
    public IssueShape()
    {
        RuleFor(c => c.Principal).Slug("A user's id").OverridePropertyName("user");
        RuleFor(c => (string?)c.Name).NotEmpty().WithMessage("Say what it is for.").Line("A name", 63).OverridePropertyName("name");
        RuleFor(c => c.Kind).Equal("token").WithMessage("Sessions are made by signing in.");
        RuleFor(c => c.ExpiresAt).Must((c, at) => at > c.At && at <= c.At + Credential.LongestLife).WithMessage($"It expires after now, and within {Credential.LongestLife.Days} days.");
        this.Patterns(c => c.Limits?.Permissions ?? [], some: false);
        RuleForEach(c => (c.Limits ?? Limits.None).Regions.OrEmpty()).Slug("A region's id").OverridePropertyName("regions");
        RuleForEach(c => (c.Limits ?? Limits.None).Networks.OrEmpty()).Must(n => IPNetwork.TryParse(n, out _)).WithMessage("A network is a CIDR, such as 10.1.0.0/16.").OverridePropertyName("networks");
        RuleForEach(c => (c.Limits ?? Limits.None).Tags ?? ImmutableSortedDictionary<string, string>.Empty).Must(t => t.Key.Length is > 0 and <= 63 && t.Value is { Length: <= 255 }).WithMessage("A tag has a key and a value.").OverridePropertyName("tags");
    }
}

sealed class RotateShape : AbstractValidator<RotateCredential>
{
    public RotateShape()
    {
        RuleFor(c => c.Credential).Slug("A credential's id").OverridePropertyName("id");
        RuleFor(c => c.OldUntil).Must((c, until) => until <= c.At + Credential.LongestOverlap).WithMessage($"The old secret is honoured for at most {Credential.LongestOverlap.Days} days more.").OverridePropertyName("overlapMinutes");
        RuleFor(c => c.ExpiresAt).Must((c, at) => at is null || (at > c.At && at <= c.At + Credential.LongestLife)).WithMessage($"It expires after now, and within {Credential.LongestLife.Days} days.");
    }
}
