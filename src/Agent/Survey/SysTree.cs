using System.Globalization;

namespace Ppec.Agent.Survey;

/// <summary>
/// A root under which <c>sys</c> and <c>proc</c> are found, so that a test can lay out a machine in a folder.
/// What cannot be read is empty: sysfs attributes fail for good reasons (no link, no such page).
/// </summary>
public sealed class SysTree(string root)
{
    /// <summary>The machine itself.</summary>
    public static SysTree Live { get; } = new("/");

    /// <summary>The path inside this tree.</summary>
    public string Path(string relative) => System.IO.Path.Combine(root, relative);

    /// <summary>A file's text, trimmed of white space and zero bytes, or empty.</summary>
    public string Text(string relative)
    {
        try { return File.ReadAllText(Path(relative)).Trim(' ', '\t', '\n', '\r', '\0'); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return ""; }
    }

    /// <summary>A file's bytes, or none.</summary>
    public byte[] Bytes(string relative)
    {
        try { return File.ReadAllBytes(Path(relative)); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return []; }
    }

    /// <summary>A whole number, or 0.</summary>
    public long Number(string relative) => long.TryParse(Text(relative), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : 0;

    /// <summary>Whether a file or folder is there.</summary>
    public bool Has(string relative) => File.Exists(Path(relative)) || Directory.Exists(Path(relative));

    /// <summary>Names in a folder, sorted ordinally; none when it is absent.</summary>
    public IReadOnlyList<string> Names(string relative)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(Path(relative)).Select(p => System.IO.Path.GetFileName(p)!).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { return []; }
    }

    /// <summary>Where a symbolic link finally leads, as a path from the root without a leading slash; the path itself when it is no link, empty when absent.</summary>
    public string Resolve(string relative)
    {
        var full = System.IO.Path.GetFullPath(Path(relative));
        if (!Directory.Exists(full) && !File.Exists(full)) return "";
        // Any part may be a link, as in block/sda/device: resolve them one by one.
        var at = System.IO.Path.GetFullPath(root);
        foreach (var part in System.IO.Path.GetRelativePath(at, full).Split('/'))
        {
            at = System.IO.Path.Combine(at, part);
            if (new DirectoryInfo(at).ResolveLinkTarget(returnFinalTarget: true) is { } target) at = target.FullName;
        }

        return System.IO.Path.GetRelativePath(System.IO.Path.GetFullPath(root), at);
    }
}
