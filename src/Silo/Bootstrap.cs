using System.Security.Cryptography;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Access;
using Ppec.Grains;
using Ppec.Grains.Access;
using Ppec.Grains.Gate;
using Ppec.Stores;

namespace Ppec.Silo;

/// <summary>What a node makes for itself at its first start. Each act can be interrupted and is finished at the next start.</summary>
static class Bootstrap
{
    const string Id = "bootstrap";
    const string TicketKey = "node/ticket-key";

    /// <summary>
    /// The bootstrap administrator's credential: the file first, then the fact with its hash, so that a crash between the two leaves a file that the next start makes valid.
    /// </summary>
    public static async Task Administrator(Log log, DataDirectory data, DateTimeOffset now)
    {
        await Founded(log, now);
        await foreach (var _ in log.Read($"credential-{Id}", 0)) return;
        var file = data.File("admin-credential");
        if (!File.Exists(file) || Tokens.Parse(File.ReadAllText(file).Trim()) is null)
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite };
            await using var stream = new FileStream(file, options);
            await using var writer = new StreamWriter(stream);
            await writer.WriteLineAsync(Tokens.New("pat", Id));
            await writer.FlushAsync();
            stream.Flush(flushToDisk: true);
        }
        var token = (await File.ReadAllTextAsync(file)).Trim();
        var issue = new IssueCredential(Id, BuiltIn.Administrator, Tokens.Hash(token)) { At = now };
        var (result, _) = await log.Append($"credential-{Id}", 0, EventChain.Genesis, [.. Credential.Decide(null, issue).Events],
            Log.Stamp(new Caller("system:bootstrap", "internal", "internal", $"bootstrap/{Id}/{Tokens.Hash(token)[..16]}", ""), now));
        if (!result.Appended) File.Delete(file); // another node of the cluster was first: its file holds the credential
    }

    /// <summary>The directory has a first event, so that what it begins with is seen and has a time.</summary>
    static async Task Founded(Log log, DateTimeOffset now)
    {
        await foreach (var _ in log.Read($"access-{AccessCommand.Directory}", 0)) return;
        await log.Append($"access-{AccessCommand.Directory}", 0, EventChain.Genesis, [new Founded("system:bootstrap") { At = now }],
            Log.Stamp(new Caller("system:bootstrap", "internal", "internal", "bootstrap/directory", ""), now));
    }

    /// <summary>The key of boot tickets; it survives restarts, so that a ticket minted before one is good after it.</summary>
    public static async Task<byte[]> TicketsKey(ISecretStore secrets)
    {
        var stored = await secrets.Get(new(TicketKey, 1), CancellationToken.None);
        if (stored is null)
        {
            await secrets.Put(TicketKey, RandomNumberGenerator.GetHexString(64, lowercase: true), CancellationToken.None);
            stored = await secrets.Get(new(TicketKey, 1), CancellationToken.None); // another silo may have been first: version 1 is everyone's
        }
        return Convert.FromHexString(stored!);
    }
}
