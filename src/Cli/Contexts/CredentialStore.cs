namespace Ppec.Cli.Contexts;

/// <summary>Files that nobody else may read: tokens, and the contexts that name them.</summary>
static class CredentialStore
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Where the session of a context is kept, beside the contexts.</summary>
    public static string FileOf(ContextFile contexts, string context) => Path.Combine(Path.GetDirectoryName(contexts.Path)!, "sessions", Uri.EscapeDataString(context));

    /// <summary>Written beside and moved into place, so that it is never readable by others and never half there.</summary>
    public static void Write(string file, string text)
    {
        var path = Path.GetFullPath(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerOnly | UnixFileMode.UserExecute);
        var beside = $"{path}.{Environment.ProcessId}";
        File.Delete(beside);
        using (var stream = new FileStream(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        using (var writer = new StreamWriter(stream)) writer.WriteLine(text);
        File.Move(beside, path, overwrite: true);
    }
}
