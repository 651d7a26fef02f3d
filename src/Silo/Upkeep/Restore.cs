using Ppec.Stores;
using Ppec.Stores.Secrets;

namespace Ppec.Silo.Upkeep;

/// <summary><c>restore</c>: a data directory made from a backup.</summary>
static class Restore
{
    const string Unfinished = "restoring";
    static readonly string[] Harmless = [Unfinished, "node.lock", "node.pid"];

    public static UpkeepCommand Command { get; } = new("restore", "Makes a node's data directory from a backup.",
        [
            new("from", "DIR", "The backup.", Required: true),
            new("data", "DIR", "The data directory to make: new or empty.", Required: true),
            new("key", "FILE", "The secrets.key of the node the backup is of. It is tried on the secrets before it is used."),
            new("events", "ADDRESS", "Where the event log goes, when it is not into --data: an empty store."),
        ],
        $"""
        An ADDRESS is {EventStores.Addresses}.
        Nothing is ever restored over something: a --data that is not empty is refused. What is restored is compared with the backup, event by event, before it is put in place;
        interrupted, it is started again as before.
        Without --key, put the node's secrets.key (mode 0400) into --data before the node is started. The bootstrap administrator's credential is the one it was.
        Read models and snapshots are made anew by the node.

        Example: ppec-silo restore --from /mnt/backup/ppec --data /var/lib/ppec --key /root/secrets.key
        """, Run);

    static async Task<string> Run(UpkeepArguments arguments, CancellationToken cancellation)
    {
        var (from, data) = (arguments.Directory("from"), arguments.Directory("data"));
        var note = BackupDirectory.Note(from) ?? throw new UpkeepException($"{from} is no backup: give --from a directory that ppec-silo backup wrote.");
        if (note.Format != BackupDirectory.Format) throw new UpkeepException($"{from} has the form {note.Format}, this program knows {BackupDirectory.Format}: use the version that wrote it, or a newer one.");
        if (!note.Complete) throw new UpkeepException($"The backup in {from} was never finished. Run the backup again, or give --from another.");
        if (Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).FirstOrDefault(e => !Harmless.Contains(Path.GetFileName(e))) is { } there)
            throw new UpkeepException($"{data} is not empty (it holds {Path.GetFileName(there)}), and nothing is restored over something: give --data a new or empty directory.");
        using var held = DataDirectory.Lock(data); // until all is in place no node starts on it
        var draft = Path.Combine(data, Unfinished);
        var whole = await Log(arguments, from, draft, note, cancellation);
        using (var drafted = DataDirectory.Lock(draft)) Secrets(arguments.Find("key"), from, drafted);
        var images = await BackupDirectory.CopyImages(from, draft, cancellation);
        PutInPlace(draft, data);
        return $"""
            restored: {whole.Events:N0} events in {whole.Streams:N0} streams, {(note.Secrets ? "the secrets" : "no secrets")}, {images:N0} images; the backup is of {note.Time:u}
            {(note.Secrets && !arguments.Has("key") ? $"Put the node's secrets.key (mode 0400) into {data} before you start it." : "The node can be started.")}
            """;
    }

    static async Task<LogCount> Log(UpkeepArguments arguments, string from, string draft, BackupNote note, CancellationToken cancellation)
    {
        var progress = new Progress(Command.Name);
        await using var backup = EventStores.Sqlite(from, Use.Read);
        await using var target = await arguments.Store("events", Use.Write, cancellation, $"sqlite:{draft}");
        await LogCopy.Continue(backup.Events, target.Events, progress, cancellation);
        var whole = await LogCopy.Compare(backup.Events, target.Events, progress, cancellation);
        return whole.Events == note.Events ? whole : throw new UpkeepException($"The backup's log has {whole.Events:N0} events, but {note.Events:N0} were written: it is damaged. Give --from another backup.");
    }

    static void Secrets(string? key, string from, DataDirectory draft)
    {
        BackupDirectory.CopySecrets(from, draft.Path);
        if (BackupDirectory.Heads(from) is { } heads) File.WriteAllBytes(draft.File(Node.HeadsName), heads);
        if (key is null) return;
        var file = draft.File("secrets.key");
        File.Delete(file);
        using (var to = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead }))
        {
            to.Write(File.ReadAllBytes(key));
            to.Flush(flushToDisk: true);
        }
        SqliteSecretStore.Open(draft).Dispose(); // proves the key
    }

    /// <summary>The log's head mark first and the log last: a node that finds the one without the other refuses to start on what was half put in place.</summary>
    static void PutInPlace(string draft, string data)
    {
        foreach (var name in Harmless) File.Delete(Path.Combine(draft, name));
        foreach (var entry in Directory.GetFileSystemEntries(draft).OrderBy(e => Path.GetFileName(e) switch { "events.head" => 0, "events.db" => 2, _ => 1 }))
            Directory.Move(entry, Path.Combine(data, Path.GetFileName(entry)));
        Directory.Delete(draft);
    }
}
