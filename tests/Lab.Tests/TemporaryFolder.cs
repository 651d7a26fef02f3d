using Ppec.Lab.Plan;

namespace Ppec.Lab.Tests;

public sealed class TemporaryFolder : IDisposable
{
    public LabFolder Folder { get; } = new(Directory.CreateTempSubdirectory("lab-").FullName);

    public void Dispose() => Directory.Delete(Folder.Root, recursive: true);
}
