using System.Collections;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ppec.Contracts;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;

namespace Ppec.Api.Tests.Requests;

/// <summary>Every field of every body, made wrong in every way: the answer is never a fault, and a refusal is always a problem document.</summary>
public sealed class FuzzTests(SharedNode shared)
{
    const string Digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    /// <summary>Each route that takes a body, with one that it would accept, every field present.</summary>
    static readonly (string Path, Type Body, string Good)[] Routes =
    [
        ("/api/v1/regions", typeof(RegionBody), """{"id":"fuzzed","description":"d"}"""),
        ("/api/v1/racks", typeof(RackBody), """{"id":"nowhere.r1","units":42,"row":"a","powerFeed":"p","switchPair":"s"}"""),
        ("/api/v1/profiles", typeof(ProfileBody), """
            {"name":"fuzzed","spec":{"cpu":{"sockets":2,"coresPerSocket":8,"model":"m"},"dimms":[{"slot":"A1","sizeMiB":1}],"memoryMiB":1,
            "disks":[{"count":1,"sizeMiB":1,"transport":"nvme","rotational":false,"model":"m"}],"nics":[{"count":1,"minSpeedMbps":1,"driver":"d"}],
            "firmware":[{"component":"bios","version":"1","rule":"exact"}],"tpm":"2.0","bootMode":"uefi","diskTolerancePercent":2}}
            """),
        ("/api/v1/images", typeof(ImageBody), $$"""{"name":"fuzzed","format":"raw","sha256":"{{Digest}}","sizeBytes":1,"diskSha256":"{{Digest}}","diskSizeBytes":1,"bootMode":"any","signature":"AAAA"}"""),
        ("/api/v1/machines", typeof(RackMachineBody), """
            {"serial":"FUZZ1","rack":"nowhere.r1","unit":1,"height":1,"profile":"p","name":"n","macs":["52:54:00:00:00:01"],
            "bmc":{"address":"https://b.example","user":"u","password":"p","protocol":"redfish","pinnedCertificate":"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"}}
            """),
        ("/api/v1/machines/fuzzed/provision", typeof(ProvisionSpec), """{"image":"a@1","hostname":"h","owner":"o","rootDisk":"first","address":"10.0.0.2/24","gateway":"10.0.0.1","dns":["10.0.0.1"],"sshKeys":["ssh-ed25519 AAAA"],"userData":"u"}"""),
        ("/api/v1/machines/fuzzed/hold", typeof(HoldBody), """{"reason":"r","source":"operator","expiresAt":"2099-01-01T00:00:00Z","liftPermission":"machine.hold"}"""),
        ("/api/v1/machines/fuzzed/unhold", typeof(UnholdBody), """{"source":"operator"}"""),
        ("/api/v1/machines/fuzzed/tag", typeof(TagBody), """{"set":{"k":"v"},"remove":["x"]}"""),
        ("/api/v1/operations/fuzzed/cancel", typeof(CancelBody), """{"reason":"r"}"""),
        ("/agent/v1/session", typeof(SessionRequest), """{"token":"ppec.boot.op.id.1.00","nonce":"0123456789abcdef0123456789abcdef","evidence":{"serial":"s","uuid":"u","boardSerial":"b","macs":["52:54:00:00:00:01"]},"agentVersion":"1"}"""),
        ("/agent/v1/tasks/a.b.1/progress", typeof(TaskProgress), """{"percent":1,"message":"m","lines":["l"]}"""),
        ("/agent/v1/beacon", typeof(Beacon), """{"token":"ppec.first-boot.op.id.1.00","machine":"m","hostname":"h","image":"a@1","evidence":{"serial":"s","uuid":"u","boardSerial":"b","macs":["52:54:00:00:00:01"]},"diskSerials":["d"],"memoryMiB":1}"""),
    ];

    public static TheoryData<string> Paths => [.. Routes.Select(r => r.Path)];

