using Ppec.Contracts.Changes;
using Ppec.Contracts.Events;

namespace Ppec.Contracts.Gate;

/// <summary>One knock at the gate.</summary>
/// <param name="Credential">The bearer token as presented.</param>
/// <param name="IdempotencyKey">The caller's key; null makes each request its own.</param>
/// <param name="SourceAddress">The address the request came from.</param>
/// <param name="Command">What is wished.</param>
/// <param name="Reason">Why, in the caller's words.</param>
/// <param name="Ticket">A ticket number elsewhere.</param>
/// <param name="IfMatch">The version the caller saw; null = any.</param>
/// <param name="PlanOnly">Answer the plan and change nothing.</param>
/// <param name="BreakGlass">Do it at once, though a policy asks for a second person; who may, is heard of by all.</param>
/// <param name="Secret">A secret that goes with the command (a BMC's password): the gate puts it into the secret store and the command gets its reference.</param>
[GenerateSerializer, Immutable]
public sealed record GateRequest(
    string Credential,
    string? IdempotencyKey,
    string SourceAddress,
    Command Command,
    string? Reason = null,
    string? Ticket = null,
    long? IfMatch = null,
    bool PlanOnly = false,
    SecretText? Secret = null,
    bool BreakGlass = false)
{
    public override string ToString() => $"{Command.GetType().Name} on {Command.Target} from {SourceAddress}";
}

/// <summary>The gate's answer: refused (<paramref name="Problem"/>), planned (<paramref name="Plan"/>) or done to <paramref name="Target"/>, perhaps by starting <paramref name="Operation"/>; <paramref name="Token"/> is a credential just made, said this once; <paramref name="Change"/> waits for a second person.</summary>
[GenerateSerializer, Immutable]
public sealed record GateAnswer(Problem? Problem, string Target = "", long Version = 0, LogPosition Position = default, string? Operation = null, Plan? Plan = null, SecretText? Token = null, string? Change = null)
{
    /// <summary>The id in <see cref="Target"/>, which is <c>noun-id</c>.</summary>
    public string Id => Target[(Target.IndexOf('-', StringComparison.Ordinal) + 1)..];

    public override string ToString() => $"{Problem?.Code ?? "done"} {Target}";
}

/// <summary>Asks what a credential may read.</summary>
[GenerateSerializer, Immutable]
public sealed record ReadRequest(string Credential, string SourceAddress, string Permission);
