using CsCheck;

namespace Ppec.Api.Tests.Fuzz;

/// <summary>What strings are made of: what a field might rightly hold, and what it should never be hurt by.</summary>
public static class Words
{
    static readonly string[] Hostile =
    [
        "", " ", "x", "\0", "a\0b", "a\r\nX-Evil: 1", "\u001b[31m", "\u0085", "\u202e", "\ud83d\ude00", "Ünïcödé", "../../etc/passwd", "..%2f..", "' OR 1=1 --", "${jndi:ldap://x}", "<script>", "%s%n", "{0}", "*", "-", "global", "region:", ":", "a:b:c",
        "2001-13-45", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "-1", "1e9", "NaN", "null", new('x', 300), new('x', 20_000),
    ];

    static readonly Dictionary<string, string[]> Known = new()
    {
        ["id"] = ["fz", "fz2", "fz3", "fz.r1", "fz.r2", "fz4"], ["name"] = ["fz", "fz2", "fz-three"], ["key"] = ["fz", "env", "team"], ["value"] = ["1", "prod", "x"], ["set"] = ["1", "prod"], ["tags"] = ["1"],
        ["serial"] = ["FZ1", "FZ2", "FZ3", "FZ4"], ["rack"] = ["fz.r1", "fz.r2"], ["regions"] = ["fz"], ["profile"] = ["fz-v1"], ["owner"] = ["fz"], ["machines"] = ["fz1", "fz2"], ["substituteMachines"] = ["fz2"],
        ["user"] = ["fz", "fz-service", "u"], ["responsible"] = ["admin", "fz"], ["kind"] = ["person", "service", "events", "alerts"], ["password"] = ["a-long-enough-one", "a-long-enough-two"], ["current"] = ["a-long-enough-one"], ["secret"] = ["a-secret-of-sixteen-or-more-characters"],
        ["permissions"] = ["machine.read", "machine.hold", "rack.*"], ["role"] = ["viewer", "operator", "fz"], ["scope"] = ["region:fz", "rack:fz.r1"], ["subject"] = ["user:fz", "group:fz"], ["approvers"] = ["approver", "user:fz", "group:fz"],
        ["add"] = ["fz", "fz-service", "user:fz"], ["remove"] = ["fz", "env"], ["networks"] = ["10.0.0.0/8", "::/0"], ["macs"] = ["52:54:00:00:00:01", "52:54:00:00:00:02"], ["uuid"] = ["11111111-1111-1111-1111-111111111111"],
        ["address"] = ["https://10.255.255.1", "10.0.0.2/24", "a@example.invalid"], ["gateway"] = ["10.0.0.1"], ["dns"] = ["10.0.0.1"], ["protocol"] = ["redfish"], ["image"] = ["none@1"], ["hostname"] = ["h1"], ["hostnamePattern"] = ["h-{n}"], ["type"] = ["fz-v1"],
        ["sshKeys"] = ["ssh-ed25519 AAAA"], ["rootDisk"] = ["first"], ["format"] = ["raw"], ["sha256"] = [new('0', 64)], ["diskSha256"] = [new('0', 64)], ["bootMode"] = ["any", "uefi"], ["signature"] = ["AAAA"], ["hash"] = [new('0', 64)],
        ["url"] = ["http://127.0.0.1:9/hook"], ["types"] = ["region.*"], ["severity"] = ["critical"], ["filter"] = ["stage:spare", "id:fz1"], ["expression"] = ["stage:spare"], ["source"] = ["operator", "drive"], ["liftPermission"] = ["machine.hold"],
        ["rule"] = ["exact", "atLeast"], ["tpm"] = ["2.0"], ["transport"] = ["nvme"], ["spread"] = ["rack"], ["window"] = ["mon-fri 09:00-17:00"], ["of"] = ["region:fz", "rack:fz.r1", "machine:fz1"], ["requiredOn"] = ["machine"], ["gap"] = ["profile"], ["as"] = ["new"],
    };

