namespace Ppec.Agent.Linux;

/// <summary>The machine itself: its clock and its power.</summary>
internal static unsafe class Host
{
    const int PowerOffCommand = 0x4321FEDC;

    /// <summary>Sets the clock when it is off by more than two seconds; says so when it may not.</summary>
    internal static void SetClock(DateTimeOffset time)
    {
        if ((DateTimeOffset.UtcNow - time).Duration() < TimeSpan.FromSeconds(2)) return;
        var spec = new Libc.TimeSpec { Seconds = time.ToUnixTimeSeconds(), Nanoseconds = time.Millisecond * 1_000_000L };
        if (Libc.SetClock(0, &spec) != 0) Console.WriteLine("ppec-agent: " + Libc.Failure("setting the clock").Message);
    }

    /// <summary>Flushes every disk and cuts the power. Returns only when the kernel refused.</summary>
    internal static void PowerOff()
    {
        Libc.Sync();
        if (Libc.Reboot(PowerOffCommand) != 0) Console.WriteLine("ppec-agent: " + Libc.Failure("power off").Message);
    }
}
