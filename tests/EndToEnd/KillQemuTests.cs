using System.Diagnostics;
using Ppec.Contracts.Images;
using Ppec.Contracts.Machines;
using Ppec.Contracts.Operations;
using Ppec.EndToEnd.Running;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Ppec.EndToEnd;

/// <summary>A real kernel, a real disk, and a node that is killed while PIOUS works on them.</summary>
public sealed class KillQemuTests(ITestOutputHelper output)
{
    static readonly TimeSpan OneWalk = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task A_QEMU_machine_is_inspected_provisioned_and_released_by_a_node_killed_in_the_middle_of_each()
    {
        var pious = Programs.Cached("pious/out");
        var image = Programs.Cached("images/debian-12-test");
        Assert.SkipWhen(pious is null || image is null, "PIOUS or the test image is not built: run ops/pious/build and ops/images/build debian-12-test.");
        Assert.SkipUnless(File.Exists("/usr/bin/qemu-system-x86_64") && File.Exists("/usr/sbin/libvirtd"), "QEMU or libvirt is not installed.");

        await using var site = new Site("--pious", pious, "--trusted-image-keys", Path.Combine(image, "image-signing.pub"),
            "--health-cpu", "1", "--health-memory", "32", "--health-disk", "32", "--shutdown-grace", "20");
        await site.StartNode();
        // A name of its own: a machine's UUID follows from it, and libvirt knows each UUID once.
        await File.WriteAllTextAsync(site.Under("lab.yaml"), $"machines:\n- {{ name: kill-{Guid.NewGuid().ToString("N")[..8]}, kind: qemu }}\n");
        await site.StartLab("-f", site.Under("lab.yaml"));
        try
        {
            await Walks(site, image);
        }
        finally
        {
            await site.TakeLabDown();
        }
    }

    async Task Walks(Site site, string image)
    {
        await Furnish(site, image);
        var machine = site.Machines()[0];
        await site.Client.Machines.RackAsync(new(machine.Serial, machine.Rack, machine.Unit, Profile: "qemu-v1",
            Bmc: new(machine.BmcAddress, machine.BmcUser, new(File.ReadAllText(machine.BmcPasswordFile).Trim()))));

        await Walk(site, await site.Client.Machines.InspectAsync(machine.Id), "health", "spare");
        await Walk(site, await site.Client.Machines.ProvisionAsync(machine.Id, new ProvisionSpec("debian-12-test", "web-1", "tests")), "install", "baremetal");
        await Walk(site, await site.Client.Machines.ReleaseAsync(machine.Id), "wipe", "spare");
        await site.StopNode();
        var (end, _) = await Evidence.Log(site.Data);
        output.WriteLine($"the chain of all {end} events is whole");
    }

    /// <summary>Kills the node when the operation is at <paramref name="step"/>; then it must reach its goal by itself.</summary>
    async Task Walk(Site site, Sdk.Answer<OperationView> begun, string step, string stage)
    {
        var since = Stopwatch.GetTimestamp();
        await Until(site, begun.Value.Id, o => o.Step == step || o.EndedAt is not null, $"{begun.Value.Kind} to reach {step}");
        await site.KillNode();
        var killed = Stopwatch.GetElapsedTime(since);
        await site.StartNode();
        var ended = await Until(site, begun.Value.Id, o => o.EndedAt is not null, $"{begun.Value.Kind} to end");
        var view = (await site.Client.Machines.GetAsync(begun.Value.Machine)).Value;
        output.WriteLine($"{ended.Kind}: killed at {step} after {killed.TotalSeconds:0} s; {ended.State} after {Stopwatch.GetElapsedTime(since).TotalSeconds:0} s");
        Assert.True((ended.State, view.Stage, view.Held) == ("succeeded", stage, false), $"{ended.Kind} {ended.State}, {view.Stage}: {ended.Error} {string.Join("; ", view.Holds.Select(h => h.Reason))}\n{site.Node!.Errors}");
    }

    async Task<OperationView> Until(Site site, string operation, Func<OperationView, bool> reached, string phase)
    {
        for (var since = Stopwatch.GetTimestamp(); ;)
        {
            var view = (await site.Client.Operations.GetAsync(operation)).Value;
            if (reached(view)) return view;
            Assert.True(Stopwatch.GetElapsedTime(since) < OneWalk, $"Waited {OneWalk.TotalMinutes} min for {phase}; it is at {view.Step}, {view.State}.\n{site.Node!.Errors}");
            await Task.Delay(200);
        }
    }

    static async Task Furnish(Site site, string image)
    {
        await site.Client.Regions.CreateAsync(new("e2e"));
        await site.Client.Racks.CreateAsync(new(Site.Rack));
        await site.Client.Profiles.CreateAsync(new("qemu", new(Cpu: new(1), Nics: [new(1)])));
        var yaml = new DeserializerBuilder().WithNamingConvention(CamelCaseNamingConvention.Instance).Build().Deserialize<Dictionary<string, string>>(await File.ReadAllTextAsync(Path.Combine(image, "image.yaml")));
        await using var content = File.OpenRead(Path.Combine(image, "image.raw.gz"));
        await site.Client.Images.UploadAsync(yaml["sha256"], content);
        await site.Client.Images.RegisterAsync(new ImageBody(yaml["name"], yaml["format"], yaml["sha256"], long.Parse(yaml["sizeBytes"], null), yaml["diskSha256"], long.Parse(yaml["diskSizeBytes"], null), yaml["bootMode"], yaml["signature"]));
    }
}
