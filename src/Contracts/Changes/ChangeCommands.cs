using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Secrets;

namespace Ppec.Contracts.Changes;

/// <summary>A command to one change.</summary>
[GenerateSerializer]
public abstract record ChangeCommand(string Change) : Command
{
    public override string Target => $"change-{Change}";
}

/// <summary>A quorum that must be reached. Those of the first <paramref name="Turn"/> (0) come before those of the second (1).</summary>
[GenerateSerializer, Immutable]
public sealed record Stage(string Policy, int Turn, int Quorum, ImmutableArray<string> Approvers, bool Severe);

/// <summary>Everything a checker decides on, kept as it was when the change was opened.</summary>
/// <param name="Command">The command's name, as its type is called.</param>
/// <param name="Body">The command itself as JSON; secrets read <c>***</c>.</param>
/// <param name="Permission">What it needs.</param>
/// <param name="Target">What decides it.</param>
/// <param name="Plan">What it would do; the approvals are to its hash.</param>
/// <param name="Maker">Who wishes it.</param>
/// <param name="Person">The person behind the maker.</param>
/// <param name="Credential">The credential it was wished with.</param>
/// <param name="Source">From where.</param>
/// <param name="Reason">Why, in the maker's words.</param>
/// <param name="Ticket">A ticket number elsewhere.</param>
/// <param name="Stages">The quorums, from the policies it falls under.</param>
/// <param name="OpenedAt">When.</param>
/// <param name="ApproveUntil">By when the last approval must be there.</param>
/// <param name="ExecuteWithin">How long after that it may begin.</param>
/// <param name="Secret">Where the secret that goes with it waits.</param>
/// <param name="BreakGlass">It was not approved: it was executed at once, and is to be reviewed.</param>
/// <param name="On">What all it touches have in common: place, team and tags. By this it is seen, as the things themselves are.</param>
[GenerateSerializer, Immutable]
public sealed record ChangeFacts(
    string Command, string Body, string Permission, string Target, Plan Plan, string Maker, string Person, string Credential, string Source, string? Reason, string? Ticket,
    ImmutableArray<Stage> Stages, DateTimeOffset OpenedAt, DateTimeOffset ApproveUntil, TimeSpan ExecuteWithin, SecretRef? Secret, bool BreakGlass, Resource? On = null);

/// <summary>Opens a change; the gate's alone.</summary>
[GenerateSerializer, Immutable]
public sealed record OpenChange(string Change, ChangeFacts Facts) : ChangeCommand(Change)
{
    public override string Permission => "change.open";
}

/// <summary>A checker agrees to the plan with this hash, and to nothing else.</summary>
[GenerateSerializer, Immutable]
public sealed record ApproveChange(string Change, string Hash, string? Comment) : ChangeCommand(Change)
{
    public override string Permission => "change.approve";

    /// <summary>Who decides, and what that word counts for. Set by the gate.</summary>
    [Id(100), JsonIgnore] public Checker By { get; init; } = Checker.Nobody;
}

/// <summary>A checker refuses; that ends it.</summary>
[GenerateSerializer, Immutable]
public sealed record RejectChange(string Change, string Why) : ChangeCommand(Change)
{
    public override string Permission => "change.approve";

    [Id(100), JsonIgnore] public Checker By { get; init; } = Checker.Nobody;
}

/// <summary>The maker does not wish it any more.</summary>
[GenerateSerializer, Immutable]
public sealed record WithdrawChange(string Change) : ChangeCommand(Change)
{
    public override string Permission => "change.withdraw";

    [Id(100), JsonIgnore] public Checker By { get; init; } = Checker.Nobody;
}

/// <summary>Somebody else looked at what was done without approval.</summary>
[GenerateSerializer, Immutable]
public sealed record ReviewChange(string Change, bool Justified, string Comment) : ChangeCommand(Change)
{
    public override string Permission => "change.review";

    [Id(100), JsonIgnore] public Checker By { get; init; } = Checker.Nobody;
}

/// <summary>The maker wishes what an ended change was about once more: the same command, with a plan of now. The gate puts that command in its place.</summary>
[GenerateSerializer, Immutable]
public sealed record AskAgain(string Change) : ChangeCommand(Change)
{
    public override string Permission => "change.again";
}

/// <summary>
/// One fact is to be taken back: the <paramref name="Version"/> of a thing that its history names, <paramref name="Of"/> = <c>machine:sn-1</c>. The gate puts the command that does so in its place,
/// and that one is planned, judged and recorded.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record UndoChange(string Of, long Version) : Command
{
    public override string Permission => "event.undo";

    public override string Target => Of.Replace(':', '-');
}

/// <summary>Time is over for it, if it is.</summary>
[GenerateSerializer, Immutable]
public sealed record ExpireChange(string Change) : ChangeCommand(Change)
{
    public override string Permission => "change.run";
}

/// <summary>Its time is nearly over, if it is.</summary>
[GenerateSerializer, Immutable]
public sealed record RemindChange(string Change) : ChangeCommand(Change)
{
    public override string Permission => "change.run";
}

/// <summary>How the execution went. <paramref name="Result"/>: <c>executed</c>, <c>failed</c> (refused when it came to it) or <c>superseded</c> (what it would do, or who may, moved).</summary>
[GenerateSerializer, Immutable]
public sealed record RecordChange(string Change, string Result, string? Why, string? Operation, ImmutableArray<string> Moved) : ChangeCommand(Change)
{
    public override string Permission => "change.run";
}

/// <summary>Who decides about a change.</summary>
/// <param name="User">The user.</param>
/// <param name="Person">The person; null for a service account, whose word never counts.</param>
/// <param name="Credential">Presented.</param>
/// <param name="IssuedBy">Who made that credential.</param>
/// <param name="SignedInAt">When the person signed in; null when it was no session.</param>
/// <param name="CountsFor">The stages, <c>POLICY/TURN</c>, for which the word counts.</param>
[GenerateSerializer, Immutable]
public sealed record Checker(string User, string? Person, string Credential, string IssuedBy, DateTimeOffset? SignedInAt, ImmutableArray<string> CountsFor)
{
    public static readonly Checker Nobody = new("", null, "", "", null, []);
}

/// <summary>The door to one change, and the place where it is carried out once it is approved.</summary>
[Alias("change")]
public interface IChangeGrain : IGrainWithStringKey
{
    /// <remarks>The last approval carries it out, which for a thousand machines takes a while.</remarks>
    [ResponseTimeout("00:03:00")]
    Task<Outcome> Execute(ChangeCommand command, Caller caller);

    /// <summary>What is to be decided; null when there is no such change.</summary>
    Task<ChangeFacts?> Facts();

    Task<bool> HasEnded();

    /// <summary>Goes on: carries out what is approved, ends what is over.</summary>
    Task Wake();
}
