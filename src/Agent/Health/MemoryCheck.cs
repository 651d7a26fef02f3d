using System.Diagnostics;
using System.Runtime.InteropServices;
using Ppec.Agent.Linux;
using Ppec.Contracts.Hardware;

namespace Ppec.Agent.Health;

/// <summary>Writes patterns over a part of memory and reads them back: stuck bits, and address lines that alias.</summary>
internal static unsafe class MemoryCheck
{
    const int MiB = 1 << 20;
    const long LeftFree = 96; // for the kernel, the agent and its tools
    static readonly byte[] Patterns = [0x00, 0xFF, 0x55, 0xAA];

    internal static HealthCheck Run(int wantedMiB, long availableMiB, CancellationToken stop)
    {
        var size = (int)Math.Min(wantedMiB, availableMiB - LeftFree);
        if (size <= 0) return new("memory", "memory", HealthStatus.Skipped, $"only {availableMiB} MiB available, {LeftFree} of them are left alone");
        var clock = Stopwatch.StartNew();
        List<(nint Address, bool Locked)> blocks = [];
        try
        {
            var locked = true;
            for (var i = 0; i < size; i++)
            {
                var block = NativeMemory.AlignedAlloc(MiB, 4096);
                var pinned = Libc.MLock(block, MiB) == 0;
                locked &= pinned;
                blocks.Add(((nint)block, pinned));
            }

            var fault = Test(blocks, stop);
            var what = $"{size} of {availableMiB} MiB available, {Patterns.Length + 1} patterns, {(locked ? "locked" : "not locked")}, {clock.Elapsed.TotalSeconds:0.0} s";
            return fault is null ? new("memory", "memory", HealthStatus.Passed, what) : new("memory", "memory", HealthStatus.Failed, $"{fault}; {what}");
        }
        finally
        {
            foreach (var (address, pinned) in blocks)
            {
                if (pinned) _ = Libc.MUnlock((void*)address, MiB);
                NativeMemory.AlignedFree((void*)address);
            }
        }
    }

    static string? Test(List<(nint Address, bool Locked)> blocks, CancellationToken stop)
    {
        foreach (var pattern in Patterns)
        {
            foreach (var (address, _) in blocks) new Span<byte>((void*)address, MiB).Fill(pattern);
            stop.ThrowIfCancellationRequested();
            for (var i = 0; i < blocks.Count; i++)
                if (new Span<byte>((void*)blocks[i].Address, MiB).IndexOfAnyExcept(pattern) is var bad and >= 0) return $"pattern 0x{pattern:x2} read back wrong in block {i} at byte {bad}";
        }

        // Each word holds its own address: two places that are really one cannot both be right.
        foreach (var (address, _) in blocks)
        {
            var words = new Span<nint>((void*)address, MiB / sizeof(nint));
            for (var i = 0; i < words.Length; i++) words[i] = address + (i * sizeof(nint));
        }

        stop.ThrowIfCancellationRequested();
        foreach (var (address, _) in blocks)
        {
            var words = new Span<nint>((void*)address, MiB / sizeof(nint));
            for (var i = 0; i < words.Length; i++)
                if (words[i] != address + (i * sizeof(nint))) return $"the word at 0x{address + (i * sizeof(nint)):x} holds 0x{words[i]:x}";
        }

        return null;
    }
}
