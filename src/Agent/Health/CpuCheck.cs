using System.Diagnostics;
using System.Security.Cryptography;
using Ppec.Agent.Linux;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Health;

/// <summary>
/// Every core works for the stated time, each pinned, and each result is checked: SHA-256 against a known answer, an integer matrix product
/// by Freivalds' identity, and the same product in floating point, exact because all its numbers are small.
/// </summary>
internal static unsafe class CpuCheck
{
    const int Side = 48;
    const string DigestOfAMebibyteOfZeroes = "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58";

    internal static IEnumerable<HealthCheck> Run(TimeSpan time, CancellationToken stop)
    {
        var cores = Environment.ProcessorCount;
        var rounds = new long[cores];
        var faults = new string?[cores];
        var threads = Enumerable.Range(0, cores).Select(core => new Thread(() => (rounds[core], faults[core]) = Work(core, time, stop)) { IsBackground = true, Priority = ThreadPriority.BelowNormal }).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        stop.ThrowIfCancellationRequested();
        var bad = Enumerable.Range(0, cores).Where(i => faults[i] is not null).Select(i => new HealthCheck("cpu", $"cpu{i}", HealthStatus.Failed, faults[i]!)).ToList();
        return bad.Count > 0 ? bad : [new("cpu", $"cpu0-{cores - 1}", HealthStatus.Passed, $"{cores} cores, {time.TotalSeconds:0} s each, {rounds.Sum()} rounds verified, slowest core {rounds.Min()}")];
    }

    static (long Rounds, string? Fault) Work(int core, TimeSpan time, CancellationToken stop)
    {
        var mask = stackalloc byte[128];
        new Span<byte>(mask, 128).Clear();
        mask[core / 8] = (byte)(1 << (core % 8));
        _ = Libc.SetAffinity(0, 128, mask); // where it is refused (a core gone offline) the work is still checked, just elsewhere
        var zeroes = new byte[1 << 20];
        var clock = Stopwatch.StartNew();
        long rounds = 0;
        do
        {
            if (Convert.ToHexStringLower(SHA256.HashData(zeroes)) != DigestOfAMebibyteOfZeroes) return (rounds, $"SHA-256 went wrong in round {rounds}");
            if (!Matrix(rounds)) return (rounds, $"a matrix product went wrong in round {rounds}");
            rounds++;
        }
        while (clock.Elapsed < time && !stop.IsCancellationRequested);
        return (rounds, null);
    }

    static bool Matrix(long seed)
    {
        Span<long> a = stackalloc long[Side * Side], b = stackalloc long[Side * Side], v = stackalloc long[Side];
        var random = (ulong)seed + 1;
        foreach (ref var x in a) x = Next(ref random);
        foreach (ref var x in b) x = Next(ref random);
        foreach (ref var x in v) x = Next(ref random);
        for (var i = 0; i < Side; i++)
        {
            long product = 0, expected = 0;
            double real = 0;
            for (var j = 0; j < Side; j++)
            {
                long cell = 0, bv = 0;
                double cellReal = 0;
                for (var k = 0; k < Side; k++)
                {
                    cell += a[(i * Side) + k] * b[(k * Side) + j];
                    cellReal += (double)a[(i * Side) + k] * b[(k * Side) + j];
                    bv += b[(j * Side) + k] * v[k];
                }

                product += cell * v[j];
                real += cellReal * v[j];
                expected += a[(i * Side) + j] * bv;
            }

            if (product != expected || real != expected) return false;
        }

        return true;
    }

    static long Next(ref ulong state)
    {
        state = (state * 6364136223846793005) + 1442695040888963407;
        return (long)(state >> 54) - 512; // ten bits: sums of triple products stay far below 2^53
    }
}
