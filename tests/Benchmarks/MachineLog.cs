using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ppec.Contracts.Events;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Ppec.Stores;
using Ppec.Stores.Codec;
using Ppec.Stores.Sqlite;

namespace Ppec.Benchmarks;

/// <summary>A log of many machines, ten events each, written straight into the store as their grains would have: half are spare, half in production.</summary>
static class MachineLog
{
    public const int EventsEach = 10;
    public const int Types = 20;
    public const int Teams = 50;
    const int Writers = 64;
    public static readonly DateTimeOffset Start = new(2026, 1, 5, 8, 0, 0, TimeSpan.Zero);
    static readonly EventCodec Codec = EventNames.Codec();

    public static string Id(int n) => $"sn{n:000000}x";

    public static string Type(int n) => $"compute-v{(n / 2 % Types) + 1}";

    public static string Team(int n) => $"team-{n / 3 % Teams}";

    public static async Task Write(string data, int machines)
    {
        using var directory = DataDirectory.Lock(data);
        await using var store = SqliteEventStore.Open(directory);
        await Parallel.ForEachAsync(Enumerable.Range(0, machines), new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (n, _) =>
        {
            var (stream, hash, batch, at) = ($"machine-{Id(n)}", EventChain.Genesis, new List<NewEvent>(EventsEach), Start.AddSeconds(n));
            foreach (var e in Life(n))
            {
                var metadata = JsonSerializer.SerializeToUtf8Bytes(new EventMetadata($"{n:x8}{batch.Count:x24}", "admin", "bench", "127.0.0.1", at, ""), EventMetadataJson.Default.EventMetadata);
                var (type, bytes) = Codec.Encode(e with { At = at });
                var id = Guid.NewGuid();
                hash = EventChain.Hash(hash.Span, stream, batch.Count, id, type, bytes, metadata);
                batch.Add(new(id, type, bytes, metadata, hash));
            }
            await store.Append(stream, 0, batch, CancellationToken.None);
        });
    }

    static IEnumerable<MachineEvent> Life(int n)
    {
        var (operation, hardware) = ($"op{n:00000000}a", Hardware(n));
        yield return new MachineRacked(Id(n), $"SN{n:000000}X", new("blr1", $"blr1.r{n / 40}", 1 + (n % 40)), null, "compute", [], $"node {n}");
        yield return new MachineTagged(Tags(("team", Team(n)), ("env", n % 7 == 0 ? "test" : "prod")), []);
        yield return new InspectionStarted(operation);
        yield return new MachineInspected(operation, hardware, new([new("memory", "DIMM", HealthStatus.Passed, "512 MiB"), new("cpu", "all", HealthStatus.Passed, "10 s")]), new(true, Type(n), "It fits.", []));
        yield return new MachinePromoted(Type(n));
        yield return new MachineDescribed(null, $"batch {n / 100}, invoice {n * 7919 % 1_000_003}", null, null);
        yield return new MachineHeld("operator", "fan rattles", null, null);
        if (n % 10 == 0) yield return new MachineTagged(Tags(("ticket", $"OPS-{n}")), []);
        else yield return new MachineUnheld("operator");
        if (n % 2 == 0)
        {
            yield return new MachineTagged(Tags(("lot", $"{n % 9}")), []);
            yield return new MachineTagged(Tags(("lot", $"{n % 11}")), []);
        }
        else
        {
            var image = new ImageRef("debian-12@3", "raw+gzip", new('a', 64), 400_000_000, new('b', 64), 2_000_000_000, "uefi");
            yield return new ProvisioningStarted($"{operation}b", new(Id(n), image, new(hardware.Disks[0].Serial, ""), $"{Team(n)}-db-{n}", Team(n), [new("", $"10.{n >> 16}.{n >> 8 & 255}.{n & 255}/8", null, [])], [], ""), new('c', 64));
            yield return new MachineProvisioned($"{operation}b", new(hardware.Disks[0].Serial, 2_000_000_000, new('b', 64), new('b', 64)), "10.0.0.1");
        }
    }

    static ImmutableSortedDictionary<string, string> Tags(params ReadOnlySpan<(string Key, string Value)> tags)
    {
        var set = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags) set[key] = value;
        return set.ToImmutable();
    }

    /// <summary>Two sockets, eight DIMMs, two disks and two ports: about 3 KB as JSON.</summary>
    static Inventory Hardware(int n) => new(
        new("Dell Inc.", "PowerEdge R650", $"SN{n:000000}X", $"4c4c4544-0043-3410-804b-{n:x12}"), new("Dell Inc.", "0PJ7YJ", $"BRD{n}"), new("Dell Inc.", "2.10.3", "2025-06-01"),
        [.. Enumerable.Range(1, 2).Select(i => new Ppec.Contracts.Hardware.Cpu($"CPU.{i}", "Intel(R) Xeon(R) Gold 6338", 16 << (n % 3), 32 << (n % 3)))],
        [.. Enumerable.Range(1, 8).Select(i => new Dimm($"A{i}", 16_384L << (n % 4), "Hynix", "HMA82GR7CJR8N-XN", string.Create(CultureInfo.InvariantCulture, $"D{n}-{i}"), 3200))],
        [.. Enumerable.Range(1, 2).Select(i => new Disk($"pci-0000:0{i}:00.0-nvme-1", $"nvme{i}n1", "SAMSUNG PM9A3", $"S6{n:000000}{i}", $"eui.{n:x8}{i:x8}", 960_197_124_096, false, "nvme", "GDC5602Q"))],
        [.. Enumerable.Range(1, 2).Select(i => new Nic($"nic-{i}", $"eno{i}", $"52:54:{n >> 16 & 255:x2}:{n >> 8 & 255:x2}:{n & 255:x2}:{i:x2}", "mlx5_core", true, 25_000))],
        [], [new NumaNode(0, 64, 65_536), new NumaNode(1, 64, 65_536)], new(true, "2.0"), 131_072L << (n % 4), "uefi");
}
