using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ppec.Contracts;
using Ppec.Contracts.Events;
using Ppec.Domain.Access;
using Ppec.Domain.Alerts;
using Ppec.Domain.Feeds;
using Ppec.Domain.Changes;
using Ppec.Domain.Filters;
using Ppec.Domain.Images;
using Ppec.Domain.Machines;
using Ppec.Domain.Operations;
using Ppec.Domain.Operations.Parents;
using Ppec.Domain.Profiles;
using Ppec.Domain.Racks;
using Ppec.Domain.Regions;
using Ppec.Domain.Tags;
using Ppec.Domain.Webhooks;

namespace Ppec.Stores.Codec;

/// <summary>
/// Every name in the log. Names are for ever: a field is added as optional; anything else is a new version with an upcaster,
/// and a sample of the old one kept under <c>tests/Stores.Conformance/samples</c>.
/// </summary>
public static class EventNames
{
    public static EventCodec Codec() => new EventRegistry()
        // access
        .Add<CredentialIssued>("credential.issued.v1")
        .Add<CredentialRotated>("credential.rotated.v1")
        .Add<CredentialRevoked>("credential.revoked.v1")
        .Add<Founded>("access.founded.v1")
        .Add<Recovered>("access.recovered.v1")
        .Add<UserCreated>("access.user-created.v1")
        .Add<MailSet>("access.mail-set.v1")
        .Add<UserSet>("access.user-set.v1")
        .Add<PasswordSet>("access.password-set.v1")
        .Add<GroupSet>("access.group-set.v1")
        .Add<GroupDeleted>("access.group-deleted.v1")
        .Add<RoleSet>("access.role-set.v1")
        .Add<RoleDeleted>("access.role-deleted.v1")
        .Add<Granted>("access.granted.v1")
        .Add<GrantRevoked>("access.grant-revoked.v1")
        .Add<OwnerSet>("access.owner-set.v1")
        .Add<OwnerDeleted>("access.owner-deleted.v1")
        .Add<PolicySet>("access.policy-set.v1")
        .Add<PolicyDeleted>("access.policy-deleted.v1")
        // the second person
        .Add<ChangeOpened>("change.opened.v1")
        .Add<ChangeNearsExpiry>("change.nears-expiry.v1")
        .Add<ChangeApproved>("change.approved.v1")
        .Add<QuorumReached>("change.quorum-reached.v1")
        .Add<ChangeRejected>("change.rejected.v1")
        .Add<ChangeWithdrawn>("change.withdrawn.v1")
        .Add<ChangeExpired>("change.expired.v1")
        .Add<ChangeRecorded>("change.recorded.v1")
        .Add<ChangeReviewed>("change.reviewed.v1")
        // names
        .Add<NameTaken>("claim.taken.v1")
        .Add<NameReleased>("claim.released.v1")
        // filters and tags
        .Add<FilterSaved>("filter.saved.v1")
        .Add<FilterDeleted>("filter.deleted.v1")
        .Add<TagKeySet>("tag.set.v1")
        .Add<TagKeyDeleted>("tag.deleted.v1")
        // who is told
        .Add<PositionReached>("follower.position-reached.v1")
        .Add<WebhookCreated>("webhook.created.v1")
        .Add<WebhookSet>("webhook.set.v1")
        .Add<WebhookDeleted>("webhook.deleted.v1")
        .Add<WebhookTested>("webhook.tested.v1")
        .Add<AlertFired>("alert.fired.v1")
        .Add<AlertAcknowledged>("alert.acknowledged.v1")
        .Add<AlertResolved>("alert.resolved.v1")
        .Add<AlertSilenced>("alert.silenced.v1")
        // places
        .Add<RegionCreated>("region.created.v1")
        .Add<RackCreated>("rack.created.v1")
        .Add<UnitsOccupied>("rack.units-occupied.v1")
        .Add<UnitsVacated>("rack.units-vacated.v1")
        .Add<RegionDescribed>("region.described.v1")
        .Add<RackDescribed>("rack.described.v1")
        .Add<RackRetired>("rack.retired.v1")
        // what is ordered and installed
        .Add<ProfileVersionCreated>("profile.version-created.v1")
        .Add<ImageRegistered>("image.registered.v1")
        .Add<ImageVersionDeprecated>("image.version-deprecated.v1")
        // machines
        .Add<MachineRacked>("machine.racked.v1")
        .Add<MachineEnlisted>("machine.enlisted.v1")
        .Add<MachineAccepted>("machine.accepted.v1")
        .Add<MachineMerged>("machine.merged.v1")
        .Add<MachineRejected>("machine.rejected.v1")
        .Add<MachineDescribed>("machine.described.v1")
        .Add<MachineMoved>("machine.moved.v1")
        .Add<MachineBmcSet>("machine.bmc-set.v1")
        .Add<PasswordPending>("machine.password-pending.v1")
        .Add<MachineRekeyed>("machine.rekeyed.v1")
        .Add<MachineHeld>("machine.held.v1")
        .Add<MachineUnheld>("machine.unheld.v1")
        .Add<MachineReserved>("machine.reserved.v1")
        .Add<MachineFreed>("machine.freed.v1")
        .Add<MachineTagged>("machine.tagged.v1")
        .Add<GapWaived>("machine.gap-waived.v1")
        .Add<PartReplaced>("machine.part-replaced.v1")
        .Add<DriftNoted>("machine.drift-noted.v1")
        .Add<DriftCleared>("machine.drift-cleared.v1")
        .Add<InspectionStarted>("machine.inspection-started.v1")
        .Add<ProvisioningStarted>("machine.provisioning-started.v1")
        .Add<ReimagingStarted>("machine.reimaging-started.v1")
        .Add<ReleaseStarted>("machine.release-started.v1")
        .Add<RetirementStarted>("machine.retirement-started.v1")
        .Add<ErrandStarted>("machine.errand-started.v1")
        .Add<ErrandDone>("machine.errand-done.v1")
        .Add<DiskWritingStarted>("machine.disk-writing-started.v1")
        .Add<OperationAbandoned>("machine.operation-abandoned.v1")
        .Add<MachineInspected>("machine.inspected.v1")
        .Add<MachinePromoted>("machine.promoted.v1")
        .Add<MachineProvisioned>("machine.provisioned.v1")
        .Add<DiskWiped>("machine.disk-wiped.v1")
        .Add<MachineReleased>("machine.released.v1")
        .Add<MachineRetired>("machine.retired.v1")
        .Add<MachineUnracked>("machine.unracked.v1")
        .Add<MachineAdopted>("machine.adopted.v1")
        .Add<MaintenanceStarted>("machine.maintenance-started.v1")
        .Add<MaintenanceEnded>("machine.maintenance-ended.v1")
        // operations
        .Add<OperationStarted>("operation.started.v1")
        .Add<StepStarted>("operation.step-started.v1")
        .Add<StepSucceeded>("operation.step-succeeded.v1")
        .Add<StepFailed>("operation.step-failed.v1")
        .Add<StepRetried>("operation.step-retried.v1")
        .Add<OperationPaused>("operation.paused.v1")
        .Add<OperationResumed>("operation.resumed.v1")
        .Add<AgentConnected>("operation.agent-connected.v1")
        .Add<CancelRequested>("operation.cancel-requested.v1")
        .Add<OperationTurnedBack>("operation.turned-back.v1")
        .Add<StepUndone>("operation.step-undone.v1")
        .Add<UndoFailed>("operation.undo-failed.v1")
        .Add<OperationEnded>("operation.ended.v1")
        // operations on many things
        .Add<ParentStarted>("parent.started.v1")
        .Add<ChildrenPlanned>("parent.children-planned.v1")
        .Add<ChildrenStarted>("parent.children-started.v1")
        .Add<ChildrenEnded>("parent.children-ended.v1")
        .Add<ParentCancelRequested>("parent.cancel-requested.v1")
        .Add<ParentRetried>("parent.retried.v1")
        .Add<ParentEnded>("parent.ended.v1")
        .Build();

    static EventRegistry Add<T>(this EventRegistry registry, string name) where T : IDomainEvent =>
        registry.Event(name, (JsonTypeInfo<T>)Json.GetTypeInfo(typeof(T)));

    /// <summary>A field that this program does not know comes from a newer one, and is kept in the log whatever this one does with it.</summary>
    static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        TypeInfoResolver = new DefaultJsonTypeInfoResolver(),
        Converters = { new ImmutableArrayConverterFactory() },
    };
}
