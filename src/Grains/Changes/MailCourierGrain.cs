using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Events;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Changes;
using Ppec.Drivers.Notices;
using Ppec.Grains.Access;
using Ppec.Grains.Feeds;

namespace Ppec.Grains.Changes;

/// <summary>
/// Follows the log and tells by mail of changes. A server that is away is tried again; what it refuses for good is not, and what nobody could hear in time, nobody hears.
/// After a crash a mail may come twice, with the same Message-Id.
/// </summary>
[Reentrant]
public sealed class MailCourierGrain(IEventStore store, ChangeNotices notices, AccessBook book, ISecretStore secrets, TimeProvider time, ILogger<MailCourierGrain> logger, MailNotifier? mail = null) : Grain, IMailCourierGrain
{
    static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1), Longest = TimeSpan.FromMinutes(5), Late = TimeSpan.FromHours(24);

    CancellationTokenSource? _end;
    Task _round = Task.CompletedTask;

    public Task Wake()
    {
        if (mail is null || !_round.IsCompleted) return Task.CompletedTask;
        _end?.Dispose();
        _end = new();
        _round = Round(mail, _end.Token);
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_end is { } end) await end.CancelAsync();
        await _round;
    }

    async Task Round(MailNotifier by, CancellationToken cancellation)
    {
        try
        {
            // What was before there was a mail server is no news.
            await new Following("mail", store, GrainFactory, time).Run(await store.End(cancellation), e => Deal(by, e, cancellation), cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested) { /* another activation goes on */ }
        catch (Exception e)
        {
            logger.MailFailed(e);
        }
    }

    async Task<bool> Deal(MailNotifier by, RecordedEvent e, CancellationToken cancellation)
    {
        if (await notices.Of(e) is not var (notice, maker)) return false;
        var at = Log.Metadata(e).Time;
        foreach (var user in Notices.Readers(notice, maker)) await Tell(by, user, notice, $"{e.Position}.{user}", at, cancellation);
        return true;
    }

    async Task Tell(MailNotifier by, string user, ChangeNotice notice, string id, DateTimeOffset at, CancellationToken cancellation)
    {
        if ((await book.Now()).Directory.Users.GetValueOrDefault(user) is not { Disabled: false, MailVersion: > 0 and var version }) return;
        if (await secrets.Get(ChangeNotices.Address(user, version), cancellation) is not { } address) return;
        for (var pause = Shortest; time.GetUtcNow() - at < Late; pause = pause * 2 < Longest ? pause * 2 : Longest)
        {
            var sent = await by.Send(new(id, address, Notices.Subject(notice), Notices.Text(notice)), cancellation);
            if (sent.Taken) return;
            logger.MailRefused(notice.Change, user, sent.Error!);
            if (sent.Status >= 500) return; // for good
            await Task.Delay(pause, time, cancellation);
        }
    }
}
