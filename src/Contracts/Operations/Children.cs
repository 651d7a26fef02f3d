using System.Collections.Immutable;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;

namespace Ppec.Contracts.Operations;

/// <summary>
/// One child of a parent operation: what is done to which thing. <paramref name="Target"/> is the id of a machine, rack or profile.
/// Only what <paramref name="Verbs"/> need is set. <paramref name="PlanHash"/> is of the plan of the first verb: when that has moved, the child is refused.
/// <paramref name="Row"/> is its line or place in what was asked, from 1; 0 = none.
/// </summary>
/// <param name="Target">An id.</param>
/// <param name="Verbs">What is done, in order; see <see cref="ChildVerbs"/>.</param>
/// <param name="Provision">For <c>provision</c>.</param>
/// <param name="Tag">For <c>tag</c>.</param>
/// <param name="Paper">For <c>claim</c> and <c>rack</c>.</param>
/// <param name="Rack">For <c>create-rack</c>.</param>
/// <param name="Profile">For <c>create-profile</c>.</param>
/// <param name="PlanHash">What was planned.</param>
/// <param name="Row">Where it stood.</param>
/// <param name="Region">For <c>create-region</c>.</param>
/// <param name="Turn">Of those that create something, a smaller one goes first.</param>
[GenerateSerializer, Immutable]
public sealed record Child(
    string Target, ImmutableArray<string> Verbs, ProvisionSpec? Provision = null, TagBody? Tag = null, PaperMachine? Paper = null,
    RackBody? Rack = null, ProfileBody? Profile = null, string? PlanHash = null, int Row = 0,
    RegionBody? Region = null, int Turn = 0);

/// <summary>What a child can do. Those with an operation of their own are named as its kind.</summary>
public static class ChildVerbs
{
    public const string Inspect = "inspect";
    public const string Provision = "provision";
    public const string Release = "release";
    public const string Retire = "retire";
    public const string Tag = "tag";
    public const string CreateRegion = "create-region";
    public const string CreateRack = "create-rack";
    public const string CreateProfile = "create-profile";

    /// <summary>Takes the rack units and names of a machine that is to be racked; given back when any other child cannot have its own.</summary>
    public const string Claim = "claim";
    public const string Rack = "rack";
}

/// <summary>A machine as it is racked on paper, its BMC's password already in the secret store.</summary>
[GenerateSerializer, Immutable]
public sealed record PaperMachine(string Serial, Placement Place, BmcAccess? Bmc, string? Profile, ImmutableArray<string> Macs, string? Name);

/// <summary>
/// Begins a parent operation: bounded parallelism, and a rule for giving up. Made by the gate from a bulk command.
/// With <paramref name="AllOrNothing"/> its children go in step, and nothing is racked unless every one of them has its place and names.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record StartParent(
    string Operation, string Kind, ImmutableArray<Child> Children, ImmutableArray<string> Substitutes,
    int MaxParallel, int StopAfterFailures, bool AllOrNothing, string Plan) : OperationCommand(Operation)
{
    public override string Target => $"parent-{Operation}";
    public override string Permission => "operation.run";
}

/// <summary>Children begin, each with the next attempt.</summary>
[GenerateSerializer, Immutable]
public sealed record BeginChildren(string Operation, ImmutableArray<ChildStart> Starts) : OperationCommand(Operation)
{
    public override string Target => $"parent-{Operation}";
    public override string Permission => "operation.run";
}

/// <summary>Children ended their current verb.</summary>
[GenerateSerializer, Immutable]
public sealed record EndChildren(string Operation, ImmutableArray<ChildEnd> Ends) : OperationCommand(Operation)
{
    public override string Target => $"parent-{Operation}";
    public override string Permission => "operation.run";
}

/// <summary>Nothing is left to do: the parent is over.</summary>
[GenerateSerializer, Immutable]
public sealed record ConcludeParent(string Operation) : OperationCommand(Operation)
{
    public override string Target => $"parent-{Operation}";
    public override string Permission => "operation.run";
}

/// <summary>The child at <paramref name="Index"/> begins its verb number <paramref name="Verb"/> on <paramref name="Target"/>. <paramref name="Attempt"/> counts its begins; <paramref name="Operation"/> is the one that the verb starts.</summary>
[GenerateSerializer, Immutable]
public sealed record ChildStart(int Index, string Target, int Verb, int Attempt, string? Operation = null);

/// <summary>How a child's verb ended. <paramref name="Result"/>: <c>succeeded</c>, <c>refused</c> (nothing was done), <c>failed</c> or <c>cancelled</c>.</summary>
[GenerateSerializer, Immutable]
public sealed record ChildEnd(int Index, int Attempt, string Result, string? Why = null);

/// <summary>What a parent's children do, counted; and the first of them: those that failed, those under way, then the others.</summary>
[GenerateSerializer, Immutable]
public sealed record ChildrenView(int Total, int Pending, int Running, int Succeeded, int Failed, int Cancelled, ImmutableArray<ChildView> Items);

/// <summary>One child. <paramref name="State"/>: <c>pending</c>, <c>running</c>, <c>succeeded</c>, <c>failed</c> or <c>cancelled</c>. <paramref name="Operation"/> is its own, where its verb has one.</summary>
[GenerateSerializer, Immutable]
public sealed record ChildView(int Index, string Target, string Verb, string State, int Attempt, string? Operation, string? Hostname, string? Message, int Row);

/// <summary>The door to one parent operation, and the place where its children are driven.</summary>
[Alias("parent")]
public interface IParentGrain : IGrainWithStringKey
{
    Task<Outcome> Execute(OperationCommand command, Caller caller);

    /// <summary>What this very command was answered before; null when it is new. A bulk command chooses machines, so it must not be worked out twice.</summary>
    Task<Outcome?> AnsweredBefore(Caller caller);

    /// <summary>Carries on from wherever the log says it stands; harmless at any time.</summary>
    Task Wake();
}

/// <summary>Ids of operations: a parent's begins with <c>b</c>, which no other's does (<c>Log.MadeId</c>: the first of 26 characters carries three bits).</summary>
public static class OperationIds
{
    public static bool IsParent(string id) => id.StartsWith('b');

    public static string Parent(string made) => $"b{made[1..]}";
}
