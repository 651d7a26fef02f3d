using Ppec.Cli.Output;
using Ppec.Contracts.Regions;
using Ppec.Sdk;

namespace Ppec.Cli.Places;

/// <summary><c>ppec region</c>.</summary>
static class RegionVerbs
{
    public static Verb Build(Shell shell) => new Verb("region", "Regions: data centres or sites.", "ppec region list").Under(List(shell), Show(shell), Create(shell), Set(shell)).Under(PastVerbs.Of(shell, "region", "blr1", call => call.Client.Regions));

    static Verb List(Shell shell) => new Verb("list", "List regions.", "ppec region list -o name")
        .With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Regions, Table, region => region.Id));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one region.", "ppec region show blr1");
        var id = verb.Takes("region", "The region's id.");
        return verb.With(shell.Options.Reading).Does(shell, async call => Show(call, await call.Client.Regions.GetAsync(call.Get(id), null, call.Cancellation)));
    }

    static Verb Create(Shell shell)
    {
        var verb = new Verb("create", "Add a region.", "ppec region create blr1 --description 'Bengaluru, first hall'");
        var id = verb.Takes("region", "Its id, a short slug.");
        var description = verb.Has<string?>("--description", "TEXT", "What it is, for people.");
        return verb.With(shell.Options.Recording).With(shell.Options.Reading).Does(shell, async call =>
            Show(call, await call.Client.Regions.CreateAsync(new(call.Get(id), call.Get(description) ?? ""), call.Mutation(), call.Cancellation)));
    }

    static Verb Set(Shell shell)
    {
        var verb = new Verb("set", "Describe a region.", "ppec region set blr1 --description 'Bengaluru, both halls'");
        var id = verb.Takes("region", "The region's id.");
        var description = verb.Has<string>("--description", "TEXT", "What it is, for people.", required: true);
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            Show(call, await call.Client.Regions.SetAsync(call.Get(id), new(call.Get(description)!), call.Mutation(), call.Cancellation)));
    }

    static int Show(Call call, Answer<RegionView> answer) => call.Show(answer, (region, wide) => [Table([region], wide)], region => [region.Id]);

    static Sheet Table(IEnumerable<RegionView> regions, bool wide)
    {
        var sheet = new Sheet(null, "ID", "DESCRIPTION", "CREATED");
        foreach (var region in regions) sheet.Add(region.Id, region.Description, Words.Time(region.CreatedAt));
        return sheet;
    }
}
