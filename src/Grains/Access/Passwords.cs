using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;
using Ppec.Contracts.Secrets;

namespace Ppec.Grains.Access;

/// <summary>
/// Passwords of people, as ASP.NET Core Identity hashes them: PBKDF2 with HMAC-SHA-512, a random salt, and as many rounds as OWASP's Password Storage Cheat Sheet asks for.
/// Hashes live in the secret store, never in the log.
/// </summary>
public sealed class Passwords(ISecretStore secrets)
{
    public const int Shortest = 12;
    const int Rounds = 220_000;

    static readonly PasswordHasher<string> Hasher = new(Options.Create(new PasswordHasherOptions { IterationCount = Rounds }));

    /// <summary>What a user that has no password is compared with, so that the answer takes as long.</summary>
    static readonly Lazy<string> Nobody = new(() => Hasher.HashPassword("", Guid.NewGuid().ToString()));

    public Task<SecretRef> Keep(string user, string password) => secrets.Put(Name(user), Hasher.HashPassword(user, password), CancellationToken.None);

    /// <param name="user">Whose.</param>
    /// <param name="version">Which of theirs; 0 when they have none.</param>
    /// <param name="password">What was given.</param>
    public async Task<bool> Matches(string user, int version, string password)
    {
        var kept = version > 0 ? await secrets.Get(new(Name(user), version), CancellationToken.None) : null;
        return Hasher.VerifyHashedPassword(user, kept ?? Nobody.Value, password) != PasswordVerificationResult.Failed && kept is not null;
    }

    public Task Destroy(string user, int version) => version > 0 ? secrets.Destroy(new(Name(user), version), CancellationToken.None) : Task.CompletedTask;

    static string Name(string user) => $"password/{user}";
}
