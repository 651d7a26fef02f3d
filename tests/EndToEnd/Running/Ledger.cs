using System.Collections.Concurrent;
using Ppec.Contracts.Gate;
using Ppec.Sdk;

namespace Ppec.EndToEnd.Running;

/// <summary>What the server answered to a change: the thing it made or started, and where in the log.</summary>
readonly record struct Said(string Id, string? Position);

/// <summary>
/// The client's own record of what was acknowledged. A change whose answer is lost is sent again with its key, as a careful client does;
/// only what was answered is written down.
/// </summary>
sealed class Ledger
{
    readonly ConcurrentQueue<(string Key, string What, Said Said, Func<MutationOptions, Task<Said>> Send)> _acknowledged = [];
    int _unknown;

    public int Acknowledged => _acknowledged.Count;

    /// <summary>How often an answer was lost and the key sent again.</summary>
    public int Unknown => _unknown;

    public IEnumerable<string> Keys => _acknowledged.Select(a => a.Key);

    public async Task<Said> Send(string what, Func<MutationOptions, Task<Said>> send)
    {
        var key = Guid.CreateVersion7().ToString();
        for (var until = DateTime.UtcNow.AddMinutes(1); ;)
        {
            try
            {
                var said = await send(new() { IdempotencyKey = key, Reason = what });
                _acknowledged.Enqueue((key, what, said, send));
                return said;
            }
            catch (Exception e) when (IsPassing(e) && DateTime.UtcNow < until)
            {
                if (e is OutcomeUnknownException) Interlocked.Increment(ref _unknown);
                await Task.Delay(100);
            }
        }
    }

    /// <summary>Sends every acknowledged change again with its key; the differences, in words.</summary>
    public async Task<List<string>> Repeat()
    {
        var differences = new ConcurrentQueue<string>();
        await Parallel.ForEachAsync(_acknowledged, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (one, _) =>
        {
            try
            {
                var again = await one.Send(new() { IdempotencyKey = one.Key, Reason = one.What });
                if (again != one.Said) differences.Enqueue($"{one.What}: {one.Said} became {again}");
            }
            catch (PpecException e)
            {
                differences.Enqueue($"{one.What}: {one.Said} became {e.Status} {e.Code}: {e.Message}");
            }
        });
        return [.. differences];
    }

    static bool IsPassing(Exception e) => e is OutcomeUnknownException or ServerUnreachableException or PpecException { Code: ProblemCodes.Unavailable };
}
