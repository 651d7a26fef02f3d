using System.Globalization;
using System.Net;
using Orleans.Concurrency;
using Ppec.Contracts.Access;
using Ppec.Contracts.Agents;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Logs;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.Grains.Access;

namespace Ppec.Grains.Gate;

/// <summary>Boot scripts, agents and beacons. What a machine may do follows from its own grain's state, never from a projection.</summary>
[StatelessWorker(256), Reentrant]
public sealed class MachineGateGrain(Tickets tickets, PpecOptions options, TimeProvider time) : Grain, IMachineGateGrain
{
    static readonly TimeSpan EnlistLife = TimeSpan.FromMinutes(30);

    public async Task<BootAnswer> Boot(string mac, string uuid, string serial, string sourceAddress)
    {
        var machine = await Known(mac, serial);
        if (options.Observe)
        {
            Asked(machine, sourceAddress);
            return new(null, machine);
        }
        var decision = machine is null ? new(BootSource.Unknown, null) : await GrainFactory.GetGrain<IMachineGrain>(machine).DecideBoot();
        if (decision.Source == BootSource.Disk) Asked(machine, sourceAddress);
        Note(machine, decision, mac, serial, sourceAddress);
        return decision switch
        {
            { Source: BootSource.Pious, Operation: { } operation } => new(await GrainFactory.GetGrain<IOperationGrain>(operation).MintBootToken(), machine),
            // A name that is taken for a machine not yet racked (a list is being brought in) is no stranger's.
            { Source: BootSource.Unknown } when machine is null && Enlists(sourceAddress) && !MachineId.IsPlaceholder(serial) => new(tickets.Mint(Tickets.Enlist, "none", EnlistLife), null),
            _ => new(null, machine),
        };
    }

    public async Task<AgentAnswer<SessionGranted>> Connect(SessionRequest request, string sourceAddress)
    {
        if (options.Observe) return new(null, Observing.Refusal);
        if (tickets.Open(request.Token) is not { } ticket) return new(null, Refused);
        if (Wrong(request) is { } wrong) return new(null, wrong);
        return ticket.Purpose switch
        {
            Tickets.Boot => await GrainFactory.GetGrain<IOperationGrain>(ticket.Operation).Connect(request),
            Tickets.Enlist => await Enlist(request.Evidence, ticket.Id, sourceAddress),
            _ => new(null, Refused),
        };
    }

    public Task<AgentAnswer<AgentTask>> NextTask(string credential, TimeSpan wait) =>
        ByCredential(credential, operation => operation.NextTask(credential, wait));

    public Task<AgentAnswer<string>> Progress(string credential, string task, TaskProgress progress) =>
        ByCredential(credential, operation => operation.Progress(credential, task, progress));

    public Task<AgentAnswer<string>> Result(string credential, string task, TaskResult result) =>
        ByCredential(credential, operation => operation.Result(credential, task, result));

    public async Task<AgentAnswer<string>> Beacon(Beacon beacon, string sourceAddress) =>
        tickets.Read(beacon.Token) is not { Purpose: Tickets.FirstBoot } ticket ? new(null, Refused)
            : Wrong(beacon) is { } wrong ? new(null, wrong)
            : await GrainFactory.GetGrain<IOperationGrain>(ticket.Operation).Beacon(beacon, sourceAddress);

    public async Task<Problem?> MayFetchImage(string credential, string sha256)
    {
        var task = await NextTask(credential, TimeSpan.Zero);
        return task switch
        {
            { Problem: { } problem } => problem,
            { Value.Work: InstallImage install } when install.Plan.Image.Sha256 == sha256 => null,
            _ => new(ProblemCodes.Forbidden, "This agent installs another image, or none."),
        };
    }

    static Problem Refused => new(ProblemCodes.BootTokenRefused, "This token is not one of ours, or it has expired.");

    async Task<AgentAnswer<T>> ByCredential<T>(string credential, Func<IOperationGrain, Task<AgentAnswer<T>>> ask) where T : class =>
        options.Observe ? new(null, Observing.Refusal)
            : Tokens.Parse(credential) is { Kind: "agt" } parsed
            ? await ask(GrainFactory.GetGrain<IOperationGrain>(parsed.Id))
            : new(null, new(ProblemCodes.Unauthenticated, "An agent's credential is needed here."));

