using System.Text;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Ppec.Contracts.Events;
using Ppec.Stores.Codec;
using Xunit;

namespace Ppec.Stores.Conformance.Codec;

public sealed record Promoted(string Type, int MemoryMiB) : IDomainEvent;

public sealed record Held(string Why) : IDomainEvent;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Promoted)), JsonSerializable(typeof(Held))]
sealed partial class TestJson : JsonSerializerContext;

public sealed class EventCodecTests
{
    static EventRegistry Today() => new EventRegistry()
        .Event("machine.promoted.v3", TestJson.Default.Promoted)
        .Event("machine.held.v1", TestJson.Default.Held);

    [Fact]
    public void An_event_is_written_by_its_name_and_read_back()
    {
        IEventCodec codec = Today().Build();
        var (type, data) = codec.Encode(new Promoted("big", 262_144));
        Assert.Equal("machine.promoted.v3", type);
        Assert.Equal("""{"type":"big","memoryMiB":262144}""", Encoding.UTF8.GetString(data));
        Assert.Equal(new Promoted("big", 262_144), codec.Decode(type, data));
    }

    [Fact]
    public void Old_names_are_upcast_step_by_step()
    {
        var codec = Today()
            .Upcast("machine.promoted.v1", "machine.promoted.v2", old => new JsonObject { ["type"] = old["kind"]!.DeepClone(), ["memoryGiB"] = old["memoryGiB"]!.DeepClone() })
            .Upcast("machine.promoted.v2", "machine.promoted.v3", old => new JsonObject { ["type"] = old["type"]!.DeepClone(), ["memoryMiB"] = old["memoryGiB"]!.GetValue<int>() * 1024 })
            .Build();
        Assert.Equal(new Promoted("big", 2048), codec.Decode("machine.promoted.v1", """{"kind":"big","memoryGiB":2}"""u8.ToArray()));
        Assert.Equal(new Promoted("big", 3072), codec.Decode("machine.promoted.v2", """{"type":"big","memoryGiB":3}"""u8.ToArray()));
        Assert.Equal(["machine.held.v1", "machine.promoted.v1", "machine.promoted.v2", "machine.promoted.v3"], codec.Names);
    }

    [Fact]
    public void An_unknown_name_throws_and_says_what_to_do()
    {
        var error = Assert.Throws<EventCodecException>(() => Today().Build().Decode("machine.vanished.v1", "{}"u8.ToArray()));
        Assert.Contains("machine.vanished.v1", error.Message, StringComparison.Ordinal);
        Assert.Contains("not skipped", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("machine.held.v1", "{")]
    [InlineData("machine.held.v1", "null")]
    [InlineData("machine.held.v1", "[]")]
    [InlineData("machine.held.v1", """{"why":7}""")]
    [InlineData("machine.old.v1", "[]")]
    [InlineData("machine.old.v1", "{}")]
    public void Data_that_is_not_what_its_name_promises_throws(string type, string data)
    {
        var codec = Today().Upcast("machine.old.v1", "machine.held.v1", old => new JsonObject { ["why"] = old["reason"]!.DeepClone() }).Build();
        var error = Assert.Throws<EventCodecException>(() => codec.Decode(type, Encoding.UTF8.GetBytes(data)));
        Assert.Contains(type, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_type_without_a_name_is_not_written() =>
        Assert.Throws<EventCodecException>(() => new EventRegistry().Event("machine.held.v1", TestJson.Default.Held).Build().Encode(new Promoted("big", 1)));

    [Fact]
    public void Names_and_types_are_registered_once()
    {
        Assert.Throws<ArgumentException>(() => Today().Event("machine.held.v2", TestJson.Default.Held));
        Assert.Throws<ArgumentException>(() => new EventRegistry().Event("machine.held.v1", TestJson.Default.Held).Event("machine.held.v1", TestJson.Default.Promoted));
        Assert.Throws<ArgumentException>(() => Today().Upcast("machine.held.v1", "machine.promoted.v3", o => o));
        Assert.Throws<ArgumentException>(() => Today().Upcast("machine.a.v1", "machine.held.v1", o => o).Upcast("machine.a.v1", "machine.held.v1", o => o));
        Assert.Throws<ArgumentException>(() => Today().Upcast("machine.a.v1", "machine.held.v1", o => o).Event("machine.a.v1", TestJson.Default.Held));
    }

    [Theory]
    [InlineData("machine.held"), InlineData("v1"), InlineData(".v1"), InlineData("machine.held.v0"), InlineData("machine.held.vx")]
    public void A_name_carries_its_version(string name) =>
        Assert.Throws<ArgumentException>(() => new EventRegistry().Event(name, TestJson.Default.Held));

    [Fact]
    public void Upcasts_that_lead_nowhere_or_in_a_circle_are_refused()
    {
        Assert.Throws<InvalidOperationException>(() => Today().Upcast("machine.a.v1", "machine.b.v1", o => o).Build());
        Assert.Throws<InvalidOperationException>(() => Today().Upcast("machine.a.v1", "machine.b.v1", o => o).Upcast("machine.b.v1", "machine.a.v1", o => o).Build());
    }
}
