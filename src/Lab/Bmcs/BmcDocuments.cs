using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Ppec.Lab.Machines;

namespace Ppec.Lab.Bmcs;

/// <summary>The resources of one BMC as JSON, after DSP0266 and its schemas.</summary>
public static class BmcDocuments
{
    public const int MinPassword = 8;
    public const int MaxPassword = 20;
    public const string Root = "/redfish/v1";
    public const string System = Root + "/Systems/1";
    public const string SystemReset = System + "/Actions/ComputerSystem.Reset";
    public const string Chassis = Root + "/Chassis/1";
    public const string Manager = Root + "/Managers/1";
    public const string ManagerReset = Manager + "/Actions/Manager.Reset";
    public const string SessionService = Root + "/SessionService";
    public const string Sessions = SessionService + "/Sessions";
    public const string AccountService = Root + "/AccountService";
    public const string Accounts = AccountService + "/Accounts";
    public const string Account = Accounts + "/1";
    public const string TaskMonitor = Root + "/TaskService/TaskMonitors/";

    public static JsonObject ServiceRoot(MachineFace face) => new()
    {
        ["@odata.id"] = Root + "/", ["@odata.type"] = "#ServiceRoot.v1_5_0.ServiceRoot", ["Id"] = "RootService", ["Name"] = "Root Service",
        ["RedfishVersion"] = "1.6.0", ["UUID"] = face.Uuid, ["Product"] = "PPEC lab BMC",
        ["Systems"] = Link(Root + "/Systems"), ["Chassis"] = Link(Root + "/Chassis"), ["Managers"] = Link(Root + "/Managers"),
        ["SessionService"] = Link(SessionService), ["AccountService"] = Link(AccountService), ["Links"] = new JsonObject { ["Sessions"] = Link(Sessions) },
    };

    public static JsonObject SystemResource(MachineFace face, string power, BmcPower boot, bool located) => Tagged(new()
    {
        ["@odata.id"] = System, ["@odata.type"] = "#ComputerSystem.v1_13_0.ComputerSystem", ["Id"] = "1", ["Name"] = face.Name, ["SystemType"] = "Physical",
        ["Manufacturer"] = face.Manufacturer, ["Model"] = face.Model, ["SerialNumber"] = face.Serial, ["SKU"] = face.Serial, ["UUID"] = face.Uuid,
        ["PowerState"] = power, ["LocationIndicatorActive"] = located, ["IndicatorLED"] = located ? "Blinking" : "Off",
        ["Status"] = new JsonObject { ["State"] = power == "Off" ? "Disabled" : "Enabled", ["Health"] = "OK" },
        ["ProcessorSummary"] = new JsonObject { ["Count"] = face.Sockets, ["LogicalProcessorCount"] = face.Cpus, ["Model"] = "Lab" },
        ["MemorySummary"] = new JsonObject { ["TotalSystemMemoryGiB"] = face.MemoryMiB / 1024.0 },
        ["Boot"] = new JsonObject
        {
            ["BootSourceOverrideTarget"] = boot.Target, ["BootSourceOverrideEnabled"] = boot.Enabled, ["BootSourceOverrideMode"] = "Legacy",
            ["BootSourceOverrideTarget@Redfish.AllowableValues"] = Array(BmcPower.BootTargets),
            ["BootSourceOverrideEnabled@Redfish.AllowableValues"] = Array(BmcPower.BootEnabled),
        },
        ["Actions"] = new JsonObject
        {
            ["#ComputerSystem.Reset"] = new JsonObject { ["target"] = SystemReset, ["ResetType@Redfish.AllowableValues"] = Array(BmcPower.ResetTypes) },
        },
        ["Links"] = new JsonObject { ["Chassis"] = new JsonArray(Link(Chassis)), ["ManagedBy"] = new JsonArray(Link(Manager)) },
    });

    public static JsonObject ChassisResource(MachineFace face, string power, bool located) => Tagged(new()
    {
        ["@odata.id"] = Chassis, ["@odata.type"] = "#Chassis.v1_10_0.Chassis", ["Id"] = "1", ["Name"] = face.Name, ["ChassisType"] = "RackMount",
        ["Manufacturer"] = face.Manufacturer, ["Model"] = face.Model, ["SerialNumber"] = face.Serial, ["PowerState"] = power,
        ["LocationIndicatorActive"] = located, ["IndicatorLED"] = located ? "Blinking" : "Off",
        ["Status"] = new JsonObject { ["State"] = "Enabled", ["Health"] = "OK" },
        ["Links"] = new JsonObject { ["ComputerSystems"] = new JsonArray(Link(System)), ["ManagedBy"] = new JsonArray(Link(Manager)) },
    });

