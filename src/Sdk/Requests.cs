namespace Ppec.Sdk;

/// <summary>What accompanies a change. Every member may be left out.</summary>
public sealed record MutationOptions
{
    /// <summary>Printable ASCII, at most 200 characters. Left out, the client makes one for the call; give your own to send the same change again later.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Refuse (412 <c>version-stale</c>) unless the target has this version.</summary>
    public long? IfMatch { get; init; }

    /// <summary>Apply only the plan with this hash; refuse (412 <c>plan-stale</c>) when its effects have moved.</summary>
    public string? PlanHash { get; init; }

    /// <summary>Why, for the record of who did what.</summary>
    public string? Reason { get; init; }

    /// <summary>A ticket number elsewhere; printable ASCII.</summary>
    public string? Ticket { get; init; }

    /// <summary>Do it at once though a policy asks for a second person. Takes <c>change.break-glass</c> and a <see cref="Reason"/>; everyone who would have been asked hears of it, and it is reviewed.</summary>
    public bool BreakGlass { get; init; }

    /// <summary>Change nothing: the call ends in a <see cref="PlannedException"/> with what it would do. <see cref="PpecClient.PlanAsync"/> sets this.</summary>
    public bool PlanOnly { get; init; }
}

/// <summary>Which items of a list, in which order.</summary>
public sealed record ListOptions
{
    /// <summary>The filter language of PPEC, <c>stage:spare tag.team=payments -hold</c>.</summary>
    public string? Filter { get; init; }

    /// <summary>A field; <c>-field</c> for descending.</summary>
    public string? Sort { get; init; }

    /// <summary>Items in one page, 1…1000; null = the server's choice.</summary>
    public int? Limit { get; init; }

    /// <summary>Where an earlier page ended.</summary>
    public string? Cursor { get; init; }

    /// <summary>Wait until this position of the log is visible: read your own writes.</summary>
    public string? After { get; init; }
}

/// <summary>Which state of one thing.</summary>
public sealed record ReadOptions
{
    /// <summary>As it was then; null = now.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Wait until this position of the log is visible: read your own writes.</summary>
    public string? After { get; init; }
}
