using System.Collections.Immutable;
using Ppec.Cli.Machines;
using Ppec.Cli.Output;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Webhooks;
using Ppec.Sdk;

namespace Ppec.Cli.Webhooks;

/// <summary><c>ppec webhook</c>.</summary>
static class WebhookVerbs
{
    public static Verb Build(Shell shell) => new Verb("webhook", "Webhooks: where facts, alerts, changes and tree heads are sent, signed.",
            "ppec webhook create pager --url https://alerts.example/ppec --kind alertmanager --severity warning", "ppec webhook deliveries pager")
        .Under(List(shell), Show(shell), Create(shell), Set(shell), Delete(shell), Test(shell), Deliveries(shell)).Under(PastVerbs.Of(shell, "webhook", "pager", call => call.Client.Webhooks));

    static Verb List(Shell shell) => new Verb("list", "List webhooks.", "ppec webhook list --filter kind:alertmanager")
        .With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Webhooks, Table, webhook => webhook.Id));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one webhook.", "ppec webhook show pager");
        var id = verb.Takes("webhook", "The webhook's name.");
        return verb.With(shell.Options.Reading).Does(shell, async call => Show(call, await call.Client.Webhooks.GetAsync(call.Get(id), null, call.Cancellation)));
    }

    static Verb Create(Shell shell)
    {
        var verb = new Verb("create", "Send what passes the filter to a URL from now on. Without --secret-file a secret is made, and printed this once.",
            "ppec webhook create audit --url https://siem.example/ppec --types 'machine.*,access.*' --secret-file ./secret", "ppec webhook create pager --url https://alerts.example/ppec --kind alertmanager --severity warning",
            "ppec webhook create witness --url https://elsewhere.example/heads --kind heads");
        var id = verb.Takes("webhook", "Its name, a short slug.");
        var url = verb.Has<string>("--url", "URL", "Where it leads: https.", required: true);
        var kind = verb.Has<string?>("--kind", "KIND", "events (the default), alertmanager, changes or heads.");
        var (stream, types, severity, description, secret) = (Stream(verb), Types(verb), Severity(verb), Description(verb), Secret(verb));
        return verb.With(shell.Options.Recording).With(shell.Options.Reading).Does(shell, async call =>
        {
            var body = new WebhookBody(call.Get(id), call.Get(url)!, Read(call, call.Get(secret)), call.Get(kind) ?? "events", Filter(call.Get(stream), call.Get(types), call.Get(severity)), call.Get(description) ?? "");
            return call.Show(await call.Client.Webhooks.CreateAsync(body, call.Mutation(), call.Cancellation), (made, _) => [Made(made)], made => [made.Id]);
        });
    }

    static Verb Set(Shell shell)
    {
        var verb = new Verb("set", "Change where a webhook leads, what passes, or its secret; it goes on where it was.", "ppec webhook set pager --url https://alerts2.example/ppec", "ppec webhook set audit --secret-file ./new-secret");
        var id = verb.Takes("webhook", "The webhook's name.");
        var url = verb.Has<string?>("--url", "URL", "Where it leads: https.");
        var (stream, types, severity, description, secret) = (Stream(verb), Types(verb), Severity(verb), Description(verb), Secret(verb));
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            Show(call, await call.Client.Webhooks.SetAsync(call.Get(id), new(call.Get(url), Read(call, call.Get(secret)), Filter(call.Get(stream), call.Get(types), call.Get(severity)), call.Get(description)), call.Mutation(), call.Cancellation)));
    }

    static Verb Delete(Shell shell)
    {
        var verb = new Verb("delete", "Delete a webhook: nothing more is sent, and its name is free.", "ppec webhook delete pager");
        var id = verb.Takes("webhook", "The webhook's name.");
        return verb.With(shell.Options.Recording).With(shell.Options.IfMatch).With(shell.Options.Connecting).Does(shell, async call =>
        {
            await call.Client.Webhooks.DeleteAsync(call.Get(id), call.Mutation(), call.Cancellation);
            return ExitCodes.Done;
        });
    }

    static Verb Test(Shell shell)
    {
        var verb = new Verb("test", "Send one test delivery, in its turn; ppec webhook deliveries says how it went.", "ppec webhook test pager");
        var id = verb.Takes("webhook", "The webhook's name.");
        return verb.With(shell.Options.Recording).With(shell.Options.Reading).Does(shell, async call => Show(call, await call.Client.Webhooks.TestAsync(call.Get(id), call.Mutation(), call.Cancellation)));
    }

    static Verb Deliveries(Shell shell)
    {
        var verb = new Verb("deliveries", "List the newest attempts to deliver, newest first.", "ppec webhook deliveries pager");
        var id = verb.Takes("webhook", "The webhook's name.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await call.Client.Webhooks.DeliveriesAsync(call.Get(id), call.Cancellation), (page, _) => [Attempts(page.Items.Each())], page => page.Items.Each().Select(d => d.Id)));
    }

    static System.CommandLine.Option<string?> Stream(Verb verb) => verb.Has<string?>("--stream", "PREFIX", "Only streams whose name begins so: machine-, operation-01J…");
    static System.CommandLine.Option<string?> Types(Verb verb) => verb.Has<string?>("--types", "A,B", "Only these: machine.held.v1, 'machine.*'; of alerts their sources, such as drift.");
    static System.CommandLine.Option<string?> Severity(Verb verb) => verb.Has<string?>("--severity", "SEVERITY", "Of alerts: at least so grave: info, warning or critical.");
    static System.CommandLine.Option<string?> Description(Verb verb) => verb.Has<string?>("--description", "TEXT", "What it is, for people.");
    static System.CommandLine.Option<string?> Secret(Verb verb) => verb.Has<string?>("--secret-file", "FILE", "The file with what deliveries are signed with; - reads it from standard input.");

    static WebhookFilter? Filter(string? stream, string? types, string? severity) => stream is null && types is null && severity is null ? null
        : new(stream, [.. (types ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)], severity);

    static SecretText? Read(Call call, string? file) => file is null ? null : new(RackVerb.Secret(call, file));

    static int Show(Call call, Answer<WebhookView> answer) => call.Show(answer, (webhook, wide) => [Table([webhook], wide)], webhook => [webhook.Id]);

    static Sheet Made(WebhookMade made)
    {
        var sheet = new Sheet(null, "NAME", "URL", "KIND", "SECRET");
        sheet.Add(made.Id, made.Url, made.Kind, made.Secret ?? "as given");
        return sheet;
    }

    static Sheet Table(IEnumerable<WebhookView> webhooks, bool wide)
    {
        var sheet = new Sheet(null, "NAME", "KIND", "URL", "ONLY", "DESCRIPTION");
        foreach (var w in webhooks)
            sheet.Add(w.Id, w.Kind, w.Url, string.Join(' ', new[] { w.Filter.Stream, string.Join(',', w.Filter.Types.Each()), w.Filter.Severity }.Where(part => !string.IsNullOrEmpty(part))), w.Description);
        return sheet;
    }

    static Sheet Attempts(IEnumerable<DeliveryView> deliveries)
    {
        var sheet = new Sheet(null, "ID", "TIME", "TYPE", "STREAM", "TRY", "ANSWER", "NEXT");
        foreach (var d in deliveries) sheet.Add(d.Id, Words.Time(d.At), d.Type, d.Stream, d.Attempt, d.Error ?? $"{d.Status}", d.NextAt is { } next ? Words.Time(next) : "");
        return sheet;
    }
}