    static readonly string[] Days = ["2020-01-01T00:00:00Z", "2030-01-01T00:00:00Z", "2030-01-01T00:00:00+02:00"];

    public static Gen<string> For(string field, string? format)
    {
        var likely = format == "date-time" ? Days : Known.GetValueOrDefault(field, ["some text"]);
        return Gen.Frequency((7, Gen.OneOf(likely)), (1, Gen.OneOf(Hostile)), (1, Gen.String[Gen.Char.AlphaNumeric, 1, 12]));
    }

    /// <summary>Ids as they stand in a path, byte for byte.</summary>
    public static Gen<string> Ids(string[] there) => Gen.Frequency(
        (6, there.Length > 0 ? Gen.OneOf(there) : Gen.Const("fz")),
        (2, Gen.OneOf("none", "none@1", "NONE", "0", "-1", "drift.none.power")),
        (3, Gen.OneOf("..%2f..%2fetc%2fpasswd", "%2e%2e%2fx", "..%5c..", "a%0d%0aX-Evil:%201", "%1b%5b31m", "%c3%9cn%c3%af", "%f0%9f%98%80", "%e2%80%ae", "%ff%fe", "%25", "%2500", "a%20b", "'", "*", "a;b", "a:b", "$%7bjndi:x%7d", new('x', 200), new('x', 4000))));

    static readonly string[] HostileQuery = ["", "%00", "a%0d%0ab", "%ff", "%f0%9f%98%80", "-1", "0", "1e9", "99999999999999999999", "%28%28%28%28", "%22", "%27", "%5c", "*", "a:", ":b", "-", "maybe", new('x', 3000)];

    /// <summary>A position that is not there yet is waited for, which only costs time: none is among these.</summary>
    static readonly Dictionary<string, string[]> Queries = new()
    {
        ["limit"] = ["1", "20", "1000", "1001"], ["filter"] = ["stage:spare", "id:fz1", "-id:fz1", "id:fz*", "id:a,b", "nosuch:1", "time%3e2026-01-01"], ["sort"] = ["id", "-id", "nosuch", "id,id"], ["from"] = ["1", "0", "2026-01-01T00:00:00Z"], ["to"] = ["2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z"],
        ["at"] = ["2026-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "1"], ["after"] = ["1", "x"], ["plan"] = ["true", "false"], ["format"] = ["json", "csv", "yaml", "netbox"], ["noun"] = ["machine", "rack", "region"], ["q"] = ["fz", "FZ1"], ["stream"] = ["region-fz", "machine-fz1"],
        ["user"] = ["admin", "fz"], ["permission"] = ["machine.hold", "machine.read"], ["resource"] = ["machine:fz1", "region:fz", "global"], ["level"] = ["info", "warning"], ["size"] = ["1", "5"], ["machine"] = ["fz1"], ["operation"] = ["none"], ["source"] = ["agent"], ["text"] = ["a"],
    };

    public static Gen<string> Query(string name) => Gen.Frequency((3, Gen.OneOf(Queries.GetValueOrDefault(name, ["x"]))), (2, Gen.OneOf(name == "after" ? ["", "%00", "-1", "%ff"] : HostileQuery)));

    static readonly Dictionary<string, string[]> Headers = new()
    {
        ["If-Match"] = ["*", "\"1\"", "\"0\""], ["Ppec-Plan"] = [new('0', 64)], ["Ppec-Reason"] = ["because"], ["Ppec-Ticket"] = ["OPS-1"], ["Ppec-Break-Glass"] = ["true", "false"], ["Idempotency-Key"] = ["fuzzed"],
    };

    public static Gen<string> Header(string name) => Gen.Frequency(
        (2, Gen.OneOf(Headers.GetValueOrDefault(name, ["x"]))),
        (1, Gen.OneOf("", " ", "%00", "a%0d%0aSet-Cookie:%20x=1", "%", "%zz", "%ff", "\u001b[31m", "\t", "Ünï", "\ud83d\ude00", "W/\"1\"", "\"-1\"", "\"99999999999999999999\"", "a, b", new('x', 1001), new('x', 5000))));
}
