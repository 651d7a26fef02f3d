using System.Text.Json;
using Ppec.Drivers.Bmc;

namespace Ppec.Drivers.Redfish;

/// <summary>
/// One session with one Redfish system (DSP0266). Every path is a link the BMC gave. The session is not renewed when it was ended:
/// that is how a newer generation stops an older one.
/// </summary>
internal sealed class RedfishBmc(RedfishWire wire, RedfishMap map, RedfishSessions sessions, BmcTarget target, RedfishOptions options, TimeProvider time, Action forget) : IBmc
{
    static readonly TimeSpan farewell = TimeSpan.FromSeconds(5);
    static readonly TimeSpan GlanceHolds = TimeSpan.FromSeconds(1);
    readonly SemaphoreSlim oneAtATime = new(1, 1);
    (JsonElement Body, string? ETag)? lastSystem;

    /// <summary>What <see cref="Identify"/> saw and nothing was asked since: as good, for a moment, as looking again.</summary>
    (JsonElement System, long At)? glance;

    public Task<BmcIdentity> Identify(CancellationToken cancellation) => Turn(async () =>
    {
        var (system, _) = await System(cancellation);
        glance = (system, time.GetTimestamp());
        return Identity(system);
    }, cancellation);

    public Task<BmcSight> Look(CancellationToken cancellation) => Turn(async () =>
    {
        var (system, _) = await System(cancellation);
        var memory = system.Number("MemorySummary", "TotalSystemMemoryGiB") is > 0 and < 1 << 20 and var gib ? (long?)Math.Round(gib * 1024) : null;
        var sockets = system.Number("ProcessorSummary", "Count") is > 0 and < 1024 and var count ? (int?)count : null;
        return new BmcSight(Identity(system), Power(system), memory, sockets);
    }, cancellation);

    public Task<PowerState> ReadPower(CancellationToken cancellation) => Turn(async () => Power(Glanced() ?? (await System(cancellation)).Body), cancellation);

    public Task RequestPower(PowerRequest request, CancellationToken cancellation) => Turn(async () =>
    {
        var (system, _) = lastSystem ?? await System(cancellation);
        var (link, allowed) = await Action(system, "#ComputerSystem.Reset", cancellation);
        var type = Choose(allowed, request switch
        {
            PowerRequest.On => ["On", "ForceOn"],
            PowerRequest.GracefulShutdown => ["GracefulShutdown"],
            _ => ["ForceOff"],
        });
        glance = null;
        await sessions.Alone(cancellation);
        var answer = await wire.Send(HttpMethod.Post, link, RedfishBody.Reset(type), null, cancellation);
        if (answer.Status == 202) answer = await Follow(answer, cancellation);
        // Some refuse what is already so. Only a refusal costs the extra look.
        if (!answer.Ok && !(answer.Status is >= 400 and < 500 && Reached(request, Power((await System(cancellation)).Body)))) throw wire.Refusal(HttpMethod.Post, link, answer);
        return true;
    }, cancellation);

    public Task SetBootOnce(BootOverride boot, CancellationToken cancellation) => Turn(async () =>
    {
        var (system, tag) = lastSystem ?? await System(cancellation);
        var allowed = system.Texts("Boot", "BootSourceOverrideTarget@Redfish.AllowableValues");
        var body = boot switch
        {
            BootOverride.Network => RedfishBody.Boot(Choose(allowed, ["Pxe", "UefiHttp"]), "Once"),
            BootOverride.Disk => RedfishBody.Boot(Choose(allowed, ["Hdd"]), "Once"),
            _ => RedfishBody.Boot("None", "Disabled"),
        };
        glance = null;
        await sessions.Alone(cancellation);
        var answer = await wire.Send(HttpMethod.Patch, map.System!, body, tag, cancellation);
        if (answer.Status is 412 or 428) // it changed since we looked
        {
            (_, tag) = await System(cancellation);
            answer = await wire.Send(HttpMethod.Patch, map.System!, body, tag, cancellation);
        }

        lastSystem = null;
        if (answer.Status == 202) answer = await Follow(answer, cancellation);
        return answer.Ok ? true : throw wire.Refusal(HttpMethod.Patch, map.System!, answer);
    }, cancellation);

    public Task<BootOverride> ReadBootOnce(CancellationToken cancellation) => Turn(async () =>
    {
        var boot = (await System(cancellation)).Body.Child("Boot") ?? throw wire.Fail(BmcFailure.Garbage, "a system without Boot");
        return (boot.Text("BootSourceOverrideEnabled"), boot.Text("BootSourceOverrideTarget")) switch
        {
            ("Disabled", _) => BootOverride.None,
            (_, "Pxe" or "UefiHttp") => BootOverride.Network,
            (_, "Hdd") => BootOverride.Disk,
            _ => BootOverride.None,
        };
    }, cancellation);

