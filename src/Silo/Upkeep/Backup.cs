namespace Ppec.Silo.Upkeep;

/// <summary><c>backup</c>: everything a node keeps, while it runs.</summary>
static class Backup
{
    public static UpkeepCommand Command { get; } = new("backup", "Copies everything a node keeps into a directory, while the node runs.",
        [
            new("data", "DIR", "The node's data directory.", Required: true),
            new("to", "DIR", "Where the backup goes: new, empty, or an earlier backup of the same node, which is then only brought up to date.", Required: true),
            new("events", "ADDRESS", "Where the event log is, when it is not in --data."),
            new("without-images", null, "Leaves the image files out. They are named by their SHA-256; those of an earlier backup stay."),
        ],
        $"""
        An ADDRESS is {EventStores.Addresses}.
        The backup holds the log from its first event to one that is not before the last acknowledged when the backup began, whatever store it came from
        (as an SQLite event store: verify and migrate take sqlite:DIR), then the secrets and the images, so that all that the log names is there, and the tree heads that were signed before.
        It is verified as it is written: the log event by event against the node's, the secrets' file, and each image's digest.

        Not in it, on purpose:
          secrets.key       the key of the secrets. Whoever has both has the secrets, so keep a copy of it elsewhere; without it those in the backup are lost.
          admin-credential  the bootstrap administrator's credential. Keep it as you keep passwords.
        In a cluster the secrets are in PostgreSQL and not in --data: they are in the backups that its own tools make.
        Secrets that are destroyed later stay readable in backups made before: give backups an end.

        Example: ppec-silo backup --data /var/lib/ppec --to /mnt/backup/ppec
        """, Run);

    static async Task<string> Run(UpkeepArguments arguments, CancellationToken cancellation)
    {
        var (data, to) = (arguments.Directory("data"), arguments.Directory("to"));
        if (!Directory.Exists(data)) throw new UpkeepException($"There is no directory {data}: give --data the node's.");
        if (data == to) throw new OptionException("--to is --data: give --to another directory.");
        if (BackupDirectory.Note(to) is null && Directory.Exists(to) && Directory.EnumerateFileSystemEntries(to).Any())
            throw new UpkeepException($"{to} is neither empty nor a backup: give --to an empty directory.");
        var began = DateTimeOffset.UtcNow;
        var heads = BackupDirectory.Heads(data); // before the log: what they are of is in it
        await using var from = await arguments.Store("events", Use.Read, cancellation, $"sqlite:{data}");
        await using var target = EventStores.Sqlite(to, Use.Write);
        BackupDirectory.Write(to, new(BackupDirectory.Format, false, began, 0, false, false));
        var progress = new Progress(Command.Name);
        var copied = await LogCopy.Continue(from.Events, target.Events, progress, cancellation);
        var whole = await LogCopy.Compare(from.Events, target.Events, progress, cancellation);
        // After the log: what it names was there before it was named.
        var secrets = BackupDirectory.CopySecrets(data, to);
        if (heads is not null) await File.WriteAllBytesAsync(Path.Combine(to, Node.HeadsName), heads, cancellation);
        var images = arguments.Has("without-images") ? 0 : await BackupDirectory.CopyImages(data, to, cancellation);
        BackupDirectory.Write(to, new(BackupDirectory.Format, true, began, whole.Events, secrets, !arguments.Has("without-images")));
        return $"""
            backed up: {whole.Events:N0} events in {whole.Streams:N0} streams ({copied:N0} new), {(secrets ? "the secrets" : "no secrets")}, {(arguments.Has("without-images") ? "no images" : $"{images:N0} images")}; verified
            Not in it: {Path.Combine(data, "secrets.key")} and {Path.Combine(data, "admin-credential")}. Keep copies of both elsewhere: without the key the secrets are lost.
            """;
    }
}
