using System.Diagnostics;
using Ppec.EndToEnd.Running;
using System.Text.RegularExpressions;

namespace Ppec.EndToEnd.Recipes;

/// <summary>A QEMU machine that boots from the network; what its firmware, iPXE and PIOUS say is on its console.</summary>
sealed partial class BootedMachine(Child qemu, string console) : IAsyncDisposable
{
    /// <summary>Without the sequences that move a cursor.</summary>
    public string Console => File.Exists(console) ? Sequences().Replace(File.ReadAllText(console), "").Replace("\r", "", StringComparison.Ordinal) : "";

    public async Task Says(string text, TimeSpan within)
    {
        for (var since = Stopwatch.GetTimestamp(); !Console.Contains(text, StringComparison.Ordinal); await Task.Delay(200))
            Assert.True(Stopwatch.GetElapsedTime(since) < within && !Console.Contains("No bootable device", StringComparison.Ordinal), $"It never said \"{text}\" within {within.TotalSeconds:0} s. It said:\n{Console}\n{qemu.Errors}");
    }

    /// <summary>By itself, as PIOUS does when it has nothing to do.</summary>
    public async Task PowersOff(TimeSpan within) =>
        Assert.True(await qemu.Exit(within) is 0, $"It did not power off within {within.TotalSeconds:0} s. It said:\n{Console}\n{qemu.Errors}");

    public ValueTask DisposeAsync() => qemu.DisposeAsync();

    [GeneratedRegex(@"\x1b\[[0-9;=?]*[A-Za-z]")]
    private static partial Regex Sequences();
}
