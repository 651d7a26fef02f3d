using System.Text.Json;
using Ppec.Agent.Link;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Tasks;

/// <summary>One line of the journal: a generation that was seen, with the task's result once it is finished.</summary>
internal sealed record JournalLine(string Id, long Generation, TaskResult? Result);

/// <summary>
/// What this boot has done: finished tasks with their results, and the highest generation seen. Kept in a file in RAM, one JSON line each:
/// it dies with the boot, as the session does. A task fetched again is answered from here without acting twice.
/// </summary>
public sealed class Journal
{
    readonly string? _path;
    readonly Dictionary<string, TaskResult> _finished = new(StringComparer.Ordinal);

    /// <summary>Opens the journal; null keeps it in memory only.</summary>
    public Journal(string? path)
    {
        _path = path;
        if (path is null || !File.Exists(path)) return;
        foreach (var line in File.ReadLines(path)) Remember(line);
    }

    /// <summary>The highest generation ever started here.</summary>
    public long Generation { get; private set; } = long.MinValue;

    /// <summary>The result of a finished task, or null.</summary>
    public TaskResult? Find(string id) => _finished.GetValueOrDefault(id);

    /// <summary>Notes, before acting, that this generation was seen.</summary>
    public void Start(AgentTask task) => Write(new(task.Id, task.Generation, null));

    /// <summary>Notes, before telling anyone, how a task ended.</summary>
    public void Finish(AgentTask task, TaskResult result) => Write(new(task.Id, task.Generation, result));

    void Write(JournalLine line)
    {
        Apply(line);
        if (_path is not null) File.AppendAllText(_path, JsonSerializer.Serialize(line, AgentJson.Default.JournalLine) + "\n");
    }

    void Remember(string text)
    {
        try
        {
            if (JsonSerializer.Deserialize(text, AgentJson.Default.JournalLine) is { Id: not null } line) Apply(line);
        }
        catch (JsonException) { /* a torn last line: that task was never reported as finished */ }
    }

    void Apply(JournalLine line)
    {
        Generation = Math.Max(Generation, line.Generation);
        if (line.Result is { } result) _finished[line.Id] = result;
    }
}
