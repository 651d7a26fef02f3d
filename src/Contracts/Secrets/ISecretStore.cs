using System.Collections.Immutable;

namespace Ppec.Contracts.Secrets;

/// <summary>Where passwords and keys live. Events, logs and views only ever hold a <see cref="SecretRef"/>.</summary>
public interface ISecretStore
{
    /// <summary>Stores <paramref name="value"/> as the next version of <paramref name="name"/>, durably before it returns. Versions count from 1 and are never used again.</summary>
    Task<SecretRef> Put(string name, string value, CancellationToken cancellation);

    /// <summary>Stores many, in their order and durably before it returns; each name once. When it fails, some may be stored.</summary>
    async Task<ImmutableArray<SecretRef>> PutAll(ImmutableArray<(string Name, string Value)> secrets, CancellationToken cancellation)
    {
        var stored = ImmutableArray.CreateBuilder<SecretRef>(secrets.Length);
        foreach (var (name, value) in secrets) stored.Add(await Put(name, value, cancellation));
        return stored.MoveToImmutable();
    }

    /// <summary>The value, or null when there is no such version or it has been destroyed.</summary>
    /// <exception cref="SecretUnreadableException">It is stored, but does not decrypt under this node's key and this name and version.</exception>
    Task<string?> Get(SecretRef secret, CancellationToken cancellation);

    /// <summary>Destroys the version's data key, which makes its ciphertext unreadable for ever. Destroying what is not there is not an error.</summary>
    Task Destroy(SecretRef secret, CancellationToken cancellation);
}

/// <summary>Names one version of one secret; safe to write to the log.</summary>
[GenerateSerializer, Immutable]
public sealed record SecretRef([property: Id(0)] string Name, [property: Id(1)] int Version);

/// <summary>A stored secret cannot be decrypted: another key file, or altered bytes.</summary>
public sealed class SecretUnreadableException(string message, Exception? inner = null) : Exception(message, inner);
