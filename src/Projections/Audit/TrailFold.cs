using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;

namespace Ppec.Projections.Audit;

/// <summary>
/// Writes the log into the file of its commands. What it writes follows from the log alone, however it is cut into batches: an event joins its command's row when that is one of the last few thousand,
/// and begins another otherwise.
/// </summary>
sealed class TrailFold
{
    /// <summary>How many rows back a command is looked for: its events come within moments of each other.</summary>
    const int Window = 4096;
    const int MostPlaces = 100_000;

    sealed class Open(long number, AuditRow row)
    {
        public long Number => number;
        public AuditRow Row { get; set; } = row;
        public HashSet<TrailFact> Facts { get; } = [];
        public List<TrailFact> New { get; } = [];
        public bool IsChanged { get; set; }
    }

    readonly TrailFile _file;
    readonly Dictionary<string, Open> _open = new(StringComparer.Ordinal);
    readonly Queue<(string Command, long Number)> _order = [];
    readonly Dictionary<string, (string Region, string Rack)?> _places = new(StringComparer.Ordinal);
    long _last;

    public TrailFold(TrailFile file)
    {
        (_file, _last) = (file, file.Last);
        foreach (var (number, body) in file.Readers.Use(r => r.Rows("SELECT n, body FROM row WHERE n > ?1 ORDER BY n", [file.Last - Window], row => (row.Int64(0), row.Blob(1).ToArray()))))
        {
            var row = JsonSerializer.Deserialize<AuditRow>(body, Trails.Kept)!;
            _open[row.Request!] = new(number, row);
            _order.Enqueue((row.Request!, number));
        }
    }

    public void Write(IReadOnlyList<RecordedEvent> events)
    {
        var (changed, placed) = (new List<Open>(), new Dictionary<string, (string Region, string Rack)>(StringComparer.Ordinal));
        foreach (var e in events)
        {
            var metadata = Feed.Metadata(e);
            if (Trails.Placed(e) is { } stands && Place(e.Stream) != stands) _places[e.Stream] = placed[e.Stream] = stands;
            var open = Of(metadata);
            var (row, facts) = Trails.With(open.Row, e, metadata, Place(e.Stream));
            open.Row = row;
            foreach (var fact in facts)
                if (open.Facts.Add(fact)) open.New.Add(fact);
            if (open.IsChanged) continue;
            open.IsChanged = true;
            changed.Add(open);
        }
        _file.Write(changed.Select(o => new TrailRow(o.Number, o.Row.Time.UtcTicks, JsonSerializer.SerializeToUtf8Bytes(o.Row, PpecJson.Options), o.New)), placed.Select(p => (p.Key, p.Value.Region, p.Value.Rack)), events[^1].Position);
        foreach (var open in changed)
        {
            open.New.Clear();
            open.IsChanged = false;
        }
        if (_places.Count > MostPlaces) _places.Clear();
    }

    Open Of(EventMetadata metadata)
    {
        var command = Trails.Command(metadata);
        if (_open.TryGetValue(command, out var open)) return open;
        _open[command] = open = new(++_last, Trails.Begun(metadata));
        _order.Enqueue((command, _last));
        if (_order.Count > Window && _order.Dequeue() is var old && _open.TryGetValue(old.Command, out var oldest) && oldest.Number == old.Number) _open.Remove(old.Command);
        return open;
    }

    (string Region, string Rack)? Place(string stream) => _places.TryGetValue(stream, out var known) ? known : _places[stream] = _file.Place(stream);
}
