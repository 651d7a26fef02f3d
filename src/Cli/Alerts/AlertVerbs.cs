using Ppec.Cli.Output;
using Ppec.Contracts.Alerts;
using Ppec.Sdk;

namespace Ppec.Cli.Alerts;

/// <summary><c>ppec alert</c>.</summary>
static class AlertVerbs
{
    public static Verb Build(Shell shell) => new Verb("alert", "Alerts: what wants a person, until somebody or a fact says that it is over.", "ppec alert list --filter state:firing", "ppec alert ack machine-held.sn-7c4k2.operator")
        .Under(List(shell), Show(shell), Ack(shell), Resolve(shell), Silence(shell)).Under(PastVerbs.Of(shell, "alert", "machine-held.sn-7c4k2.operator", call => call.Client.Alerts));

    static Verb List(Shell shell) => new Verb("list", "List alerts.", "ppec alert list --filter 'state:firing severity:critical'", "ppec alert list --filter 'source:drift rack:blr1.r12'")
        .With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Alerts, Table, alert => alert.Id));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one alert, and where it says what to do.", "ppec alert show machine-held.sn-7c4k2.operator");
        var id = verb.Takes("alert", "The alert's id.");
        return verb.With(shell.Options.At).With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await call.Client.Alerts.GetAsync(call.Get(id), new() { At = call.Get(shell.Options.At) }, call.Cancellation), (alert, _) => [Detail(alert)], alert => [alert.Id]));
    }

    static Verb Ack(Shell shell)
    {
        var verb = new Verb("ack", "Say that you look after it.", "ppec alert ack machine-held.sn-7c4k2.operator");
        var id = verb.Takes("alert", "The alert's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call => Show(call, await call.Client.Alerts.AckAsync(call.Get(id), call.Mutation(), call.Cancellation)));
    }

    static Verb Resolve(Shell shell)
    {
        var verb = new Verb("resolve", "Say that it is over; it fires again with the next fact.", "ppec alert resolve operation-failed.01jabcdefghjkmnpqrstvwxyz0 --reason 'the disk was replaced'");
        var id = verb.Takes("alert", "The alert's id.");
        return verb.With(shell.Options.Changing).Does(shell, async call => Show(call, await call.Client.Alerts.ResolveAsync(call.Get(id), call.Mutation(), call.Cancellation)));
    }

    static Verb Silence(Shell shell)
    {
        var verb = new Verb("silence", "Nobody is told of it for a while; without --until they are again.", "ppec alert silence drift.sn-7c4k2.power --until 2026-12-01T08:00Z --reason 'the hall is rewired'", "ppec alert silence drift.sn-7c4k2.power");
        var id = verb.Takes("alert", "The alert's id.");
        var until = SharedOptions.Moment("--until", "Until then: 2026-12-01T08:00Z; within 31 days.");
        return verb.With(until).With(shell.Options.Changing).Does(shell, async call => Show(call, await call.Client.Alerts.SilenceAsync(call.Get(id), call.Get(until), call.Mutation(), call.Cancellation)));
    }

    static int Show(Call call, Answer<AlertView> answer) => call.Show(answer, (alert, wide) => [Table([alert], wide)], alert => [alert.Id]);

    static Sheet Table(IEnumerable<AlertView> alerts, bool wide)
    {
        var sheet = new Sheet(null, wide ? ["ID", "STATE", "SEVERITY", "SINCE", "BY", "PARENT", "SUMMARY"] : ["ID", "STATE", "SEVERITY", "SINCE", "SUMMARY"]);
        foreach (var a in alerts) sheet.Add(wide ? [a.Id, a.State, a.Severity, Words.Time(a.FiredAt), a.By, a.Parent, a.Summary] : [a.Id, a.State, a.Severity, Words.Time(a.FiredAt), a.Summary]);
        return sheet;
    }

    static Sheet Detail(AlertView a)
    {
        var sheet = new Sheet(null, "FIELD", "VALUE");
        foreach (var (name, value) in ((string, string?)[])[("id", a.Id), ("state", a.State), ("severity", a.Severity), ("target", a.Target), ("summary", a.Summary), ("since", Words.Time(a.FiredAt)), ("times", $"{a.Times}"), ("by", a.By),
            ("silenced until", a.SilencedUntil is { } until ? Words.Time(until) : null), ("resolved", a.ResolvedAt is { } at ? Words.Time(at) : null), ("explained by", a.Parent), ("what to do", a.Runbook)])
            if (value is not null) sheet.Add(name, value);
        return sheet;
    }
}
