using System.Diagnostics;

namespace Ppec.Lab.Tests;

/// <summary>Waits for what another process or loop does, and says what never came.</summary>
public static class Eventually
{
    public static async Task True(string what, Func<Task<bool>> condition, int seconds = 20)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started).TotalSeconds > seconds) Assert.Fail($"Within {seconds} s it never came that {what}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public static Task True(string what, Func<bool> condition, int seconds = 20) => True(what, () => Task.FromResult(condition()), seconds);
}
