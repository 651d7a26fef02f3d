using System.Globalization;

namespace Ppec.Stores;

/// <summary>
/// A node's data directory, held exclusively for as long as this object lives. The stores ask for it when they are opened,
/// so two nodes cannot write the same files.
/// </summary>
public sealed class DataDirectory : IDisposable
{
    const string LockName = "node.lock";
    const string HolderName = "node.pid";
    readonly FileStream _lock;

    DataDirectory(string path, FileStream held) => (Path, _lock) = (path, held);

    /// <summary>Full path.</summary>
    public string Path { get; }

    /// <summary>Full path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>Makes the directory (mode 0700) when there is none, and takes its lock. The kernel releases the lock when the process dies, however it dies.</summary>
    /// <exception cref="DataDirectoryHeldException">Another node holds it.</exception>
    public static DataDirectory Lock(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (!Directory.Exists(path)) CreatePrivate(path);
        if (IsLockingDisabled())
            throw new InvalidOperationException("File locking is switched off (System.IO.DisableFileLocking): the data directory cannot be protected from a second node. Remove the switch.");
        FileStream held;
        try { held = new(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            throw new DataDirectoryHeldException(path, Holder(path), e);
        }
        // A file of its own, because a locked file cannot be opened to read the holder from it.
        System.IO.File.WriteAllText(System.IO.Path.Combine(path, HolderName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return new(path, held);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    static int? Holder(string path)
    {
        try { return int.TryParse(System.IO.File.ReadAllText(System.IO.Path.Combine(path, HolderName)), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : null; }
        catch (IOException) { return null; }
    }

    static void CreatePrivate(string path)
    {
        if (OperatingSystem.IsWindows()) Directory.CreateDirectory(path);
        else Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    static bool IsLockingDisabled() =>
        (AppContext.TryGetSwitch("System.IO.DisableFileLocking", out var off) && off)
        || Environment.GetEnvironmentVariable("DOTNET_SYSTEM_IO_DISABLEFILELOCKING") is "1" or "true";
}

/// <summary>A second node was started on a data directory that is in use.</summary>
public sealed class DataDirectoryHeldException(string path, int? holder, Exception? inner = null) : Exception(
    $"The data directory {path} is in use by {(holder is { } pid ? $"process {pid}" : "another process")}. Stop that node first, or start this one with another data directory.", inner)
{
    /// <summary>The directory.</summary>
    public string Path { get; } = path;

    /// <summary>The holder's process id, when it is known.</summary>
    public int? Holder { get; } = holder;
}