    /// <summary>By MAC, which has one owner; otherwise by the serial that its id comes from.</summary>
    async Task<string?> Known(string mac, string serial)
    {
        if (mac.Length > 0 && await GrainFactory.GetGrain<IClaimGrain>($"mac:{mac}").Owner() is { } owner) return owner;
        var id = MachineId.IsPlaceholder(serial) ? "" : MachineId.Of(serial);
        for (var (n, candidate) = (2, id); id.Length > 0; candidate = $"{id}~{n++}")
            switch (await GrainFactory.GetGrain<IMachineGrain>(candidate).Read())
            {
                case null: return null;
                case { Stage: not "retired" } view: return view.Id;
            }
        return null;
    }

    /// <summary>
    /// A machine that asks is on, whether it should be or not. Nobody waits for the note, and anybody on the network may have asked in its name: it is
    /// noted, it starts nothing, and the next look at its BMC puts it right.
    /// </summary>
    void Asked(string? machine, string sourceAddress)
    {
        if (machine is null) return;
        var now = time.GetUtcNow();
        GrainFactory.GetGrain<IMachineGrain>(machine).Execute(new RecordBootRequest(machine) { At = now },
            new("agent:" + machine, "none", sourceAddress, $"boot/{machine}/{Guid.NewGuid():N}", "")).Ignore();
    }

    /// <summary>What was asked and answered. What it says of itself is a stranger's word: control characters become harmless, and it is short.</summary>
    void Note(string? machine, BootDecision decision, string mac, string serial, string sourceAddress)
    {
        var said = string.Create(CultureInfo.InvariantCulture, $"{sourceAddress} (MAC {mac}, serial {serial}) asked what to boot: {decision.Source switch { BootSource.Pious => "PIOUS", BootSource.Disk => "its disk", _ => "it is not known" }}");
        var text = string.Concat(said.Take(500).Select(c => char.IsControl(c) ? ' ' : c));
        GrainFactory.GetGrain<ILogBookGrain>(0).Keep([new(0, time.GetUtcNow(), "info", "boot", machine, decision.Operation, text)]).Ignore();
    }

    bool Enlists(string sourceAddress) =>
        IPAddress.TryParse(sourceAddress, out var address) && options.EnlistFrom.Any(n => n.Contains(address));

    /// <summary>The machine becomes known and waits for a person; there is nothing more for PIOUS to do.</summary>
    async Task<AgentAnswer<SessionGranted>> Enlist(MachineEvidence evidence, string ticket, string sourceAddress)
    {
        if (MachineId.IsPlaceholder(evidence.Serial)) return new(null, new(ProblemCodes.MachineSerialRefused, $"'{evidence.Serial}' is a placeholder, not a serial number."));
        var id = MachineId.Of(evidence.Serial);
        var outcome = await GrainFactory.GetGrain<IMachineGrain>(id).Execute(
            new EnlistMachine(id, evidence) { At = time.GetUtcNow() }, new("agent:enlist", "boot-token", sourceAddress, $"enlist/{ticket}", ""));
        return new(null, outcome.Problem ?? new(ProblemCodes.MachineNotAccepted, $"{id} is enlisted and waits to be accepted: power off."));
    }

    /// <summary>What firmware says is hostile input until it has a shape.</summary>
    static Problem? Wrong(SessionRequest request)
    {
        if (request.Nonce is not { Length: >= 22 and <= 128 } nonce || !nonce.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            return Problem.Invalid("nonce", "The nonce is 22 to 128 random characters of A-Z, a-z, 0-9, - and _.");
        return Wrong(request.Evidence);
    }

    static Problem? Wrong(Beacon beacon)
    {
        var serials = beacon.DiskSerials.IsDefault ? [] : beacon.DiskSerials;
        return serials.Length > 1024 || serials.Append(beacon.Image).Append(beacon.Hostname).Any(Odd)
            ? Problem.Invalid("beacon", "Image, host name and disk serials are at most 255 characters with no control characters; at most 1024 disks.")
            : Wrong(beacon.Evidence);
    }

    static Problem? Wrong(MachineEvidence e) =>
        new[] { e.Serial, e.Uuid, e.BoardSerial }.Concat(e.Macs.IsDefault ? [] : e.Macs).Any(t => Odd(t) || t.Length > 128) || (!e.Macs.IsDefault && e.Macs.Length > 64)
            ? Problem.Invalid("evidence", "Serials, UUID and MACs are at most 128 characters with no control characters; at most 64 MACs.")
            : null;

    static bool Odd(string text) => text.Length > 255 || text.Any(char.IsControl);
}
