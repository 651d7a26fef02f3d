using System.Globalization;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Events;

namespace Ppec.Projections.Audit;

/// <summary>How much a ring keeps: so many files, each of so many rows or bytes, whichever comes first. When one is full the oldest goes.</summary>
public sealed record RingSize(int Files = 4, int Rows = 25_000, long Bytes = 16 << 20)
{
    /// <summary>What all its files may take, journals included.</summary>
    public long Most => Files * (Bytes + Slack);

    /// <summary>A batch is written whole, and stands in the journal as well.</summary>
    public const long Slack = 8 << 20;
}

/// <summary>The newest rows, numbered for ever, in a directory that never grows beyond its size. One writer; readers see whole batches.</summary>
sealed class TrailRing : IDisposable
{
    readonly string _directory;
    readonly RingSize _size;
    readonly Lock _lock = new();
    readonly List<TrailFile> _files = []; // oldest first; the last is written to

    public TrailRing(string directory, RingSize size)
    {
        (_directory, _size) = (directory, size);
        Directory.CreateDirectory(directory);
        foreach (var path in Directory.GetFiles(directory, "*.db").Order(StringComparer.Ordinal))
            if (long.TryParse(Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var first)) _files.Add(TrailFile.Open(path, first, fold: false));
        if (_files.Count == 0) Begin(1);
    }

    /// <summary>The files as they are now, oldest first.</summary>
    public TrailFile[] Files { get { lock (_lock) return [.. _files]; } }

    /// <summary>The number of the last row.</summary>
    public long Last => Files[^1].Last;

    /// <summary>Whether a row can still be written again.</summary>
    public bool IsOpen(long number) => number >= Files[^1].First;

    /// <summary>Durable when it returns. Rows are new, or of the newest file.</summary>
    public void Write(IReadOnlyList<TrailRow> rows)
    {
        if (rows.Count == 0) return;
        try
        {
            Files[^1].Write(rows, [], LogPosition.Start);
        }
        finally
        {
            var newest = Files[^1];
            if (newest.Last - newest.First + 1 >= _size.Rows || newest.Bytes >= _size.Bytes) Begin(newest.Last + 1);
        }
    }

    void Begin(long first)
    {
        var file = TrailFile.Open(Path.Combine(_directory, $"{first:D16}.db"), first, fold: false);
        lock (_lock)
        {
            _files.Add(file);
            while (_files.Count > _size.Files)
            {
                _files[0].Remove();
                _files.RemoveAt(0);
            }
        }
    }

    public void Dispose()
    {
        foreach (var file in Files) file.Dispose();
    }
}