    public Task SetPassword(string password, CancellationToken cancellation) => Turn(async () =>
    {
        wire.Hide(password); // a BMC may echo what it refuses
        var service = map.AccountService ?? throw wire.Fail(BmcFailure.Refused, "no account service: its password cannot be changed through Redfish");
        var accounts = (await wire.Get(service, cancellation)).Body.Link("Accounts") ?? throw wire.Fail(BmcFailure.Garbage, "an account service without Accounts");
        foreach (var link in Members((await wire.Get(accounts, cancellation)).Body, wire, options.MaxMembers))
        {
            // Some BMCs have a slot for every account there could be, and refuse to show the empty ones.
            var account = await wire.Send(HttpMethod.Get, link, null, null, cancellation);
            if (account.Body?.Text("UserName") != target.User) continue;
            await sessions.Alone(cancellation);
            await wire.Ask(HttpMethod.Patch, link, RedfishBody.Password(password), account.ETag ?? account.Body?.Text("@odata.etag"), cancellation);
            return true;
        }

        throw wire.Fail(BmcFailure.Refused, $"no account {target.User}");
    }, cancellation);

    public Task SetIndicator(bool on, CancellationToken cancellation) => Turn(async () =>
    {
        var (link, body, tag) = await Lamp(cancellation);
        await sessions.Alone(cancellation);
        await wire.Ask(HttpMethod.Patch, link, RedfishBody.Light(on, body.Child("LocationIndicatorActive") is not null), tag, cancellation);
        lastSystem = null;
        return true;
    }, cancellation);

    public Task<bool> ReadIndicator(CancellationToken cancellation) => Turn(async () =>
    {
        var (_, body, _) = await Lamp(cancellation);
        return body.Child("LocationIndicatorActive") is { } active ? active.ValueKind == JsonValueKind.True : body.Text("IndicatorLED") is "Blinking" or "Lit";
    }, cancellation);

    public Task ResetController(CancellationToken cancellation) => Turn(async () =>
    {
        var (system, _) = lastSystem ?? await System(cancellation);
        var manager = system.Child("Links", "ManagedBy") is { ValueKind: JsonValueKind.Array } by && by.GetArrayLength() > 0 ? by[0].Link() : null;
        manager ??= Members((await wire.Get(map.Managers ?? throw wire.Fail(BmcFailure.Garbage, "no link to a manager"), cancellation)).Body, wire, options.MaxMembers).FirstOrDefault();
        var (body, _) = await wire.Get(manager ?? throw wire.Fail(BmcFailure.Garbage, "no manager"), cancellation);
        var (link, allowed) = await Action(body, "#Manager.Reset", cancellation);
        await sessions.Alone(cancellation);
        await wire.Ask(HttpMethod.Post, link, RedfishBody.Reset(Choose(allowed, ["GracefulRestart", "ForceRestart"])), null, cancellation);
        return true;
    }, cancellation);

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(farewell, time);
        try
        {
            await sessions.End(limit.Token);
        }
        catch (Exception e) when (e is BmcException or OperationCanceledException)
        {
            // A session that cannot be ended expires by itself, or is ended by the next one's first action.
        }

