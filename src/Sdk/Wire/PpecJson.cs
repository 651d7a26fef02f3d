using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Ppec.Contracts.Access;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Alerts;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Disks;
using Ppec.Contracts.Filters;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Hardware;
using Ppec.Contracts.Images;
using Ppec.Contracts.Logs;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Queries;
using Ppec.Contracts.Racks;
using Ppec.Contracts.Regions;
using Ppec.Contracts.Tags;
using Ppec.Contracts.Webhooks;

namespace Ppec.Sdk.Wire;

/// <summary>How values become the API's JSON and back: the only place that says so.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ListPage<MachineView>))]
[JsonSerializable(typeof(ListPage<OperationView>))]
[JsonSerializable(typeof(ListPage<RegionView>))]
[JsonSerializable(typeof(ListPage<RackView>))]
[JsonSerializable(typeof(ListPage<ProfileView>))]
[JsonSerializable(typeof(ListPage<ImageView>))]
[JsonSerializable(typeof(ListPage<HistoryEntry>))]
[JsonSerializable(typeof(ListPage<FieldChange>))]
[JsonSerializable(typeof(ListPage<FilterView>))]
[JsonSerializable(typeof(ListPage<TagView>))]
[JsonSerializable(typeof(ListPage<FoundView>))]
[JsonSerializable(typeof(ListPage<TreeHead>))]
[JsonSerializable(typeof(ListPage<WebhookView>))]
[JsonSerializable(typeof(ListPage<DeliveryView>))]
[JsonSerializable(typeof(WebhookBody))]
[JsonSerializable(typeof(WebhookSetBody))]
[JsonSerializable(typeof(WebhookMade))]
[JsonSerializable(typeof(ListPage<AlertView>))]
[JsonSerializable(typeof(SilenceBody))]
[JsonSerializable(typeof(ListPage<UserView>))]
[JsonSerializable(typeof(ListPage<GroupView>))]
[JsonSerializable(typeof(ListPage<RoleView>))]
[JsonSerializable(typeof(ListPage<GrantView>))]
[JsonSerializable(typeof(ListPage<OwnerView>))]
[JsonSerializable(typeof(ListPage<PolicyView>))]
[JsonSerializable(typeof(ListPage<CredentialView>))]
[JsonSerializable(typeof(ListPage<ChangeView>))]
[JsonSerializable(typeof(UserBody))]
[JsonSerializable(typeof(SetUserBody))]
[JsonSerializable(typeof(PasswordBody))]
[JsonSerializable(typeof(MailBody))]
[JsonSerializable(typeof(GroupBody))]
[JsonSerializable(typeof(RoleBody))]
[JsonSerializable(typeof(GrantBody))]
[JsonSerializable(typeof(OwnerBody))]
[JsonSerializable(typeof(PolicyBody))]
[JsonSerializable(typeof(CredentialBody))]
[JsonSerializable(typeof(RotateBody))]
[JsonSerializable(typeof(CredentialMade))]
[JsonSerializable(typeof(SignInBody))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(TokenSignInBody))]
[JsonSerializable(typeof(IdentityProviderView))]
[JsonSerializable(typeof(WhoAmI))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(ApproveBody))]
[JsonSerializable(typeof(RejectChangeBody))]
[JsonSerializable(typeof(ReviewBody))]
[JsonSerializable(typeof(UndoBody))]
[JsonSerializable(typeof(ChangeNow))]
[JsonSerializable(typeof(LogPage))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(DiskRecord))]
[JsonSerializable(typeof(InclusionProof))]
[JsonSerializable(typeof(ConsistencyProof))]
[JsonSerializable(typeof(DiskView))]
[JsonSerializable(typeof(FilterBody))]
[JsonSerializable(typeof(TagKeyBody))]
[JsonSerializable(typeof(EventPage))]
[JsonSerializable(typeof(OperationLog))]
[JsonSerializable(typeof(Plan))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(RackMachineBody))]
[JsonSerializable(typeof(ProvisionSpec))]
[JsonSerializable(typeof(HoldBody))]
[JsonSerializable(typeof(UnholdBody))]
[JsonSerializable(typeof(TagBody))]
[JsonSerializable(typeof(PowerView))]
[JsonSerializable(typeof(AcceptBody))]
[JsonSerializable(typeof(RejectBody))]
[JsonSerializable(typeof(SetMachineBody))]
[JsonSerializable(typeof(ReimageBody))]
[JsonSerializable(typeof(MaintainBody))]
[JsonSerializable(typeof(AdoptBody))]
[JsonSerializable(typeof(RekeyBody))]
[JsonSerializable(typeof(WaiveBody))]
[JsonSerializable(typeof(RepairBody))]
[JsonSerializable(typeof(DestroyedBody))]
[JsonSerializable(typeof(SwitchBody))]
[JsonSerializable(typeof(BmcBody))]
[JsonSerializable(typeof(SetRackBody))]
[JsonSerializable(typeof(SetRegionBody))]
[JsonSerializable(typeof(CancelBody))]
[JsonSerializable(typeof(ManyMachinesBody))]
[JsonSerializable(typeof(ProvisionManyBody))]
[JsonSerializable(typeof(RackManyBody))]
[JsonSerializable(typeof(RegionBody))]
[JsonSerializable(typeof(RackBody))]
[JsonSerializable(typeof(ProfileBody))]
[JsonSerializable(typeof(ImageBody))]
sealed partial class PpecJson : JsonSerializerContext
{
    /// <summary>The context to use: with the converters, which an attribute cannot name.</summary>
    public static PpecJson Api { get; } = new(WithConverters());