    static readonly string[] Values =
    [
        "null", "true", "\"\"", "\"x\"", "0", "-1", "1.5", "1e400", "9223372036854775808", "99999999999999999999999999", "[]", "{}", "[null]", "[[]]", "[\"x\",null]", "{\"a\":null}", "{\"a\":1}", "{\"\":\"x\"}", "{\"a\\u0000\":\"x\"}",
        "\"\\u0000\"", "\"a\\u0000b\"", "\"a\\r\\nb\"", "\"\\u001b[31m\"", "\"\\u0085\"", "\"\\ud83d\\ude00\"", "\"\\u202e\"", "\"../../etc/passwd\"", "\"' OR 1=1 --\"", "\"${jndi:ldap://x}\"", "\"<script>\"", "\"2001-13-45\"",
        $"\"{new string('x', 100_000)}\"", $"[{string.Join(',', Enumerable.Repeat("\"x\"", 5000))}]",
    ];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Nothing_wrong_in_a_field_is_ever_our_fault(string path)
    {
        var (_, _, good) = Routes.First(r => r.Path == path);
        foreach (var at in Leaves(JsonNode.Parse(good)!, []).ToList())
            foreach (var value in Values)
            {
                var body = JsonNode.Parse(good)!;
                await shared.Node.Api.Post(path, Text(body, at, value)); // the client itself checks what comes back
            }
        foreach (var at in Objects(JsonNode.Parse(good)!, []).ToList())
        {
            var body = JsonNode.Parse(good)!;
            Find(body, at).AsObject()["notAField"] = 1;
            if (at.Any(a => a is "set") && path.EndsWith("/tag", StringComparison.Ordinal)) continue; // there, every name is a tag
            Assert.Equal(400, (await shared.Node.Api.Post(path, body.ToJsonString())).Status);
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_required_field_that_is_missing_is_named(string path)
    {
        var (_, _, good) = Routes.First(r => r.Path == path);
        if (!path.StartsWith("/api", StringComparison.Ordinal)) return;
        var schema = Schema.Resolve(Contract.Operation("POST", path)!["requestBody"]!["content"]!["application/json"]!["schema"]!.AsObject());
        foreach (var required in schema["required"]?.AsArray().Select(r => (string)r!) ?? [])
        {
            var body = JsonNode.Parse(good)!.AsObject();
            body.Remove(required);
            Assert.Contains(required, (await shared.Node.Api.Post(path, body.ToJsonString())).Is(400, "malformed").Detail!, StringComparison.Ordinal);
        }
    }

    /// <summary>By reflection, so that a field that is added is tested before anybody thinks of it.</summary>
    [Theory]
    [MemberData(nameof(Paths))]
    public async Task No_text_field_of_a_users_body_takes_control_characters(string path)
    {
        var (_, type, good) = Routes.First(r => r.Path == path);
        var fields = Texts(type, []).ToList();
        foreach (var at in fields) Assert.True(TryFind(JsonNode.Parse(good)!, at), $"The body of {path} in this test lacks {string.Join('.', at)}.");
        if (!path.StartsWith("/api", StringComparison.Ordinal)) return;
        foreach (var at in fields)
            foreach (var wrong in (string[])["\\u0000", "a\\u0000b", "a\\u0007", "a\\u007f", "a\\u0085b", "\\u001b[2J"])
            {
                var refused = (await shared.Node.Api.Post(path, Text(JsonNode.Parse(good)!, at, $"\"{wrong}\""))).Is(400);
                Assert.Contains(refused.Code, (string[])["invalid", "malformed"]);
                Assert.Contains(refused.Fields, f => at.OfType<string>().Any(a => f.Contains(a, StringComparison.Ordinal)));
            }
    }

    /// <summary>The body with the JSON text <paramref name="value"/> where <paramref name="at"/> points; the text need not be JSON that a parser here would keep.</summary>
    static string Text(JsonNode body, object[] at, string value)
    {
        const string Mark = "@@here@@";
        var parent = Find(body, at[..^1]);
        if (at[^1] is int index) parent.AsArray()[index] = Mark;
        else parent.AsObject()[(string)at[^1]] = Mark;
        return body.ToJsonString().Replace($"\"{Mark}\"", value, StringComparison.Ordinal);
    }

    static JsonNode Find(JsonNode node, object[] at) => at.Aggregate(node, (n, a) => a is int i ? n.AsArray()[i]! : n.AsObject()[(string)a]!);

    static bool TryFind(JsonNode? node, object[] at)
    {
        foreach (var a in at) node = a is int i ? (node as JsonArray)?.ElementAtOrDefault(i) : (node as JsonObject)?[(string)a];
        return node is not null;
    }

    static IEnumerable<object[]> Leaves(JsonNode node, object[] at) => node switch
    {
        JsonObject o => (at.Length > 0 ? [at] : Array.Empty<object[]>()).Concat(o.SelectMany(p => Leaves(p.Value!, [.. at, p.Key]))),
        JsonArray a => ((object[][])[at]).Concat(a.SelectMany((v, i) => Leaves(v!, [.. at, i]))),
        _ => [at],
    };

    static IEnumerable<object[]> Objects(JsonNode node, object[] at) => node switch
    {
        JsonObject o => ((object[][])[at]).Concat(o.SelectMany(p => Objects(p.Value!, [.. at, p.Key]))),
        JsonArray a => a.SelectMany((v, i) => Objects(v!, [.. at, i])),
        _ => [],
    };

    static IEnumerable<object[]> Texts(Type type, object[] at)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.GetIndexParameters().Length == 0))
        {
            object[] here = [.. at, JsonNamingPolicy.CamelCase.ConvertName(property.Name)];
            var of = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (of.IsGenericType && of.GetGenericArguments() is [var item]) (of, here) = (item, [.. here, 0]);
            if (of == typeof(string) || of.Name == "SecretText") yield return here;
            else if (of.IsAssignableTo(typeof(IDictionary)) || of.Name.StartsWith("ImmutableDictionary", StringComparison.Ordinal)) yield return [.. here, "k"];
            else if (of.Assembly == typeof(PpecJson).Assembly)
                foreach (var inner in Texts(of, here)) yield return inner;
        }
    }
}
