namespace Ppec.Stores.Conformance;

/// <summary>Waits on a condition; a time-out says which phase never came.</summary>
static class Phase
{
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async Task<T> Within<T>(this Task<T> task, string phase)
    {
        try { return await task.WaitAsync(Limit); }
        catch (TimeoutException e) { throw new TimeoutException($"Never came: {phase}.", e); }
    }

    public static async Task Within(this Task task, string phase)
    {
        try { await task.WaitAsync(Limit); }
        catch (TimeoutException e) { throw new TimeoutException($"Never came: {phase}.", e); }
    }
}

/// <summary>A directory that is gone after the test.</summary>
sealed class Scratch : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("ppec-stores-").FullName;

    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>Another data directory with the log of <see cref="Data"/>, so that each damage starts from the same bytes.</summary>
    public string Copy(string name)
    {
        var to = Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;
        foreach (var file in Directory.GetFiles(Data, "events.*")) File.Copy(file, System.IO.Path.Combine(to, System.IO.Path.GetFileName(file)), overwrite: true);
        return to;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
