using System.Text.Json;
using System.Text.Json.Serialization;
using Ppec.Drivers.Images;
using Ppec.Stores.Secrets;

namespace Ppec.Silo.Upkeep;

/// <summary>What a backup says of itself. It is written as not complete before anything else, and as complete after everything else was verified.</summary>
sealed record BackupNote(int Format, bool Complete, DateTimeOffset Time, long Events, bool Secrets, bool Images);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(BackupNote))]
sealed partial class BackupJson : JsonSerializerContext;

/// <summary>
/// The portable form of everything a node keeps: the log as an SQLite event store, the secrets still encrypted, the images by their digest, and a note.
/// </summary>
static class BackupDirectory
{
    public const int Format = 1;
    const string NoteName = "backup.json";
    const string Images = "images";

    /// <summary>Null: it is no backup.</summary>
    public static BackupNote? Note(string directory)
    {
        var file = Path.Combine(directory, NoteName);
        if (!File.Exists(file)) return null;
        try { return JsonSerializer.Deserialize(File.ReadAllBytes(file), BackupJson.Default.BackupNote); }
        catch (JsonException e) { throw new UpkeepException($"{file} cannot be read: {e.Message}"); }
    }

    public static void Write(string directory, BackupNote note)
    {
        var (file, draft) = (Path.Combine(directory, NoteName), Path.Combine(directory, NoteName + ".new"));
        using (var stream = new FileStream(draft, FileMode.Create))
        {
            JsonSerializer.Serialize(stream, note, BackupJson.Default.BackupNote);
            stream.Flush(flushToDisk: true);
        }
        File.Move(draft, file, overwrite: true);
    }

    /// <summary>The signed tree heads as they lie there; null when there are none.</summary>
    public static byte[]? Heads(string directory) => Path.Combine(directory, Node.HeadsName) is var file && File.Exists(file) ? File.ReadAllBytes(file) : null;

    /// <summary>Copies the secrets; false when there are none.</summary>
    public static bool CopySecrets(string from, string to) => SqliteSecretStore.Copy(from, to);

    /// <summary>Copies the images that are not there yet, each checked against its name. How many there are.</summary>
    public static async Task<int> CopyImages(string from, string to, CancellationToken cancellation)
    {
        var (source, target) = (Path.Combine(from, Images), new FileImageStore(Path.Combine(to, Images)));
        var digests = Directory.Exists(source) ? Directory.GetFiles(source).Select(f => Path.GetFileName(f)).Where(n => n[0] != '.').ToList() : []; // those with a dot are not complete
        foreach (var digest in digests)
        {
            await using var content = File.OpenRead(Path.Combine(source, digest));
            if (await target.Put(digest, content, cancellation) is { } found)
                throw new UpkeepException($"The image {Path.Combine(source, digest)} is damaged: its SHA-256 is {found}. Upload it again, or remove it.");
        }
        return digests.Count;
    }
}
