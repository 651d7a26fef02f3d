using System.Text.RegularExpressions;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;
using Ppec.Grains;
using Ppec.Grains.Access;
using Ppec.Stores.Codec;
using AccessDirectory = Ppec.Domain.Access.Directory;

namespace Ppec.Silo.Upkeep;

/// <summary><c>recover</c>: an administrator, when there is none that can come in.</summary>
static partial class Recover
{
    static readonly TimeSpan Life = TimeSpan.FromDays(1);

    public static UpkeepCommand Command { get; } = new("recover", "Makes a person an administrator again, when nobody is left who could.",
        [
            new("data", "DIR", "The node's data directory. No node may be running on it; the credential is written there.", Required: true),
            new("reason", "TEXT", "Why, for the record. Everybody reads it.", Required: true),
            new("user", "NAME", $"Who it is to be; {BuiltIn.Administrator} when left out. Made when there is no such user, enabled when disabled."),
            new("events", "ADDRESS", "Where the event log is, when it is not in --data."),
        ],
        $"""
        An ADDRESS is {EventStores.Addresses}.
        It goes past the gate, as only who holds the node's files can: so it is an event of its own, and a critical alert that everybody hears of when the node starts.
        The credential is good for a day and lies in DIR/recovery-credential, readable by its owner alone. Sign in with it, set a password, and remove the file.
        No rule is weakened: where a second person must agree, one still must.

        Example: ppec-silo recover --data /var/lib/ppec --reason 'the only administrator left'
        """, Run);

    static async Task<string> Run(UpkeepArguments arguments, CancellationToken cancellation)
    {
        var (data, user, why) = (arguments.Directory("data"), arguments.Find("user") ?? BuiltIn.Administrator, arguments["reason"].Trim());
        if (!System.IO.Directory.Exists(data)) throw new UpkeepException($"There is no directory {data}: give --data the node's.");
        if (!Name().IsMatch(user)) throw new OptionException($"--user: '{user}' is no user's name; it has small letters, digits and dashes, and begins with a letter.");
        if (why.Length is 0 or > 500) throw new OptionException("--reason is 1 to 500 characters.");
        await using var store = await arguments.Store("events", Use.Write, cancellation, $"sqlite:{data}");
        var log = new Log(store.Events, EventNames.Codec());
        var (directory, version, hash) = (AccessDirectory.Initial, 0L, (ReadOnlyMemory<byte>)EventChain.Genesis);
        await foreach (var e in log.Read($"access-{AccessCommand.Directory}", 0)) (directory, version, hash) = (AccessDirectory.Evolve(directory, (AccessEvent)e.Event), e.Version + 1, e.Hash);
        if (version == 0) throw new UpkeepException("No node was ever started on this log: start one, and it makes its first administrator by itself.");

        var now = DateTimeOffset.UtcNow;
        var act = Guid.CreateVersion7().ToString("N");
        var id = Log.MadeId($"recover/{act}");
        var events = Made(directory, user, why, id, now);
        var caller = new Caller(Recovery.Actor, "internal", "internal", $"recover/{act}", "", why);
        // The file first, as at the first start: a fact whose secret was lost would be worth nothing.
        var token = Tokens.New("pat", id);
        var file = Path.Combine(data, "recovery-credential");
        File.Delete(file);
        await using (var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite }))
        {
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"{token}\n"), cancellation);
            stream.Flush(flushToDisk: true);
        }
        var (recovered, _) = await log.Append($"access-{AccessCommand.Directory}", version, hash, [.. events], Log.Stamp(caller, now));
        if (!recovered.Appended) throw new UpkeepException("Somebody changed who may do what at the same moment: run it again.");
        var issue = new IssueCredential(id, user, Tokens.Hash(token), "token", "recovery", Limits.None, now + Life) { At = now };
        await log.Append($"credential-{id}", 0, EventChain.Genesis, [.. Credential.Decide(null, issue).Events], Log.Stamp(caller, now));
        return $"""
            recovered: {user} is an administrator everywhere; {string.Join(", ", events.Select(e => e.GetType().Name))}
            Its credential, good for a day, is in {file}. Start the node, sign in with it (ppec login --token-file {file}), set a password (ppec user password {user}), and remove the file.
            """;
    }

    static System.Collections.Immutable.ImmutableArray<AccessEvent> Made(AccessDirectory directory, string user, string why, string grant, DateTimeOffset now)
    {
        try { return Recovery.Of(directory, user, why, grant, now); }
        catch (ArgumentException e) { throw new UpkeepException(e.Message); }
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,62}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
