using System.Collections.Immutable;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Ppec.Contracts.Audit;

namespace Ppec.Projections.Audit;

/// <summary>
/// The heads a node signed, a line each; written only at the end, so that the file may be one that can only be appended to (<c>chattr +a</c>), belonging to someone else.
/// A line that a crash left torn is passed over: the head of it was never told to anybody.
/// </summary>
public sealed partial class HeadFile(string path)
{
    const int WriteOnly = 1, Create = 0x40, Append = 0x400, CloseOnExec = 0x80000, OwnerWritesAllRead = 0x1A4;

    readonly Lock _lock = new();
    ImmutableArray<TreeHead> _heads = Read(path);

    /// <summary>Oldest first.</summary>
    public ImmutableArray<TreeHead> Heads { get { lock (_lock) return _heads; } }

    /// <summary>Durable before it returns.</summary>
    public void Add(TreeHead head)
    {
        lock (_lock)
        {
            // .NET opens files to append without O_APPEND, and a file that can only be appended to refuses that.
            var opened = OpenFile(path, WriteOnly | Create | Append | CloseOnExec, OwnerWritesAllRead);
            if (opened < 0) throw new IOException($"{path} cannot be opened to append to it: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}.");
            using var file = new SafeFileHandle(opened, ownsHandle: true);
            RandomAccess.Write(file, Encoding.UTF8.GetBytes((EndsWhole() ? "" : "\n") + HeadText.Line(head) + "\n"), 0); // where it goes, O_APPEND says
            RandomAccess.FlushToDisk(file);
            _heads = _heads.Add(head);
        }
    }

    /// <summary>The heads of a file, as far as they can be read; none when it is not there.</summary>
    public static ImmutableArray<TreeHead> Read(string path)
    {
        if (!File.Exists(path)) return [];
        var heads = ImmutableArray.CreateBuilder<TreeHead>();
        foreach (var line in File.ReadLines(path))
        {
            try { heads.AddRange(HeadText.Read(line)); }
            catch (FormatException) { } // torn: had it been whole and altered, the next one would not follow the one before it
        }
        return heads.DrainToImmutable();
    }

    bool EndsWhole()
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var (length, last) = (RandomAccess.GetLength(file), new byte[1]);
        return length == 0 || (RandomAccess.Read(file, last, length - 1) == 1 && last[0] == '\n');
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags, int mode);
}
