using System.Collections.Immutable;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using static Ppec.Domain.Decide;

namespace Ppec.Domain.Images;

public abstract record ImageEvent : IDomainEvent
{
    public DateTimeOffset At { get; init; }
}

public sealed record ImageRegistered(string Name, int Version, ImageContent Content, string Signature, string SignedBy) : ImageEvent;

public sealed record ImageVersionDeprecated(int Version) : ImageEvent;

/// <summary>All versions of one image, the first first.</summary>
public sealed record ImageState(ImmutableArray<(ImageVersion Version, DateTimeOffset RegisteredAt)> Versions);

/// <summary>A hardened OS image. Its signature is checked before it is registered (by the gate, which knows the trusted keys) and before each use.</summary>
public static class Image
{
    public static readonly ImageState Initial = new([]);

    public static Decision<ImageEvent> Decide(ImageState state, ImageCommand command) => command switch
    {
        RegisterImage c when state.Versions.Any(v => v.Version.Content == c.Content) => Nothing<ImageEvent>(),
        RegisterImage { SignedBy: null } => No(ProblemCodes.ImageSignatureRefused, "The signature is not by a trusted key."),
        RegisterImage c => new ImageRegistered(c.Name, state.Versions.Length + 1, c.Content, c.Signature, c.SignedBy) { At = c.At },
        DeprecateImage c when c.Version < 1 || c.Version > state.Versions.Length => No(ProblemCodes.NotFound, $"There is no image {c.Name}@{c.Version}."),
        DeprecateImage c => state.Versions[c.Version - 1].Version.Deprecated ? Nothing<ImageEvent>() : new ImageVersionDeprecated(c.Version) { At = c.At },
        _ => throw new UnreachableException(command.GetType().Name),
    };

    public static ImageState Evolve(ImageState state, ImageEvent @event) => @event switch
    {
        ImageRegistered e when e.Version == state.Versions.Length + 1 => new(state.Versions.Add((new(e.Name, e.Version, e.Content, e.Signature, e.SignedBy), e.At))),
        ImageVersionDeprecated e => new(state.Versions.SetItem(e.Version - 1, (state.Versions[e.Version - 1].Version with { Deprecated = true }, state.Versions[e.Version - 1].RegisteredAt))),
        _ => throw new UnreachableException($"{@event.GetType().Name}: the stream is corrupt or Evolve is incomplete."),
    };

    /// <summary>
    /// Which of the trusted keys (SubjectPublicKeyInfo, DER) signed this content: its SHA-256 in hex; null when none did.
    /// ECDSA P-256 over SHA-256, signature as a DER sequence (RFC 3279), base64.
    /// </summary>
    public static string? Signer(string name, ImageContent content, string signature, IEnumerable<ReadOnlyMemory<byte>> trusted)
    {
        var bytes = new byte[((signature.Length + 3) / 4) * 3];
        if (!Convert.TryFromBase64String(signature, bytes, out var length)) return null;
        var signed = Encoding.UTF8.GetBytes(ImageVersion.SignedBytes(name, content));
        foreach (var key in trusted)
        {
            using var ecdsa = ECDsa.Create();
            ecdsa.ImportSubjectPublicKeyInfo(key.Span, out _);
            if (ecdsa.VerifyData(signed, bytes.AsSpan(0, length), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence))
                return Convert.ToHexStringLower(SHA256.HashData(key.Span));
        }
        return null;
    }
}
