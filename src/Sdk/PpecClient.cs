using Ppec.Contracts.Changes;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>
/// A client of one PPEC server. Thread-safe; keep one for as long as the program talks to that server.
/// Every change carries an idempotency key, so that a call repeated after a lost answer takes effect once.
/// </summary>
public sealed class PpecClient : IDisposable
{
    readonly Transport _transport;

    /// <summary>A client of the server that <paramref name="options"/> name. Nothing is sent yet.</summary>
    public PpecClient(PpecClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _transport = new Transport(options);
        Machines = new(_transport);
        Operations = new(_transport);
        Events = new(_transport);
        Regions = new(_transport);
        Racks = new(_transport);
        Profiles = new(_transport);
        Images = new(_transport);
        Site = new(_transport);
        Filters = new(_transport);
        Tags = new(_transport);
        Disks = new(_transport);
        Audit = new(_transport);
        Webhooks = new(_transport);
        Alerts = new(_transport);
        Logs = new(_transport);
        Session = new(_transport);
        Users = new(_transport);
        Groups = new(_transport);
        Roles = new(_transport);
        Grants = new(_transport);
        Owners = new(_transport);
        Policies = new(_transport);
        Credentials = new(_transport);
        Changes = new(_transport);
    }

    /// <summary>A client of <paramref name="server"/> with the credential <c>ppec_…</c>.</summary>
    public PpecClient(Uri server, string credential) : this(new PpecClientOptions { Server = server, Credential = credential }) { }

    /// <summary>Physical servers.</summary>
    public MachinesClient Machines { get; }

    /// <summary>Durable work, and waiting for it.</summary>
    public OperationsClient Operations { get; }

    /// <summary>The feed: every event, in order, from any position.</summary>
    public EventsClient Events { get; }

    /// <summary>Sites.</summary>
    public RegionsClient Regions { get; }

    /// <summary>Cabinets.</summary>
    public RacksClient Racks { get; }

    /// <summary>Hardware that was ordered.</summary>
    public ProfilesClient Profiles { get; }

    /// <summary>Operating-system images.</summary>
    public ImagesClient Images { get; }

    /// <summary>Everything in a file: import and export.</summary>
    public SiteClient Site { get; }

    /// <summary>Filters saved under a name.</summary>
    public FiltersClient Filters { get; }

    /// <summary>Tag keys and what holds for them.</summary>
    public TagsClient Tags { get; }

    /// <summary>Disks by serial, and finding anything by what names it.</summary>
    public DisksClient Disks { get; }

    /// <summary>Who did what, and that the log is the one that was written.</summary>
    public AuditClient Audit { get; }

    /// <summary>Where facts are sent to, signed and in order.</summary>
    public WebhooksClient Webhooks { get; }

    /// <summary>What wants a person.</summary>
    public AlertsClient Alerts { get; }

    /// <summary>Lines of operations, agents and boots.</summary>
    public LogsClient Logs { get; }

    /// <summary>Coming, going, and who one is.</summary>
    public SessionClient Session { get; }

    /// <summary>Persons and service accounts.</summary>
    public UsersClient Users { get; }

    /// <summary>Users who are granted things together.</summary>
    public GroupsClient Groups { get; }

    /// <summary>Sets of permissions.</summary>
    public RolesClient Roles { get; }

    /// <summary>Who has which role where.</summary>
    public GrantsClient Grants { get; }

    /// <summary>Teams that things belong to, and their quotas.</summary>
    public OwnersClient Owners { get; }

    /// <summary>Which commands need a second person.</summary>
    public PoliciesClient Policies { get; }

    /// <summary>Tokens, scoped and expiring.</summary>
    public CredentialsClient Credentials { get; }

    /// <summary>Commands that await a second person, and what became of them.</summary>
    public ChangesClient Changes { get; }

    /// <summary>
    /// What a change would do now; nothing is changed: <c>await client.PlanAsync(o => client.Machines.TagAsync(id, tags, options: o))</c>.
    /// Give the plan's hash as <see cref="MutationOptions.PlanHash"/> to do exactly that.
    /// </summary>
    public static async Task<Answer<Plan>> PlanAsync(Func<MutationOptions, Task> change, MutationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(change);
        try
        {
            await change((options ?? new()) with { PlanOnly = true });
        }
        catch (PlannedException planned)
        {
            return planned.Plan;
        }
        throw new InvalidOperationException("The call did not pass on the options it was given: it was carried out.");
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _transport.Dispose();
}
