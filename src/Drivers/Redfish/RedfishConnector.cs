using System.Net.Http.Headers;
using System.Text;
using Ppec.Drivers.Bmc;

namespace Ppec.Drivers.Redfish;

/// <summary>Opens Redfish sessions: one request (new session), and the service root when this BMC was not met before. What else is needed is read when it is first asked for.</summary>
public sealed class RedfishConnector(RedfishOptions? options = null, TimeProvider? time = null) : IBmcConnector
{
    readonly RedfishOptions options = options ?? RedfishOptions.Default;
    readonly TimeProvider time = time ?? TimeProvider.System;
    readonly RedfishMaps maps = new();

    public async Task<IBmc> Open(BmcTarget target, CancellationToken cancellation)
    {
        var wire = new RedfishWire(target, options);
        try
        {
            return await RedfishGuard.Run(wire, async () =>
            {
                if (maps.Of(target) is { } known && await Begin(wire, known, target, cancellation) is { } again) return again;
                var map = new RedfishMap((await wire.Get("/redfish/v1/", cancellation)).Body);
                maps.Keep(target, map);
                return await Begin(wire, map, target, cancellation) ?? throw wire.Fail(BmcFailure.Garbage, "no sessions where its service root says they are");
            });
        }
        catch
        {
            maps.Forget(target);
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Null = the sessions are not where they are said to be.</summary>
    async Task<IBmc?> Begin(RedfishWire wire, RedfishMap map, BmcTarget target, CancellationToken cancellation)
    {
        var sessions = new RedfishSessions(wire, map.Sessions, target, options);
        if (await sessions.Begin(cancellation)) return new RedfishBmc(wire, map, sessions, target, options, time, () => maps.Forget(target));
        maps.Forget(target);
        return null;
    }
}

/// <summary>The account's sessions on one BMC.</summary>
internal sealed class RedfishSessions(RedfishWire wire, string? collection, BmcTarget target, RedfishOptions options)
{
    string? mine;
    bool alone;

    /// <summary>False = there is nothing at the link.</summary>
    public async Task<bool> Begin(CancellationToken cancellation)
    {
        var basic = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{target.User}:{target.Password}")));
        if (collection is null)
        {
            wire.Basic = basic; // no sessions here: nothing of an older generation to end
            alone = true;
            return true;
        }

        var body = RedfishBody.Session(target.User, target.Password);
        var answer = await wire.Send(HttpMethod.Post, collection, body, null, cancellation);
        if (RedfishWire.SessionsExhausted(answer))
        {
            // The account's own leftovers fill the table. Only they are ended, never another account's.
            wire.Basic = basic;
            await EndOthers(cancellation);
            wire.Basic = null;
            answer = await wire.Send(HttpMethod.Post, collection, body, null, cancellation);
        }

        if (answer.Status is 404 or 405 or 410) return false;
        if (!answer.Ok) throw wire.Refusal(HttpMethod.Post, collection, answer);
        wire.SessionToken = answer.Token ?? throw wire.Fail(BmcFailure.Garbage, "a new session without X-Auth-Token");
        mine = answer.Location ?? answer.Body?.Link("@odata.id");
        return true;
    }

    /// <summary>Before the first action and not before reading: an observer must not end the session of who is at work.</summary>
    public async Task Alone(CancellationToken cancellation)
    {
        if (alone) return;
        await EndOthers(cancellation);
        alone = true;
    }

    public async Task End(CancellationToken cancellation)
    {
        if (mine is not null) await wire.Send(HttpMethod.Delete, mine, null, null, cancellation);
    }

    async Task EndOthers(CancellationToken cancellation)
    {
        foreach (var link in RedfishBmc.Members((await wire.Get(collection!, cancellation)).Body, wire, options.MaxMembers))
        {
            if (Same(link, mine)) continue;
            var other = await wire.Send(HttpMethod.Get, link, null, null, cancellation);
            if (other.Body?.Text("UserName") != target.User) continue; // gone meanwhile, or somebody else's
            var ended = await wire.Send(HttpMethod.Delete, link, null, null, cancellation);
            if (!ended.Ok && ended.Status != 404) throw wire.Refusal(HttpMethod.Delete, link, ended);
        }
    }

    static bool Same(string link, string? other) => other is not null && string.Equals(link.TrimEnd('/'), other.TrimEnd('/'), StringComparison.Ordinal);
}