        wire.Dispose();
        oneAtATime.Dispose();
    }

    /// <summary>The links of a collection's members.</summary>
    internal static List<string> Members(JsonElement collection, RedfishWire wire, int limit)
    {
        if (collection.Child("Members") is not { ValueKind: JsonValueKind.Array } members) throw wire.Fail(BmcFailure.Garbage, "a collection without Members");
        if (members.GetArrayLength() > limit) throw wire.Fail(BmcFailure.Garbage, $"a collection of {members.GetArrayLength()} members");
        return [.. members.EnumerateArray().Select(m => m.Link() ?? throw wire.Fail(BmcFailure.Garbage, "a member without a link"))];
    }

    static bool Reached(PowerRequest request, PowerState state) => request == PowerRequest.On
        ? state is PowerState.On or PowerState.PoweringOn
        : state is PowerState.Off or PowerState.PoweringOff;

    static BmcIdentity Identity(JsonElement system) => new(
        system.Text("SerialNumber"), Guid.TryParse(system.Text("UUID"), out var uuid) ? uuid.ToString("D") : "", system.Text("Manufacturer"), system.Text("Model"));

    PowerState Power(JsonElement system) => system.Text("PowerState") switch
    {
        "On" => PowerState.On,
        "Off" => PowerState.Off,
        "PoweringOn" => PowerState.PoweringOn,
        "PoweringOff" => PowerState.PoweringOff,
        var other => throw wire.Fail(BmcFailure.Garbage, $"power state \"{other}\""),
    };

    JsonElement? Glanced()
    {
        var seen = glance is { } g && time.GetElapsedTime(g.At) < GlanceHolds ? g.System : (JsonElement?)null;
        glance = null;
        return seen;
    }

    async Task<(JsonElement Body, string? ETag)> System(CancellationToken cancellation)
    {
        glance = null;
        map.System ??= await FindSystem(cancellation);
        var read = await wire.Get(map.System, cancellation);
        lastSystem = read;
        return read;
    }

    /// <summary>The chassis has the light, or on older BMCs the system; the newer property is the one that counts.</summary>
    async Task<(string Link, JsonElement Body, string? ETag)> Lamp(CancellationToken cancellation)
    {
        var (system, systemTag) = await System(cancellation);
        var chassis = system.Child("Links", "Chassis") is { ValueKind: JsonValueKind.Array } of && of.GetArrayLength() > 0 ? of[0].Link() : null;
        if (chassis is not null && await wire.Get(chassis, cancellation) is var (body, tag) && Shines(body)) return (chassis, body, tag);
        return Shines(system) ? (map.System!, system, systemTag) : throw wire.Fail(BmcFailure.Refused, "neither its chassis nor its system has a light");

        static bool Shines(JsonElement resource) => resource.Child("LocationIndicatorActive") is not null || resource.Child("IndicatorLED") is { ValueKind: JsonValueKind.String };
    }

    async Task<string> FindSystem(CancellationToken cancellation)
    {
        var named = new Uri(target.Address).AbsolutePath.TrimEnd('/');
        if (named.Length > 0) return named;
        var collection = map.Systems ?? throw wire.Fail(BmcFailure.Garbage, "a service root without Systems");
        var members = Members((await wire.Get(collection, cancellation)).Body, wire, options.MaxMembers);
        return members.Count == 1 ? members[0] : throw wire.Fail(BmcFailure.Refused, $"{members.Count} systems here; the address must name one by its path");
    }

    /// <summary>Where an action is posted, and what it takes; null = the BMC does not say.</summary>
    async Task<(string Link, List<string>? Allowed)> Action(JsonElement resource, string name, CancellationToken cancellation)
    {
        if (resource.Child("Actions", name) is not { } action || action.Link("target") is not { } link) throw wire.Fail(BmcFailure.Refused, $"no action {name}");
        var allowed = action.Texts("ResetType@Redfish.AllowableValues");
        if (allowed is null && action.Link("@Redfish.ActionInfo") is { } info
            && (await wire.Get(info, cancellation)).Body.Child("Parameters") is { ValueKind: JsonValueKind.Array } parameters)
        {
            allowed = parameters.EnumerateArray().FirstOrDefault(p => p.Text("Name") == "ResetType").Texts("AllowableValues");
        }

        return (link, allowed);
    }

    string Choose(List<string>? allowed, ReadOnlySpan<string> wanted)
    {
        if (allowed is null) return wanted[0];
        foreach (var value in wanted)
        {
            if (allowed.Contains(value, StringComparer.Ordinal)) return value;
        }

        throw wire.Fail(BmcFailure.Refused, $"it does not offer {string.Join(" or ", wanted!)}");
    }

    /// <summary>A 202 is followed to learn of a failure; one that outlasts the limit was at least accepted.</summary>
    async Task<RedfishAnswer> Follow(RedfishAnswer accepted, CancellationToken cancellation)
    {
        var monitor = accepted.Location ?? accepted.Body?.Link("@odata.id");
        var started = time.GetTimestamp();
        var answer = accepted;
        while (monitor is not null && time.GetElapsedTime(started) < options.TaskTimeout)
        {
            var pause = answer.RetryAfter is { } asked && asked < options.TaskTimeout ? asked : options.TaskPoll;
            await Task.Delay(pause, time, cancellation);
            answer = await wire.Send(HttpMethod.Get, monitor, null, null, cancellation);
            if (answer.Status == 404) return accepted; // monitors may be forgotten once done
            if (!answer.Ok) return answer;
            switch (answer.Body?.Text("TaskState") ?? "")
            {
                case "Exception" or "Killed" or "Cancelled" or "Interrupted":
                    throw wire.Fail(BmcFailure.Refused, $"the task ended as {answer.Body!.Value.Text("TaskState")}");
                case "Completed":
                    return answer;
                case "" when answer.Status != 202:
                    return answer;
            }
        }

        return accepted;
    }

    async Task<T> Turn<T>(Func<Task<T>> work, CancellationToken cancellation)
    {
        await oneAtATime.WaitAsync(cancellation);
        try
        {
            return await RedfishGuard.Run(wire, work);
        }
        catch (BmcException e) when (e.Failure is BmcFailure.Refused or BmcFailure.Garbage)
        {
            forget(); // what was remembered of it may be what is wrong
            throw;
        }
        finally
        {
            oneAtATime.Release();
        }
    }
}
