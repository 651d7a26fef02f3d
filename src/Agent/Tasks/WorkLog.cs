using System.Collections.Immutable;
using Ppec.Contracts.Agents;

namespace Ppec.Agent.Tasks;

/// <summary>Where a piece of work writes how far it is; the reporter drains it every few seconds. Lines not yet heard are kept, the oldest dropped beyond a thousand.</summary>
public sealed class WorkLog
{
    const int Most = 1000;
    readonly Lock _lock = new();
    readonly List<string> _lines = [];
    int _dropped, _percent;
    string _message = "started";

    /// <summary>One line for people, also printed on the console.</summary>
    public void Line(string text)
    {
        Console.WriteLine("ppec-agent: " + text);
        lock (_lock)
        {
            _lines.Add(text);
            if (_lines.Count <= Most) return;
            _lines.RemoveAt(0);
            _dropped++;
        }
    }

    /// <summary>How far: 0…100, and what is under way.</summary>
    public void At(int percent, string message)
    {
        lock (_lock)
        {
            _percent = Math.Clamp(percent, 0, 100);
            _message = message;
        }
    }

    /// <summary>What to report now; <see cref="Heard"/> it afterwards, or it is reported again.</summary>
    internal TaskProgress Peek()
    {
        lock (_lock) return new(_percent, _message, [.. _lines]);
    }

    internal void Heard(int lines)
    {
        lock (_lock)
        {
            // Lines that fell off the front since Peek were among those heard.
            var left = Math.Max(0, lines - _dropped);
            _dropped = 0;
            _lines.RemoveRange(0, Math.Min(left, _lines.Count));
        }
    }
}
