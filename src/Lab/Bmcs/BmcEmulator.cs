using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Ppec.Lab.Machines;
using Doc = Ppec.Lab.Bmcs.BmcDocuments;

namespace Ppec.Lab.Bmcs;

/// <summary>The Redfish service of one machine (DSP0266): written apart from our own client, and driven by other people's in the tests.</summary>
public sealed class BmcEmulator(IPoweredMachine machine, string user, string password, BmcFaults faults, TimeProvider time, Action<string>? passwordChanged = null)
{
    const int MaxBody = 65536;
    const int FlapMilliseconds = 6000;
    const int AwayMilliseconds = 2000;
    readonly BmcPower power = new(machine, faults);
    readonly ConcurrentDictionary<string, int> monitors = [];
    bool located;
    int lastTask;

    public BmcFaults Faults => faults;

    public BmcSessions Sessions { get; } = new(user, password, time);

    public BmcPower Power => power;

    public IPoweredMachine Machine => machine;

    /// <summary>Requests so far: what a client costs a BMC.</summary>
    public int Requests { get; private set; }

    /// <summary>Those of them that would change something: all but reading, and opening and closing sessions.</summary>
    public int Writes { get; private set; }

    public async Task Serve(HttpContext http)
    {
        Requests++;
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method) && !http.Request.Path.StartsWithSegments(Doc.Sessions)) Writes++;
        if (faults.Dead || (faults.Flaps && IsAway()))
        {
            http.Abort();
            return;
        }

        if (faults.Delay > TimeSpan.Zero) await Task.Delay(faults.Delay, time, http.RequestAborted);
        if (faults.Hang) await Task.Delay(Timeout.InfiniteTimeSpan, time, http.RequestAborted);
        if (faults.InternalErrors) await Refuse(http, 500, "InternalError", "The request failed due to an internal service error.");
        else if (faults.Garbage) await Raw(http, "<html><body>It works!</body></html>\u0007");
        else if (faults.Oversize) await Raw(http, new string('[', 8 << 20));
        else await Answer(http);
    }

    /// <summary>Each at moments of its own: a fleet that flaps does not do it in step.</summary>
    bool IsAway() => (time.GetUtcNow().ToUnixTimeMilliseconds() + (uint)machine.Face.Uuid.GetHashCode(StringComparison.Ordinal)) % FlapMilliseconds < AwayMilliseconds;

    /// <summary>What stands behind (libvirt, a file) may fail; a client is told as a BMC would.</summary>
    async Task Answer(HttpContext http)
    {
        try
        {
            await Route(http);
        }
        catch (Exception e) when (e is InvalidOperationException or IOException && !http.Response.HasStarted)
        {
            await Refuse(http, 500, "InternalError", e.Message);
        }
    }

    Task Route(HttpContext http)
    {
        var path = http.Request.Path.Value!.TrimEnd('/');
        http.Response.Headers["OData-Version"] = "4.0";
        if (path == "/redfish") return Get(http, () => new JsonObject { ["v1"] = Doc.Root + "/" });
        if (path == Doc.Root) return Get(http, () => Doc.ServiceRoot(machine.Face));
        if (path == Doc.Sessions && HttpMethods.IsPost(http.Request.Method)) return SignIn(http);
        if (!Authorized(http))
        {
            http.Response.Headers.WWWAuthenticate = "Basic realm=\"BMC\"";
            return Refuse(http, 401, "NoValidSession", "There is no valid session established with the implementation.");
        }

        return path switch
        {
            Doc.Root + "/Systems" => Get(http, () => Doc.Collection(path, "ComputerSystemCollection", Doc.System)),
            Doc.Root + "/Chassis" => Get(http, () => Doc.Collection(path, "ChassisCollection", Doc.Chassis)),
            Doc.Root + "/Managers" => Get(http, () => Doc.Collection(path, "ManagerCollection", Doc.Manager)),
            Doc.System => System(http),
            Doc.SystemReset => Reset(http, BmcPower.ResetTypes, power.Reset),
            Doc.Chassis => Chassis(http),
            Doc.Manager => Get(http, () => Doc.ManagerResource(machine.Face)),
            Doc.ManagerReset => Reset(http, ["GracefulRestart", "ForceRestart"], _ => Restart()),
            Doc.AccountService => Get(http, Doc.AccountServiceResource),
            Doc.Accounts => Get(http, () => Doc.Collection(path, "ManagerAccountCollection", Doc.Account)),
            Doc.Account => Account(http),
            Doc.SessionService => Get(http, Doc.SessionServiceResource),
            Doc.Sessions => Get(http, () => Doc.Collection(path, "SessionCollection", Sessions.Open.Select(s => $"{Doc.Sessions}/{s.Id}"))),
            _ when path.StartsWith(Doc.Sessions + "/", StringComparison.Ordinal) => Session(http, path[(Doc.Sessions.Length + 1)..]),
            _ when path.StartsWith(Doc.TaskMonitor, StringComparison.Ordinal) => Monitor(http, path[Doc.TaskMonitor.Length..]),
            _ => Missing(http),
        };
    }

    bool Authorized(HttpContext http)
    {
        if (http.Request.Headers["X-Auth-Token"].ToString() is { Length: > 0 } token) return Sessions.Holds(token);
        var header = http.Request.Headers.Authorization.ToString();
        var decoded = new byte[256];
        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) || !Convert.TryFromBase64String(header[6..], decoded, out var length)) return false;
        var pair = Encoding.UTF8.GetString(decoded, 0, length).Split(':', 2);
        return pair.Length == 2 && Sessions.Knows(pair[0], pair[1]);
    }

    async Task SignIn(HttpContext http)
    {
        if (await Body(http) is not { } body) return;
        if (Text(body, "UserName") is not { } name || Text(body, "Password") is not { } secret) await Refuse(http, 400, "PropertyMissing", "UserName and Password are required.");
        else if (!Sessions.Knows(name, secret)) await Refuse(http, 401, "InvalidCredentials", "The user name or password is wrong.");
        else if (Sessions.Begin(faults.MaxSessions) is not { } session) await Refuse(http, 503, "SessionLimitExceeded", "The session establishment failed due to the number of simultaneous sessions exceeding the limit of the implementation.");
        else
        {
            http.Response.Headers["X-Auth-Token"] = session.Token;
            http.Response.Headers.Location = $"{Doc.Sessions}/{session.Id}";
            await Answer(http, 201, Doc.SessionResource(session));
        }
    }

    Task Session(HttpContext http, string id)
    {
        if (Sessions.Open.FirstOrDefault(s => s.Id == id) is not { } session) return Missing(http);
        if (!HttpMethods.IsDelete(http.Request.Method)) return Get(http, () => Doc.SessionResource(session), "GET, DELETE");
        Sessions.End(id);
        http.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    async Task System(HttpContext http)
    {
        var resource = Doc.SystemResource(machine.Face, await power.Read(http.RequestAborted), power, located);
        if (!HttpMethods.IsPatch(http.Request.Method))
        {
            await Get(http, () => resource, "GET, PATCH");
            return;
        }

        if (await Changed(http, resource) || await Body(http) is not { } body) return;
        if (Unknown(body) is { } unknown)
        {
            await Refuse(http, 400, "PropertyUnknown", $"The property {unknown} is not in the list of valid properties for the resource.");
            return;
        }

        var (target, enabled) = (Text(body["Boot"], "BootSourceOverrideTarget"), Text(body["Boot"], "BootSourceOverrideEnabled"));
        if ((target is not null && !BmcPower.BootTargets.Contains(target)) || (enabled is not null && !BmcPower.BootEnabled.Contains(enabled)))
        {
            await Refuse(http, 400, "PropertyValueNotInList", $"The value {target} {enabled} is not in the list of acceptable values.");
            return;
        }

        if (body["Boot"] is not null) power.Override(target, enabled);
        Light(body);
        if (faults.DropAfterActing) http.Abort();
        else await Answer(http, 200, Doc.SystemResource(machine.Face, await power.Read(http.RequestAborted), power, located));
    }

    async Task Chassis(HttpContext http)
    {
        var resource = Doc.ChassisResource(machine.Face, await power.Read(http.RequestAborted), located);
        if (!HttpMethods.IsPatch(http.Request.Method))
        {
            await Get(http, () => resource, "GET, PATCH");
            return;
        }

        if (await Changed(http, resource) || await Body(http) is not { } body) return;
        if (body.Select(p => p.Key).FirstOrDefault(k => k is not ("LocationIndicatorActive" or "IndicatorLED")) is { } unknown)
        {
            await Refuse(http, 400, "PropertyUnknown", $"The property {unknown} is not in the list of valid properties for the resource.");
            return;
        }

        Light(body);
        if (faults.DropAfterActing) http.Abort();
        else await Answer(http, 200, Doc.ChassisResource(machine.Face, await power.Read(http.RequestAborted), located));
    }

    async Task Account(HttpContext http)
    {
        var resource = Doc.AccountResource(user);
        if (!HttpMethods.IsPatch(http.Request.Method))
        {
            await Get(http, () => resource, "GET, PATCH");
            return;
        }

        if (await Changed(http, resource) || await Body(http) is not { } body) return;
        if (body.Count != 1 || Text(body, "Password") is not { } next) await Refuse(http, 400, "PropertyNotWritable", "Only the property Password of this account can be written.");
        else if (next.Length is < Doc.MinPassword or > Doc.MaxPassword) await Refuse(http, 400, "PropertyValueFormatError", $"A password has {Doc.MinPassword} to {Doc.MaxPassword} characters.");
        else
        {
            if (!faults.Liar)
            {
                passwordChanged?.Invoke(next); // kept before it holds: a BMC that lost power knows it still
                Sessions.ChangePassword(next);
            }

            if (faults.DropAfterActing) http.Abort();
            else await Answer(http, 200, resource);
        }
    }

    /// <summary>Refused, when the client saw something else than what is there now.</summary>
    static async Task<bool> Changed(HttpContext http, JsonObject resource)
    {
        var match = http.Request.Headers.IfMatch.ToString();
        if (match.Length == 0 || match == "*" || match == resource["@odata.etag"]!.GetValue<string>()) return false;
        await Refuse(http, 412, "PreconditionFailed", "The ETag supplied did not match the ETag required to change this resource.");
        return true;
    }

    void Light(JsonObject body)
    {
        if (faults.Liar) return;
        if (body["LocationIndicatorActive"] is JsonValue active && active.TryGetValue(out bool on)) located = on;
        if (Text(body, "IndicatorLED") is { } led) located = led != "Off";
    }

    async Task Reset(HttpContext http, string[] types, Func<string, Task> act)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            await NotAllowed(http, "POST");
            return;
        }

        if (await Body(http) is not { } body) return;
        if ((Text(body, "ResetType") ?? types[0]) is var type && !types.Contains(type))
        {
            await Refuse(http, 400, "ActionParameterValueNotInList", $"The value {type} for the parameter ResetType is not in the list of acceptable values.");
            return;
        }

        await act(type); // not under the request's token: a caller who hangs up stops nothing
        if (faults.DropAfterActing) http.Abort();
        else if (faults.Tasks)
        {
            var id = Interlocked.Increment(ref lastTask).ToString();
            monitors[id] = 2;
            http.Response.Headers.Location = Doc.TaskMonitor + id;
            await Answer(http, 202, Doc.TaskResource(id, "New"));
        }
        else http.Response.StatusCode = 204;
    }

    Task Monitor(HttpContext http, string id)
    {
        if (!monitors.TryGetValue(id, out var looksLeft)) return Missing(http);
        if (looksLeft > 0)
        {
            monitors[id] = looksLeft - 1;
            return Answer(http, 202, Doc.TaskResource(id, "Running"));
        }

        monitors.TryRemove(id, out _);
        return Answer(http, 200, Doc.TaskResource(id, faults.FailingTasks ? "Exception" : "Completed"));
    }

    /// <summary>Who was signed in no longer is.</summary>
    Task Restart()
    {
        Sessions.EndAll();
        return Task.CompletedTask;
    }

    static string? Unknown(JsonObject body) =>
        body.Select(p => p.Key).FirstOrDefault(k => k is not ("Boot" or "LocationIndicatorActive" or "IndicatorLED"))
        ?? (body["Boot"] as JsonObject)?.Select(p => p.Key).FirstOrDefault(k => k is not ("BootSourceOverrideTarget" or "BootSourceOverrideEnabled" or "BootSourceOverrideMode"));

    static string? Text(JsonNode? node, string name) => node is JsonObject item && item[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    static async Task<JsonObject?> Body(HttpContext http)
    {
        try
        {
            if ((http.Request.ContentLength ?? 0) <= MaxBody && await JsonNode.ParseAsync(http.Request.Body, cancellationToken: http.RequestAborted) is JsonObject body) return body;
        }
        catch (JsonException)
        {
            // answered below
        }

        await Refuse(http, 400, "MalformedJSON", "The request body submitted was malformed JSON and could not be parsed by the receiving service.");
        return null;
    }

    static Task Get(HttpContext http, Func<JsonObject> resource, string allow = "GET") =>
        HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) ? Answer(http, 200, resource()) : NotAllowed(http, allow);

    static Task NotAllowed(HttpContext http, string allow)
    {
        http.Response.Headers.Allow = allow;
        return Refuse(http, 405, "OperationNotAllowed", "The HTTP method is not allowed on this resource.");
    }

    static Task Missing(HttpContext http) => Refuse(http, 404, "ResourceMissingAtURI", $"The resource at the URI {http.Request.Path} was not found.");

    static Task Refuse(HttpContext http, int status, string message, string text) => Answer(http, status, Doc.Error(message, text));

    static Task Answer(HttpContext http, int status, JsonObject body)
    {
        http.Response.StatusCode = status;
        if (body["@odata.etag"] is { } tag) http.Response.Headers.ETag = tag.GetValue<string>();
        return Raw(http, body.ToJsonString());
    }

    static Task Raw(HttpContext http, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        http.Response.ContentType = "application/json; charset=utf-8";
        http.Response.ContentLength = bytes.Length;
        return http.Response.Body.WriteAsync(bytes, http.RequestAborted).AsTask();
    }
}