    static JsonSerializerOptions WithConverters()
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        };
        JsonConverter[] converters =
        [
            new SecretOnTheWire(),
            new JsonStringEnumConverter<HealthStatus>(JsonNamingPolicy.KebabCaseLower),
            // Named one by one, since a factory over any element type cannot be compiled ahead of time.
            new ListConverter<string>(), new ListConverter<DestroyedDisk>(),
            new ListConverter<HoldView>(), new ListConverter<WaiverView>(), new ListConverter<RepairView>(), new ListConverter<DiskWipe>(), new ListConverter<Gap>(),
            new ListConverter<Cpu>(), new ListConverter<Dimm>(), new ListConverter<Disk>(), new ListConverter<Nic>(), new ListConverter<PciDevice>(),
            new ListConverter<NumaNode>(), new ListConverter<HealthCheck>(),
            new ListConverter<FieldChange>(), new ListConverter<FieldProblem>(), new ListConverter<PlanEffect>(), new ListConverter<PlanInput>(),
            new ListConverter<StepView>(), new ListConverter<LogLine>(), new ListConverter<EventView>(), new ListConverter<RackSlot>(),
            new ListConverter<DimmSpec>(), new ListConverter<DiskSpec>(), new ListConverter<NicSpec>(), new ListConverter<FirmwareSpec>(),
            new ListConverter<MachineView>(), new ListConverter<OperationView>(), new ListConverter<RegionView>(), new ListConverter<RackView>(),
            new ListConverter<FilterView>(), new ListConverter<TagView>(), new ListConverter<FoundView>(), new ListConverter<DiskStay>(), new ListConverter<DiskWipeView>(),
            new ListConverter<WebhookView>(), new ListConverter<DeliveryView>(), new ListConverter<AlertView>(), new ListConverter<LogEntry>(),
            new ListConverter<TreeHead>(), new ListConverter<AuditRow>(), new ListConverter<AuditEvent>(), new ListConverter<WipeRecord>(),
            new ListConverter<StageView>(), new ListConverter<ApprovalView>(), new ListConverter<ChildView>(), new ListConverter<RackMachineBody>(),
            new ListConverter<UserView>(), new ListConverter<GroupView>(), new ListConverter<RoleView>(), new ListConverter<GrantView>(), new ListConverter<OwnerView>(), new ListConverter<PolicyView>(), new ListConverter<CredentialView>(), new ListConverter<ChangeView>(),
            new ListConverter<ProfileView>(), new ListConverter<ImageView>(), new ListConverter<HistoryEntry>(),
        ];
        foreach (var converter in converters) options.Converters.Add(converter);
        return options;
    }
}

/// <summary>A problem document (RFC 9457) as the API writes it.</summary>
sealed record ProblemDocument(string? Title, int? Status, string? Detail, string? Code, ImmutableArray<FieldProblem> Errors = default);

/// <summary>Writes a secret as what it is. Contracts' own converter hides it, and this is the one way where it must not be hidden.</summary>
sealed class SecretOnTheWire : JsonConverter<SecretText>
{
    public override SecretText Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        new(reader.GetString() ?? throw new JsonException("A secret is a string."));

    public override void Write(Utf8JsonWriter writer, SecretText value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
}

/// <summary>A list that may be left out: one never set is written as empty, null is read as empty.</summary>
sealed class ListConverter<T> : JsonConverter<ImmutableArray<T>>
{
    public override bool HandleNull => true;

    public override ImmutableArray<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Null) return [];
        if (reader.TokenType != JsonTokenType.StartArray) throw new JsonException("A list was expected.");
        var items = ImmutableArray.CreateBuilder<T>();
        var type = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            items.Add(JsonSerializer.Deserialize(ref reader, type) ?? throw new JsonException("A list holds no null."));
        return items.DrainToImmutable();
    }

    public override void Write(Utf8JsonWriter writer, ImmutableArray<T> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (var item in value.IsDefault ? [] : value)
            JsonSerializer.Serialize(writer, item, options.GetTypeInfo(typeof(T)));
        writer.WriteEndArray();
    }
}
