using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Logging;
using Ppec.Contracts.Events;

namespace Ppec.Grains.Snapshots;

/// <summary>
/// The snapshots of one activation: when one is due, how it is written, and what makes one unfit to be believed. Nothing here throws:
/// without a snapshot the stream is read whole.
/// </summary>
/// <param name="store">Where they are kept.</param>
/// <param name="every">Events between two of them.</param>
/// <param name="fold">The number of the fold. Raise it with every change of <c>Evolve</c> or of the state's shape: snapshots of another number are ignored.</param>
/// <param name="json">How the state is written; it must read back equal. The state must be immutable, for it is written while the aggregate goes on.</param>
/// <param name="logger">Told of each snapshot that is ignored or cannot be saved.</param>
public sealed class Snapshots<TState>(ISnapshotStore store, int every, int fold, JsonTypeInfo<TState> json, ILogger logger)
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5); // beyond it, reading the stream is the surer way

    long _kept;
    Task _saving = Task.CompletedTask;

    /// <summary>What is kept for the stream, if it is whole and of this fold. Whether it fits the log is still to be seen.</summary>
    public async Task<Snapshot<TState>?> Load(string stream)
    {
        _kept = 0;
        try
        {
            if (await store.Load(stream, CancellationToken.None).WaitAsync(Patience) is not { } bytes) return null;
            var snapshot = await Task.Run(() => Decode(stream, bytes.Span));
            _kept = snapshot.Version;
            return snapshot;
        }
        catch (Exception e)
        {
            Ignore(stream, e);
            return null;
        }
    }

    /// <summary>Says that a snapshot is not used.</summary>
    public void Ignore(string stream, Exception why)
    {
        _kept = 0;
        logger.SnapshotIgnored(stream, why);
    }

    /// <summary>Whether to <see cref="Save"/> now: enough has happened, and no save is under way.</summary>
    public bool IsDue(long version) => version - _kept >= every && _saving.IsCompleted;

    /// <summary>Saves; the caller goes on meanwhile.</summary>
    public void Save(Snapshot<TState> snapshot)
    {
        _kept = snapshot.Version;
        _saving = Write(snapshot);
    }

    async Task Write(Snapshot<TState> snapshot)
    {
        try
        {
            var bytes = await Task.Run(() => Encode(snapshot));
            await store.Save(snapshot.Stream, bytes, CancellationToken.None); // back on the grain's scheduler: a store may be made of grains
        }
        catch (Exception e)
        {
            logger.SnapshotNotSaved(snapshot.Stream, snapshot.Version, e);
        }
    }

    /// <summary>A checksum before the JSON: a cache has no other guard against bits that turn.</summary>
    byte[] Encode(Snapshot<TState> s)
    {
        var document = new SnapshotDocument(s.Stream, fold, s.Version, s.Position.ToString(), s.Hash, s.First, s.Answers, JsonSerializer.SerializeToElement(s.State, json));
        var text = JsonSerializer.SerializeToUtf8Bytes(document, SnapshotJson.Default.SnapshotDocument);
        return [.. SHA256.HashData(text), .. text];
    }

    Snapshot<TState> Decode(string stream, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= SHA256.HashSizeInBytes || !SHA256.HashData(bytes[SHA256.HashSizeInBytes..]).AsSpan().SequenceEqual(bytes[..SHA256.HashSizeInBytes]))
            throw new InvalidDataException("Its checksum does not hold.");
        var d = JsonSerializer.Deserialize(bytes[SHA256.HashSizeInBytes..], SnapshotJson.Default.SnapshotDocument)!;
        if (d.Stream != stream) throw new InvalidDataException($"It is of {d.Stream}.");
        if (d.Fold != fold) throw new InvalidDataException($"It was folded by number {d.Fold}, not {fold}.");
        if (d.Version < 1 || !LogPosition.TryParse(d.Position, out var position)) throw new InvalidDataException("It is of no event.");
        return new(stream, d.Version, position, d.Hash, d.First, d.Answers, d.State.Deserialize(json)!);
    }
}

static partial class SnapshotsLog
{
    [LoggerMessage(1, LogLevel.Warning, "The snapshot of {Stream} is ignored and the stream read whole")]
    public static partial void SnapshotIgnored(this ILogger logger, string stream, Exception why);

    [LoggerMessage(2, LogLevel.Warning, "A snapshot of {Stream} at version {Version} could not be saved; the next one is tried as usual")]
    public static partial void SnapshotNotSaved(this ILogger logger, string stream, long version, Exception why);
}
