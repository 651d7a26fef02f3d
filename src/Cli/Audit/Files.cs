using System.Collections.Immutable;
using System.Security.Cryptography;
using Ppec.Contracts.Audit;

namespace Ppec.Cli.Audit;

/// <summary>What was kept elsewhere: heads, proofs, the public key.</summary>
static class Files
{
    public static ImmutableArray<TreeHead> Heads(string file) => Read(file, HeadText.Read) is { IsEmpty: false } heads ? heads : throw new UsageException($"{file}: there is no tree head in it.");

    public static InclusionProof Proof(string file) => Read(file, InclusionProof.Read);

    public static ReadOnlyMemory<byte> Key(string file) => Read(file, text =>
        PemEncoding.TryFind(text, out var pem) && text[pem.Label] is "PUBLIC KEY" ? Convert.FromBase64String(text[pem.Base64Data]) : throw new FormatException("it holds no public key in PEM."));

    static T Read<T>(string file, Func<string, T> read)
    {
        try { return read(File.ReadAllText(file)); }
        catch (FormatException e) { throw new UsageException($"{file}: {e.Message}"); }
    }
}
