using System.Diagnostics;
using Ppec.Cli.Output;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Events;
using Ppec.Sdk;

namespace Ppec.Cli.Audit;

/// <summary><c>ppec audit verify</c>: everything is computed here, and the server is believed in nothing.</summary>
static class VerifyVerb
{
    static readonly TimeSpan TellEvery = TimeSpan.FromSeconds(2);

    public static Verb Build(Shell shell)
    {
        var verb = new Verb("verify", "Read the whole log and prove it: every chain, the order, and the tree against every signed head. With --proof, check one event's proof without a server.",
            "ppec audit verify --head kept.json --key heads.pub", "ppec audit verify --proof proof.json --head kept.json --key heads.pub");
        var head = verb.Has<string?>("--head", "FILE", "Signed heads that were kept elsewhere: what an anchor got, or ppec audit heads -o json.");
        var proof = verb.Has<string?>("--proof", "FILE", "Check this proof against --head, and ask no server.");
        var key = verb.Has<string?>("--key", "FILE", "The public key in PEM with which every head must be signed.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
        {
            var known = call.Get(key) is { } file ? Files.Key(file) : default(ReadOnlyMemory<byte>?);
            TreeHead[] kept = call.Get(head) is { } heads ? [.. Files.Heads(heads)] : [];
            if (call.Get(proof) is not { } proven) return await WholeAsync(call, kept, known);
            return kept.Length > 0 ? Offline(call, Files.Proof(proven), kept, known) : throw new UsageException("A proof is checked against a signed head: give --head FILE.");
        });
    }

    static int Offline(Call call, InclusionProof proof, TreeHead[] kept, ReadOnlyMemory<byte>? key)
    {
        var head = kept.FirstOrDefault(h => h.Size == proof.Size) ?? kept[^1];
        if (proof.Fault(head, key) is { } fault) throw new LogFaultException($"The proof does not hold: {fault}.");
        return Show(call, new Sheet(null).Fact("Proven", $"version {proof.Event.Version} of {proof.Event.Stream} is event number {proof.Index + 1:N0} of {proof.Size:N0}").Fact("Event", proof.Event.Type), head, key,
            writer =>
            {
                writer.WriteString("stream", proof.Event.Stream);
                writer.WriteNumber("version", proof.Event.Version);
                writer.WriteString("type", proof.Event.Type);
                writer.WriteNumber("index", proof.Index);
                writer.WriteNumber("size", proof.Size);
            });
    }

    static async Task<int> WholeAsync(Call call, TreeHead[] kept, ReadOnlyMemory<byte>? key)
    {
        var own = await call.Client.Audit.AllHeadsAsync(call.Cancellation); // before the log: what they are of is in it
        var (verifier, told) = (new LogVerifier(own, kept, key), Stopwatch.GetTimestamp());
        await verifier.CheckAll(call.Client.Audit.LogAsync(LogPosition.Start, call.Cancellation), reached: events =>
        {
            if (Stopwatch.GetElapsedTime(told) < TellEvery) return;
            told = Stopwatch.GetTimestamp();
            call.Screen.Say($"{events:N0} events verified…");
        });
        var sheet = new Sheet(null)
            .Fact("Verified", $"{verifier.Events:N0} events in {verifier.Streams:N0} streams: every chain whole, every event in its place")
            .Fact("Heads", verifier.Agreed > 0 ? $"{verifier.Agreed:N0} agree, {kept.Length:N0} of them kept elsewhere" : new Cell("none is signed yet: only the chains were compared, and those can be computed anew", Tone.Busy));
        return Show(call, sheet, verifier.Newest, key, writer =>
        {
            writer.WriteNumber("events", verifier.Events);
            writer.WriteNumber("streams", verifier.Streams);
            writer.WriteNumber("heads", verifier.Agreed);
        });
    }

    static int Show(Call call, Sheet sheet, TreeHead? head, ReadOnlyMemory<byte>? key, Action<System.Text.Json.Utf8JsonWriter> facts)
    {
        if (head is not null)
            sheet.Fact("Signed", $"{Words.Time(head.Time)}, {head.Size:N0} events, root {head.Root}")
                .Fact("Key", key is null ? new($"{head.KeyFingerprint()}; compare it, or give --key", Tone.Busy) : new(head.KeyFingerprint(), Tone.Good));
        var json = JsonText.Compose(writer =>
        {
            writer.WriteStartObject();
            facts(writer);
            writer.WriteString("root", head?.Root);
            writer.WriteString("signedAt", head is null ? null : Words.Time(head.Time));
            writer.WriteString("key", head?.KeyFingerprint());
            writer.WriteEndObject();
        });
        return call.Show(new Answer<Sheet>(sheet, json), (shown, _) => [shown], _ => [head?.Root ?? ""]);
    }
}
