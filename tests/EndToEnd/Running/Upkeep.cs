namespace Ppec.EndToEnd.Running;

/// <summary>ppec-silo as a command that ends.</summary>
static class Upkeep
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Runs it to its end, which must have this status, without a stack trace; all that it said.</summary>
    public static async Task<string> Silo(int status, params string[] arguments)
    {
        await using var child = Child.Start(Programs.Node, arguments);
        var ended = await child.Exit(Patience);
        Assert.True(ended == status, $"{string.Join(' ', arguments)} ended with {ended}, not {status}:\n{child.Output}\n{child.Errors}");
        Assert.DoesNotContain("   at ", child.Errors, StringComparison.Ordinal);
        return $"{child.Output}\n{child.Errors}";
    }
}
