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
        RuleFor(c => c.Url).WebhookUrl();
        RuleFor(c => c.Kind).Must(k => k is Webhook.Events or Webhook.Alertmanager or Webhook.Changes or Webhook.Heads).WithMessage($"A webhook's kind is {Webhook.Events}, {Webhook.Alertmanager}, {Webhook.Changes} or {Webhook.Heads}.");
        RuleFor(c => c.Filter).SetValidator(new WebhookFilterShape());
        RuleFor(c => c.Description).Line("A description").OverridePropertyName("description");
    }
}

sealed class SetWebhookShape : AbstractValidator<SetWebhook>
{
    public SetWebhookShape()
    {
        RuleFor(c => c.Webhook).Slug("A webhook's name").OverridePropertyName("id");
        RuleFor(c => c.Url!).WebhookUrl().When(c => c.Url is not null);
        RuleFor(c => c.Filter!).SetValidator(new WebhookFilterShape()).When(c => c.Filter is not null);
        RuleFor(c => c.Description).Line("A description").OverridePropertyName("description");
    }
}

sealed class WebhookFilterShape : AbstractValidator<WebhookFilter>
{
    public WebhookFilterShape()
    {
        RuleFor(f => f.Stream).Line("A stream's name");
        RuleFor(f => f.Types).Must(t => t.OrEmpty().Length <= 50 && t.OrEmpty().All(one => one is { Length: <= 80 } && Rules.EventTypeShape.IsMatch(one)))
            .WithMessage("At most 50 types, each an event's name such as machine.held.v1 (of alerts: a source such as drift), or the beginning of some with a star: machine.*");
        RuleFor(f => f.Severity).Must(s => s is null or Severities.Info or Severities.Warning or Severities.Critical).WithMessage("A severity is info, warning or critical.");
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

    [GeneratedRegex("^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*\\z", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MailShape { get; }

    /// <summary>As HTML's input fields take them; whether anybody reads there, only sending shows.</summary>
    public static bool IsMail(string text) => text.Length <= 254 && MailShape.IsMatch(text);

    [GeneratedRegex("^([a-z0-9-]+\\.)*([a-z0-9-]+|[a-z0-9-]*\\*)\\z", RegexOptions.ExplicitCapture, 1000)]
    internal static partial Regex EventTypeShape { get; }

    public static IRuleBuilderOptions<T, string> WebhookUrl<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => v.Length <= 1000 && !v.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) && Uri.TryCreate(v, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && !v.Contains('#', StringComparison.Ordinal)
                && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
            .WithMessage("A webhook's URL is an https URL without user and password (plain http only on the loopback of a lab).").OverridePropertyName("url");

    public static IRuleBuilderOptions<T, string> AlertId<T>(this IRuleBuilder<T, string> rule) =>
        rule.Must(v => v.Length <= 255 && AlertIdShape.IsMatch(v)).WithMessage("An alert's id is its source and what it is of, such as machine-held.sn-7c4k2.operator.").OverridePropertyName("id");
}
