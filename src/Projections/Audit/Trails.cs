using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;

namespace Ppec.Projections.Audit;

/// <summary>Folds events into rows, one a command. Pure.</summary>
static class Trails
{
    public const int MostEvents = 100;

    /// <summary>How bodies are read back: what is null was left out of them.</summary>
    public static readonly JsonSerializerOptions Kept = new(PpecJson.Options) { RespectRequiredConstructorParameters = false };

    /// <summary>The command that an event goes back to: what follows from a command names it as its cause.</summary>
    public static string Command(EventMetadata metadata) => metadata.Cause ?? metadata.CommandId;

    public static AuditRow Begun(EventMetadata m) => new(
        "", m.Time, "accepted", "", m.Actor, m.Credential, m.Source, [], [], m.Reason, m.Ticket, null, null, Command(m), [], 0, null, null, null, 1, null);

    /// <summary>The row with one event more; and what it is then found by besides.</summary>
    public static (AuditRow Row, ImmutableArray<TrailFact> Facts) With(AuditRow row, RecordedEvent e, EventMetadata m, (string Region, string Rack)? place)
    {
        var (name, facts) = (Name(e.Type), ImmutableArray.CreateBuilder<TrailFact>(8));
        ImmutableArray<string> things = [.. Things(e)];
        facts.Add(new(TrailField.Action, name));
        foreach (var thing in things) facts.Add(new(TrailField.Target, thing));
        if (place is { } at)
        {
            facts.Add(new(TrailField.Region, at.Region));
            if (at.Rack.Length > 0) facts.Add(new(TrailField.Rack, at.Rack));
        }
        var operation = m.Operation ?? (e.Stream.StartsWith("operation-", StringComparison.Ordinal) || e.Stream.StartsWith("parent-", StringComparison.Ordinal) ? Id(e.Stream) : e.Stream.StartsWith("machine-", StringComparison.Ordinal) && e.Type.EndsWith("-started.v1", StringComparison.Ordinal) ? Begun(e) : null);
        row = row with
        {
            Action = m.Permission ?? (row.Action.Length == 0 || m.Cause is null && row.Events.All(known => known.Stream.StartsWith("claim-", StringComparison.Ordinal)) ? name : row.Action),
            Operation = row.Operation ?? operation,
            Change = row.Change ?? m.Change ?? (e.Stream.StartsWith("change-", StringComparison.Ordinal) ? Id(e.Stream) : null),
            Targets = row.Targets.Length >= MostEvents ? row.Targets : [.. row.Targets.Union(things)],
            Regions = place is { Region: var region } && !row.Regions.Contains(region) ? row.Regions.Add(region) : row.Regions,
            Events = row.Events.Length >= MostEvents ? row.Events : row.Events.Add(new(e.Position.ToString(), e.Stream, e.Type)),
            EventCount = row.EventCount + 1,
        };
        facts.AddRange(Facts(row with { Targets = [], Regions = [], Outcome = "" }));
        return (row, facts.ToImmutable());
    }

    /// <summary>All that a row says of itself.</summary>
    public static IEnumerable<TrailFact> Facts(AuditRow row)
    {
        (TrailField, string?)[] own =
        [
            (TrailField.Actor, row.Actor), (TrailField.Action, row.Action), (TrailField.Outcome, row.Outcome), (TrailField.Problem, row.Problem), (TrailField.Ticket, row.Ticket),
            (TrailField.Credential, row.Credential), (TrailField.Source, row.Source), (TrailField.Change, row.Change), (TrailField.Operation, row.Operation),
        ];
        foreach (var (field, text) in own)
            if (!string.IsNullOrEmpty(text)) yield return new(field, text);
        foreach (var thing in row.Targets) yield return new(TrailField.Target, thing);
        foreach (var region in row.Regions) yield return new(TrailField.Region, region);
    }

    /// <summary>A stream as the thing it tells of, <c>noun:id</c>.</summary>
    public static string Thing(string stream) => stream.IndexOf('-', StringComparison.Ordinal) is > 0 and var dash ? $"{(stream[..dash] is "parent" ? "operation" : stream[..dash])}:{stream[(dash + 1)..]}" : stream;

    /// <summary>Where an event says that its stream's thing stands, or where it must be by its name; null when it says nothing of that.</summary>
    public static (string Region, string Rack)? Placed(RecordedEvent e) => e.Type.Split('.')[..2] switch
    {
        ["region", _] => (Id(e.Stream), ""),
        ["rack", _]   => (Id(e.Stream).Split('.')[0], Id(e.Stream)),
        ["machine", "racked" or "accepted" or "moved"] => Within(e, "place"),
        ["operation", "started"] => Within(e, "on"),
        _ => null,
    };

    /// <summary>The operation that a machine's event begins.</summary>
    static string? Begun(RecordedEvent e)
    {
        using var data = JsonDocument.Parse(e.Data);
        return data.RootElement.TryGetProperty("operation", out var operation) ? operation.GetString() : null;
    }

    static (string, string)? Within(RecordedEvent e, string property)
    {
        using var data = JsonDocument.Parse(e.Data);
        return data.RootElement.TryGetProperty(property, out var place) && place.ValueKind == JsonValueKind.Object && place.TryGetProperty("region", out var region) && region.GetString() is { Length: > 0 } name
            ? (name, place.TryGetProperty("rack", out var rack) ? rack.GetString() ?? "" : "")
            : null;
    }

    /// <summary>What an event is about: its stream; of the directory, whom or what it names. A name that is claimed is no thing.</summary>
    static IEnumerable<string> Things(RecordedEvent e)
    {
        if (e.Stream.StartsWith("claim-", StringComparison.Ordinal)) yield break;
        if (!e.Stream.StartsWith("access-", StringComparison.Ordinal))
        {
            yield return Thing(e.Stream);
            yield break;
        }
        using var data = JsonDocument.Parse(e.Data);
        var named = Directory.Where(n => data.RootElement.TryGetProperty(n, out var id) && id.ValueKind == JsonValueKind.String).Take(1);
        foreach (var noun in named) yield return $"{noun}:{data.RootElement.GetProperty(noun).GetString()}";
        if (data.RootElement.TryGetProperty("subject", out var subject) && subject.GetString() is { } to) yield return to;
    }

    /// <summary>The nouns of the directory, in the order in which an event is about them.</summary>
    static readonly ImmutableArray<string> Directory = ["grant", "user", "group", "role", "owner", "policy"];

    /// <summary><c>machine.racked.v1</c> → <c>machine.racked</c>.</summary>
    static string Name(string type) => type.LastIndexOf('.') is > 0 and var dot ? type[..dot] : type;

    static string Id(string stream) => stream[(stream.IndexOf('-', StringComparison.Ordinal) + 1)..];
}
