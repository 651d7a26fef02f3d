namespace Ppec.Cli.Tests;

/// <summary>Answers as the API gives them.</summary>
static class Canned
{
    public const string Op = "01JZ0000000000000000000001";

    public static string Machine(string id = "sn-1", string stage = "spare", string extra = "") => $$"""
        {"id":"{{id}}","serial":"SN-1","stage":"{{stage}}","type":"compute-v3","region":"blr1","rack":"blr1.r12","unit":10,"height":2,"held":false,"enlisted":false,"integrityVerified":true,
         "holds":[],"tags":{"team":"payments"},"bmc":{"protocol":"redfish","address":"https://127.0.0.1:8000","user":"admin"},{{extra}}
         "waivers":[],"repairs":[],"wipes":[],"failures":0,"version":7,"newerField":{"kept":true} }
        """;

    public const string Inspected = """
        "inventory":{"system":{"manufacturer":"QEMU","product":"PC","serial":"SN-1","uuid":"u"},"board":{"manufacturer":"","product":"","serial":""},"bios":{"vendor":"SeaBIOS","version":"1.16","date":""},
          "cpus":[{"socket":"CPU0","model":"Xeon","cores":4,"threads":8},{"socket":"CPU1","model":"Xeon","cores":4,"threads":8}],"dimms":[{"slot":"A1","sizeMiB":1024,"manufacturer":"Q","partNumber":"","serial":"","speedMtps":0}],
          "disks":[{"slot":"pci-0","name":"vda","model":"","serial":"D1","wwn":"","sizeBytes":10737418240,"rotational":false,"transport":"virtio","firmware":""}],
          "nics":[{"slot":"pci-1","name":"eth0","mac":"52:54:00:00:00:01","driver":"virtio_net","link":true,"speedMbps":1000}],"pci":[],"numa":[],"tpm":{"present":false,"version":""},"memoryMiB":1024,"bootMode":"bios"},
        "health":{"checks":[{"check":"memory","part":"A1","status":"passed","detail":"64 MiB"},{"check":"smart","part":"D1","status":"failed","detail":"reallocated sectors"}]},
        "evaluation":{"passed":false,"summary":"1 gap","gaps":[{"key":"dimm:A2","component":"dimm","slot":"A2","expected":"1 GiB","found":"nothing","fails":true,"waived":false}]},
        """;

    public static string Page(params string[] items) => $$"""{"items":[{{string.Join(',', items)}}],"total":{{items.Length}},"totalIsMore":false}""";

    public static string Operation(string state = "running", string step = "boot", string kind = "inspect", string? error = null, int version = 1) => $$"""
        {"id":"{{Op}}","kind":"{{kind}}","machine":"sn-1","state":"{{state}}","step":"{{step}}","percent":{{(state == "succeeded" ? 100 : 40)}},
         "steps":[{"name":"boot","state":"{{(step == "boot" ? "running" : "done")}}","attempt":1,"startedAt":"2026-01-31T12:00:00Z","onCancel":"lands in racked","pointOfNoReturn":false},
                  {"name":"inventory","state":"{{(step == "boot" ? "pending" : state == "succeeded" ? "done" : "running")}}","attempt":{{(step == "boot" ? 0 : 1)}},"onCancel":"lands in racked","pointOfNoReturn":false}],
         "startedAt":"2026-01-31T12:00:00Z",{{(error is null ? "" : $"\"error\":\"{error}\",")}}"actor":"ada","version":{{version}}}
        """;

    public const string Plan = """{"command":"machine.release","machines":["sn-1"],"effects":[{"kind":"disk-wipe","target":"D1","detail":"all of it"}],"inputs":[{"name":"disk","value":"D1"}],"hash":"abc123"}""";
    public const string Log = """{"lines":[{"number":1,"time":"2026-01-31T12:00:01Z","source":"agent","text":"hello"}],"progress":{"percent":42,"message":"reading disks","at":"2026-01-31T12:00:01Z"}}""";

    public static string Event(int position, string type = "machine.racked.v1") =>
        $$"""{"position":"{{position}}","stream":"machine-sn-1","version":{{position}},"type":"{{type}}","time":"2026-01-31T12:00:00Z","actor":"ada","data":{"serial":"SN-1"},"hash":"00"}""";

    /// <summary>A server where the inspection of sn-1 goes from boot over inventory to <paramref name="end"/>.</summary>
    public static StubServer WithWork(this StubServer server, string end = "succeeded", string verb = "inspect", string? error = null) => server
        .On($"POST /api/v1/machines/sn-1/{verb}", Operation(kind: verb), 202, ("Ppec-Position", "41"))
        .InTurn($"GET /api/v1/operations/{Op}", StubServer.Json(Operation(kind: verb)), StubServer.Json(Operation(step: "inventory", kind: verb, version: 2)), StubServer.Json(Operation(end, "inventory", verb, error, 3)))
        .On($"GET /api/v1/operations/{Op}/log", Log);
}
