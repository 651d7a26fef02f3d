using System.Text.RegularExpressions;
using FluentValidation;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Webhooks;
using Ppec.Domain.Alerts;
using Ppec.Domain.Webhooks;

namespace Ppec.Grains.Gate;

// The shapes of who is told, and of what; Validation.cs lists them.

sealed class CreateWebhookShape : AbstractValidator<CreateWebhook>
{
    public CreateWebhookShape()
    {
        RuleFor(c => c.Webhook).Slug("A webhook's name").OverridePropertyName("id");
        RuleFor(c => c.Url).Must(v => v.Length <= 1000 && !v.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) && Uri.TryCreate(v, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && !v.Contains('#', StringComparison.Ordinal)
                && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
            .WithMessage("A webhook's URL is an https URL without user and password (plain http only on the loopback of a lab).");
        RuleFor(c => c.Kind).Must(k => k is Webhook.Events or Webhook.Alertmanager).WithMessage($"A webhook's kind is {Webhook.Events} or {Webhook.Alertmanager}.");
        RuleFor(c => c.Secret).Must(s => s is { Value.Length: >= 16 and <= 255 } && !s.Value.Any(char.IsControl)).WithMessage("A webhook's secret is 16 to 255 characters, with no control characters.").OverridePropertyName("secret");
        RuleFor(c => c.Filter.Stream).Line("A stream's name", 255).OverridePropertyName("filter.stream");
        RuleFor(c => c.Filter.Types).Must(t => t.IsDefault || t.Length <= 50).WithMessage("At most 50 types.").OverridePropertyName("filter.types");
        RuleForEach(c => c.Filter.Types.IsDefault ? System.Collections.Immutable.ImmutableArray<string>.Empty : c.Filter.Types).Must(t => Rules.EventTypeShape.IsMatch(t))
            .WithMessage("A type is an event's name such as machine.held.v1, or the beginning of some with a star: machine.*").OverridePropertyName("filter.types");
        RuleFor(c => c.Filter.Severity).Must(s => s is null or Severities.Info or Severities.Warning or Severities.Critical).WithMessage("A severity is info, warning or critical.").OverridePropertyName("filter.severity");
        RuleFor(c => c.Description).Line("A description").OverridePropertyName("description");
    }
}

sealed class WebhookIdOnly<T> : AbstractValidator<T> where T : WebhookCommand
{
    public WebhookIdOnly() => RuleFor(c => c.Webhook).Slug("A webhook's name").OverridePropertyName("id");
}

sealed class AlertIdOnly<T> : AbstractValidator<T> where T : AlertCommand
{
    public AlertIdOnly() => RuleFor(c => c.Alert).AlertId();
}

sealed class ResolveShape : AbstractValidator<ResolveAlert>
{
    public ResolveShape()
    {
        RuleFor(c => c.Alert).AlertId();
        RuleFor(c => c.Fact).Null().WithMessage("What facts resolve, PPEC does.");
    }
}

sealed class SilenceShape : AbstractValidator<SilenceAlert>
{
    public SilenceShape()
    {
        RuleFor(c => c.Alert).AlertId();
        RuleFor(c => c.Until).Must((c, until) => until is null || (until > c.At && until < c.At.AddDays(31))).WithMessage("A silence ends within 31 days, and not in the past.");
    }
}

static partial class Rules
{
    [GeneratedRegex("^[a-z0-9-]{1,40}(\\.[a-z0-9~-]{1,80}){1,4}\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex AlertIdShape { get; }

    [GeneratedRegex("^([a-z0-9-]+\\.)*([a-z0-9-]+|[a-z0-9-]*\\*)\\z", RegexOptions.ExplicitCapture, 1000)]
    internal static partial Regex EventTypeShape { get; }

    public static IRuleBuilderOptions<T, string> AlertId<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => v.Length <= 255 && AlertIdShape.IsMatch(v)).WithMessage("An alert's id is its source and what it is of, such as machine-held.sn-7c4k2.operator.").OverridePropertyName("id");
}
