using Ppec.Contracts.Access;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Contracts.Tags;
using Ppec.Contracts.Webhooks;

namespace Ppec.Grains.Gate;

/// <summary>Which door a command goes to.</summary>
static class Doors
{
    public static Task<Outcome> Carry(this IGrainFactory grains, Command command, Caller caller) => command switch
    {
        MachineCommand c   => grains.GetGrain<IMachineGrain>(c.Machine).Execute(c, caller),
        OperationCommand c when OperationIds.IsParent(c.Operation) => grains.GetGrain<IParentGrain>(c.Operation).Execute(c, caller),
        OperationCommand c => grains.GetGrain<IOperationGrain>(c.Operation).Execute(c, caller),
        RegionCommand c    => grains.GetGrain<IRegionGrain>(c.Region).Execute(c, caller),
        RackCommand c      => grains.GetGrain<IRackGrain>(c.Rack).Execute(c, caller),
        ProfileCommand c   => grains.GetGrain<IProfileGrain>(c.Profile).Execute(c, caller),
        ImageCommand c     => grains.GetGrain<IImageGrain>(c.Name).Execute(c, caller),
        FilterCommand c    => grains.GetGrain<IFilterGrain>(c.Name).Execute(c, caller),
        TagCommand c       => grains.GetGrain<ITagGrain>(c.Key).Execute(c, caller),
        AccessCommand c    => grains.GetGrain<IAccessGrain>(AccessCommand.Directory).Execute(c, caller),
        ChangeCommand c    => grains.GetGrain<IChangeGrain>(c.Change).Execute(c, caller),
        CredentialCommand c => grains.GetGrain<ICredentialGrain>(c.Credential).Execute(c, caller),
        WebhookCommand c   => grains.GetGrain<IWebhookGrain>(c.Webhook).Execute(c, caller),
        AlertCommand c     => grains.GetGrain<IAlertGrain>(c.Alert).Execute(c, caller),
        _                  => throw new ArgumentException($"{command.GetType().Name} has no door.", nameof(command)),
    };
}
