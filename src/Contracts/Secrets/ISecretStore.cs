namespace Ppec.Contracts.Secrets;

/// <summary>Names one version of a secret. Safe to log and to keep in events; the secret itself is neither.</summary>
[GenerateSerializer, Immutable]
public sealed record SecretRef(string Name, int Version);
