using Ppec.Contracts.Changes;
using Ppec.Contracts.Operations;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Regions, racks, profiles and machines as a file, in and out. Formats: <c>csv</c>, <c>yaml</c>, and <c>netbox</c> (JSON as NetBox shows it).</summary>
public sealed class SiteClient
{
    readonly Transport _transport;

    internal SiteClient(Transport transport) => _transport = transport;

    /// <summary>What an import would do, or each row that is wrong with its line. Changes nothing.</summary>
    public async Task<Answer<Plan>> PlanImportAsync(ReadOnlyMemory<byte> file, string format, CancellationToken cancellation = default) =>
        (await _transport.AskAsync(Import(format).Query("plan", "true"), Payload.Bytes(file, Type(format)), cancellation)).As(PpecJson.Api.Plan);

    /// <summary>Starts an import: every row, or no machine.</summary>
    public async Task<Answer<OperationView>> ImportAsync(ReadOnlyMemory<byte> file, string format, MutationOptions? options = null, CancellationToken cancellation = default) =>
        (await _transport.ChangeAsync(Import(format), Payload.Bytes(file, Type(format)), options, cancellation)).As(PpecJson.Api.OperationView);

    /// <summary>Everything that an import takes. Passwords are never in it.</summary>
    /// <param name="format">The format.</param>
    /// <param name="noun">Only <c>regions</c>, <c>racks</c>, <c>profiles</c> or <c>machines</c>; null = all.</param>
    /// <param name="filter">Only machines that match, and what they need.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    public async Task<ReadOnlyMemory<byte>> ExportAsync(string format, string? noun = null, string? filter = null, CancellationToken cancellation = default) =>
        (await _transport.ReadAsync(new PathText("api/v1/export").Query("format", format).Query("noun", noun).Query("filter", filter), cancellation)).Body;

    static PathText Import(string format) => new PathText("api/v1/import").Query("format", format);

    static string Type(string format) => format switch { "csv" => "text/csv", "netbox" => "application/json", _ => "application/yaml" };
}
