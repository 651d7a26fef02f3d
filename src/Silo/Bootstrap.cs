using System.Security.Cryptography;
using Ppec.Contracts.Access;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Secrets;
using Ppec.Domain.Access;
using Ppec.Grains;
using Ppec.Grains.Access;
using Ppec.Grains.Gate;
using Ppec.Projections.Audit;
using Ppec.Stores;

namespace Ppec.Silo;

/// <summary>What a node makes for itself at its first start. Each act can be interrupted and is finished at the next start.</summary>
static class Bootstrap
{
    const string Id = "bootstrap";
    const string TicketKey = "node/ticket-key";
    const string HeadsKey = "node/head-key";

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
    public static async Task<byte[]> TicketsKey(ISecretStore secrets) =>
        Convert.FromHexString(await Kept(secrets, TicketKey, () => RandomNumberGenerator.GetHexString(64, lowercase: true)));

    /// <summary>The key that signs tree heads: the same for all silos of a cluster. Its public half lies open beside them, in PEM.</summary>
    public static async Task<HeadKey> HeadKey(ISecretStore secrets, DataDirectory data)
    {
        var stored = await Kept(secrets, HeadsKey, () =>
        {
            using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            return Convert.ToBase64String(made.ExportPkcs8PrivateKey());
        });
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(Convert.FromBase64String(stored), out _);
        await File.WriteAllTextAsync(data.File("heads.pub"), key.ExportSubjectPublicKeyInfoPem() + "\n");
        return new(key);
    }

    static async Task<string> Kept(ISecretStore secrets, string name, Func<string> make)
    {
        var stored = await secrets.Get(new(name, 1), CancellationToken.None);
        if (stored is null)
        {
            await secrets.Put(name, make(), CancellationToken.None);
            stored = await secrets.Get(new(name, 1), CancellationToken.None); // another silo may have been first: version 1 is everyone's
        }
        return stored!;
    }
}
