using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Logs;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;

namespace Ppec.Contracts.Gate;

/// <summary>The only door for users, whatever way they come in.</summary>
[Alias("gate")]
public interface IGateGrain : IGrainWithIntegerKey
{
    Task<GateAnswer> Execute(GateRequest request);

    /// <summary>The same, for a command to many things: to work it out may take a while.</summary>
    [ResponseTimeout("00:03:00")]
    Task<GateAnswer> ExecuteMany(GateRequest request);

    /// <summary>What the credential may read of what the permission is for; or why nothing.</summary>
    Task<SightAnswer> Sight(ReadRequest request);

    /// <summary>A session for a person who gives a password.</summary>
    Task<SignInAnswer> SignIn(SignInRequest request);

    /// <summary>A session for a person whom the identity provider knows.</summary>
    Task<SignInAnswer> SignInByToken(TokenSignInRequest request);

    /// <summary>The identity provider; null where there is none.</summary>
    Task<IdentityProviderView?> IdentityProvider();

    /// <summary>Who the credential says one is; null for nobody.</summary>
    Task<WhoAmI?> WhoAmI(ReadRequest request);

    /// <summary>When some credentials were honoured last: of everyone's for whoever may read credentials, otherwise of one's own.</summary>
    Task<ImmutableArray<CredentialUse>> LastUsed(ReadRequest request, ImmutableArray<string> credentials);

    /// <summary>Why a user may or may not, and who else would have to agree; for whoever may read grants, and for everybody of oneself.</summary>
    Task<ExplainAnswer> Explain(ReadRequest request, string user, string permission, string resource);

    /// <summary>What an open change would do now, for those who may read changes.</summary>
    Task<ChangeNowAnswer> ChangeNow(ReadRequest request, string change);

    /// <summary>Live log of an operation, for those who may read it.</summary>
    Task<OperationLog?> OperationLog(ReadRequest request, string operation, long after);

    /// <summary>Lines of the log book, for those who may read operations; of which machines, the reader sees to.</summary>
    Task<LogAnswer> Logs(ReadRequest request, LogQuery query);

    /// <summary>The power of a machine as its BMC says it now, for those who may read it.</summary>
    Task<PowerAnswer> Power(ReadRequest request, string machine);
}

/// <summary>The only door for machines: boot scripts, agents, beacons. User credentials mean nothing here.</summary>
[Alias("machine-gate")]
public interface IMachineGateGrain : IGrainWithIntegerKey
{
    /// <summary>What the machine with this MAC, UUID and serial (as its firmware says; any may be empty) boots.</summary>
    Task<BootAnswer> Boot(string mac, string uuid, string serial, string sourceAddress);

    Task<AgentAnswer<SessionGranted>> Connect(SessionRequest request, string sourceAddress);

    Task<AgentAnswer<AgentTask>> NextTask(string credential, TimeSpan wait);

    Task<AgentAnswer<string>> Progress(string credential, string task, TaskProgress progress);

    Task<AgentAnswer<string>> Result(string credential, string task, TaskResult result);

    Task<AgentAnswer<string>> Beacon(Beacon beacon, string sourceAddress);

    /// <summary>Whether this agent may fetch the image with this digest: only the one its operation installs.</summary>
    Task<Problem?> MayFetchImage(string credential, string sha256);
}

/// <summary>Boot from disk (<paramref name="Token"/> null), or PIOUS with this token.</summary>
[GenerateSerializer, Immutable]
public sealed record BootAnswer(string? Token, string? Machine);

/// <summary>What was read, or why it could not be.</summary>
[GenerateSerializer, Immutable]
public sealed record PowerAnswer(PowerView? View, Problem? Problem);

/// <summary>What was read, or why it could not be.</summary>
[GenerateSerializer, Immutable]
public sealed record LogAnswer(ImmutableArray<LogEntry> Lines, Problem? Problem);
