namespace Ppec.Silo.Upkeep;

/// <summary><c>migrate</c>: another store for the same log.</summary>
static class Migrate
{
    public static UpkeepCommand Command { get; } = new("migrate", "Copies the event log into another event store.",
        [new("from", "ADDRESS", "The store that holds the log. Nothing in it is changed.", Required: true), new("to", "ADDRESS", "The store to copy it into: empty, or holding the beginning of the same log.", Required: true)],
        $"""
        An ADDRESS is {EventStores.Addresses}.
        The copy has the same events in the same order, with their ids, hashes and bytes. Stop every node of both first; a data directory in use is refused.
        Started again after it was interrupted, it goes on where the copy ends. In the end the whole copy is compared with the source, event by event.
        Only the log is copied: secrets and images stay in the data directory, and read models and snapshots are made anew.
        If an append fails halfway, events behind it may have been written; the next start then says that the target holds another log: empty it and begin again.

        Example: ppec-silo migrate --from sqlite:/var/lib/ppec --to sqlite:/mnt/new/ppec
        """, Run);

    static async Task<string> Run(UpkeepArguments arguments, CancellationToken cancellation)
    {
        if (arguments["from"] == arguments["to"]) throw new OptionException("--from and --to are the same store: give --to another.");
        await using var from = await arguments.Store("from", Use.ReadAlone, cancellation);
        await using var to = await arguments.Store("to", Use.Write, cancellation);
        var progress = new Progress(Command.Name);
        var copied = await LogCopy.Continue(from.Events, to.Events, progress, cancellation);
        var whole = await LogCopy.Compare(from.Events, to.Events, progress, cancellation);
        if (whole.SourceHasMore) throw new UpkeepException($"The source has grown meanwhile: someone still writes it. Stop that, and run this again; it goes on after {whole.Events:N0} events.");
        return $"migrated: {copied:N0} events copied, {whole.Events - copied:N0} were there; all {whole.Events:N0} in {whole.Streams:N0} streams are the source's, in its order, every chain whole";
    }
}
