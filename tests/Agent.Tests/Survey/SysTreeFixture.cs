using Ppec.Agent.Survey;

namespace Ppec.Agent.Tests.Survey;

/// <summary>Lays out a machine's sysfs in a folder: files, and the links between them.</summary>
sealed class SysTreeFixture : IDisposable
{
    readonly string _root = Directory.CreateTempSubdirectory("sys-").FullName;

    internal SysTree Tree => new(_root);

    internal SysTreeFixture File(string path, string text) => File(path, System.Text.Encoding.ASCII.GetBytes(text + "\n"));

    internal SysTreeFixture File(string path, byte[] bytes)
    {
        var full = Path.Combine(_root, path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        System.IO.File.WriteAllBytes(full, bytes);
        return this;
    }

    internal SysTreeFixture Link(string path, string to)
    {
        var (full, target) = (Path.Combine(_root, path), Path.Combine(_root, to));
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        Directory.CreateDirectory(target);
        System.IO.File.CreateSymbolicLink(full, Path.GetRelativePath(Path.GetDirectoryName(full)!, target));
        return this;
    }

    /// <summary>A block device at a device path, with its size in 512-byte units.</summary>
    internal SysTreeFixture Disk(string name, string devicePath, long sectors, string devicePart = "", bool rotational = false)
    {
        var block = $"{devicePath}/block/{name}";
        if (devicePart == "nvme") block = $"{devicePath}/{name}";
        Link($"sys/block/{name}", block);
        File($"{block}/size", $"{sectors}").File($"{block}/queue/rotational", rotational ? "1" : "0");
        return Link($"{block}/device", devicePath);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
