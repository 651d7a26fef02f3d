using System.Security.Cryptography;

namespace Ppec.Api.Tests.Requests;

/// <summary>Asking twice changes once and answers the same.</summary>
public sealed class RepeatTests(SharedNode shared)
{
    Calls Api => shared.Node.Api;

    async Task<int> Events(string stream) => (await Api.Get($"/api/v1/events?stream={stream}&limit=1000")).Is(200).Items.Count(e => (string)e!["stream"]! == stream);

    [Fact]
    public async Task The_same_key_and_body_write_once_and_answer_the_same()
    {
        var (rack, serial, key) = (await Api.Rack(), Things.New("SN"), Things.New("key"));
        object body = new { serial, rack, unit = 1, macs = new[] { $"52:54:00:bb:00:{Random.Shared.Next(256):x2}" }, bmc = new { address = $"https://{serial}.example", user = "u", password = "p" } };
        var first = (await Api.Post("/api/v1/machines", body, "Idempotency-Key", key)).Is(201);
        var second = (await Api.Post("/api/v1/machines", body, "Idempotency-Key", key)).Is(201);
        Assert.Equal((first.Text, first.Header("Location"), first.Header("Ppec-Position"), first.ETag), (second.Text, second.Header("Location"), second.Header("Ppec-Position"), second.ETag));
        Assert.Equal(1, await Events($"machine-{serial.ToLowerInvariant()}"));
        (await Api.Post("/api/v1/machines", new { serial, rack, unit = 2 }, "Idempotency-Key", key)).Is(422, "idempotency-key-reused");
        Assert.Equal(1, await Events($"machine-{serial.ToLowerInvariant()}"));
        Assert.Equal(1, (int)(await Api.Get($"/api/v1/racks/{rack}")).Is(200).Json["slots"]![0]!["unit"]!);
    }

    [Fact]
    public async Task The_same_key_answers_the_same_also_when_things_have_moved_on()
    {
        var (rack, key, name) = (await Api.Rack(), Things.New("key"), Things.New("profile"));
        var id = await Api.Machine(rack, 1);
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" }, "Idempotency-Key", key)).Is(200);
        (await Api.Post($"/api/v1/machines/{id}/unhold", new { })).Is(200);
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "x" }, "Idempotency-Key", key)).Is(200);
        Assert.Empty((await Api.Show(id))["holds"]!.AsArray());
        Assert.Equal(3, await Events($"machine-{id}"));

        (await Api.Post("/api/v1/profiles", new { name, spec = new { memoryMiB = 1 } }, "Idempotency-Key", key + "p")).Is(201);
        (await Api.Post("/api/v1/profiles", new { name, spec = new { memoryMiB = 2 } })).Is(201);
        Assert.Equal($"{name}-v1", (string?)(await Api.Post("/api/v1/profiles", new { name, spec = new { memoryMiB = 1 } }, "Idempotency-Key", key + "p")).Is(201).Json["id"]);
    }

    [Fact]
    public async Task A_refusal_is_not_remembered()
    {
        var (rack, serial, key) = (await Api.Rack(), Things.New("SN"), Things.New("key"));
        (await Api.Post("/api/v1/machines", new { serial, rack, unit = 43 }, "Idempotency-Key", key)).Is(409);
        (await Api.Post("/api/v1/machines", new { serial, rack, unit = 4 }, "Idempotency-Key", key)).Is(201);
    }

    [Fact]
    public async Task Without_a_key_each_request_is_its_own_and_the_same_wish_still_writes_once()
    {
        var (rack, serial) = (await Api.Rack(), Things.New("SN"));
        object body = new { serial, rack, unit = 7, bmc = new { address = $"https://{serial}.example", user = "u", password = "p" } };
        (await Api.Post("/api/v1/machines", body)).Is(201);
        (await Api.Post("/api/v1/machines", body)).Is(201);
        Assert.Equal(1, await Events($"machine-{serial.ToLowerInvariant()}"));
        (await Api.Post("/api/v1/machines", new { serial, rack, unit = 7, bmc = new { address = $"https://{serial}.example", user = "u", password = "another" } })).Is(409, "machine-exists");
        var id = serial.ToLowerInvariant();
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "a" })).Is(200);
        (await Api.Post($"/api/v1/machines/{id}/hold", new { reason = "b" })).Is(200);
        Assert.Equal(3, await Events($"machine-{id}"));
    }

    [Fact]
    public async Task A_hundred_at_once_with_one_key_write_once()
    {
        var (rack, serial, key) = (await Api.Rack(), Things.New("SN"), Things.New("key"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Api.Post("/api/v1/machines", new { serial, rack, unit = 3 }, "Idempotency-Key", key)));
        Assert.All(answers, a => a.Is(201));
        Assert.Single(answers.Select(a => a.Header("Ppec-Position")).Distinct());
        Assert.Equal(1, await Events($"machine-{serial.ToLowerInvariant()}"));
    }

    [Fact]
    public async Task One_unit_is_given_once_however_many_ask_at_once()
    {
        var rack = await Api.Rack();
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => Api.Post("/api/v1/machines", new { serial = Things.New("RACE"), rack, unit = 5 })));
        Assert.Single(answers, a => a.Status == 201);
        Assert.All(answers.Where(a => a.Status != 201), a => a.Is(409, "rack-unit-taken"));
        Assert.Single((await Api.Get($"/api/v1/racks/{rack}")).Is(200).Json["slots"]!.AsArray());
    }

    [Fact]
    public async Task A_region_and_a_rack_created_twice_are_one()
    {
        var id = Things.New("reg");
        (await Api.Post("/api/v1/regions", new { id, description = "d" })).Is(201);
        (await Api.Post("/api/v1/regions", new { id, description = "d" })).Is(201);
        (await Api.Post("/api/v1/regions", new { id, description = "other" })).Is(409, "region-exists");
        (await Api.Post("/api/v1/racks", new { id = $"{id}.r1" })).Is(201);
        (await Api.Post("/api/v1/racks", new { id = $"{id}.r1" })).Is(201);
        (await Api.Post("/api/v1/racks", new { id = $"{id}.r1", units = 10 })).Is(409, "rack-exists");
    }

    [Fact]
    public async Task Content_uploaded_twice_is_kept_once()
    {
        var content = RandomNumberGenerator.GetBytes(5000);
        var path = $"/api/v1/images/content/{Convert.ToHexStringLower(SHA256.HashData(content))}";
        (await Api.Put(path, content, "Content-Type", "application/octet-stream")).Is(201);
        (await Api.Put(path, content, "Content-Type", "application/octet-stream")).Is(200);
        var both = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Api.Put(path, content, "Content-Type", "application/octet-stream")));
        Assert.All(both, b => b.Is(200));
        Assert.Single(Directory.GetFiles(Path.Combine(shared.Node.Data, "images"), $"*{path[^64..]}*"));
    }
}