    public static JsonObject AccountServiceResource() => new()
    {
        ["@odata.id"] = AccountService, ["@odata.type"] = "#AccountService.v1_5_0.AccountService", ["Id"] = "AccountService", ["Name"] = "Account Service",
        ["ServiceEnabled"] = true, ["MinPasswordLength"] = MinPassword, ["MaxPasswordLength"] = MaxPassword, ["Accounts"] = Link(Accounts),
    };

    /// <summary>Its password is written and never shown.</summary>
    public static JsonObject AccountResource(string user) => Tagged(new()
    {
        ["@odata.id"] = Account, ["@odata.type"] = "#ManagerAccount.v1_4_0.ManagerAccount", ["Id"] = "1", ["Name"] = "User Account",
        ["UserName"] = user, ["Password"] = null, ["RoleId"] = "Administrator", ["Enabled"] = true, ["Locked"] = false,
    });

    public static JsonObject ManagerResource(MachineFace face) => new()
    {
        ["@odata.id"] = Manager, ["@odata.type"] = "#Manager.v1_5_0.Manager", ["Id"] = "1", ["Name"] = $"BMC of {face.Name}", ["ManagerType"] = "BMC",
        ["FirmwareVersion"] = "1.0.0", ["UUID"] = face.Uuid, ["PowerState"] = "On",
        ["Status"] = new JsonObject { ["State"] = "Enabled", ["Health"] = "OK" },
        ["Actions"] = new JsonObject
        {
            ["#Manager.Reset"] = new JsonObject { ["target"] = ManagerReset, ["ResetType@Redfish.AllowableValues"] = Array(["GracefulRestart", "ForceRestart"]) },
        },
        ["Links"] = new JsonObject { ["ManagerForServers"] = new JsonArray(Link(System)), ["ManagerForChassis"] = new JsonArray(Link(Chassis)) },
    };

    public static JsonObject SessionServiceResource() => new()
    {
        ["@odata.id"] = SessionService, ["@odata.type"] = "#SessionService.v1_1_6.SessionService", ["Id"] = "SessionService", ["Name"] = "Session Service",
        ["ServiceEnabled"] = true, ["SessionTimeout"] = BmcSessions.TimeoutSeconds, ["Sessions"] = Link(Sessions),
    };

    public static JsonObject SessionResource(BmcSession session) => new()
    {
        ["@odata.id"] = $"{Sessions}/{session.Id}", ["@odata.type"] = "#Session.v1_2_1.Session", ["Id"] = session.Id, ["Name"] = $"Session {session.Id}",
        ["UserName"] = session.User, ["CreatedTime"] = session.Created.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
    };

    public static JsonObject TaskResource(string id, string state) => new()
    {
        ["@odata.id"] = $"{Root}/TaskService/Tasks/{id}", ["@odata.type"] = "#Task.v1_4_3.Task", ["Id"] = id, ["Name"] = $"Task {id}", ["TaskState"] = state,
    };

    public static JsonObject Collection(string path, string type, params IEnumerable<string> members)
    {
        JsonArray links = [.. members.Select(m => (JsonNode)Link(m))];
        return new()
        {
            ["@odata.id"] = path, ["@odata.type"] = $"#{type}.{type}", ["Name"] = type, ["Members@odata.count"] = links.Count, ["Members"] = links,
        };
    }

    /// <summary>The error body of DSP0266, clause 8.6.</summary>
    public static JsonObject Error(string message, string text, string severity = "Critical") => new()
    {
        ["error"] = new JsonObject
        {
            ["code"] = "Base.1.8.GeneralError", ["message"] = text,
            ["@Message.ExtendedInfo"] = new JsonArray(new JsonObject
            {
                ["@odata.type"] = "#Message.v1_1_1.Message", ["MessageId"] = $"Base.1.8.{message}", ["Message"] = text, ["Severity"] = severity, ["Resolution"] = "None.",
            }),
        },
    };

    /// <summary>The tag covers everything in the resource, so that whatever changed in between is noticed.</summary>
    static JsonObject Tagged(JsonObject resource)
    {
        resource["@odata.etag"] = $"\"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(resource.ToJsonString())).AsSpan(0, 8))}\"";
        return resource;
    }

    static JsonObject Link(string path) => new() { ["@odata.id"] = path };

    static JsonArray Array(IEnumerable<string> values) => [.. values.Select(v => (JsonNode)v)];
}
