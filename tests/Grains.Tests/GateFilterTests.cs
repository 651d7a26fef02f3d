using System.Net;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Regions;
using Ppec.Contracts.Webhooks;
using Ppec.Domain.Regions;
using Ppec.Grains.Tests.Rig;

namespace Ppec.Grains.Tests;

/// <summary>A silo with an open gateway, as in a cluster: what a client from outside reaches.</summary>
public sealed class OpenWorld : IAsyncLifetime
{
    public World World { get; } = new() { Gateway = true };
    public IHost Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await World.InitializeAsync();
        Client = await Connect(World.Silo.GatewayPort, _ => { });
    }

    public static async Task<IHost> Connect(int port, Action<IClientBuilder> also)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.UseOrleansClient(client =>
        {
            client.UseLocalhostClustering(gatewayPort: port);
            client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(5));
            also(client);
        });
        var host = builder.Build();
        try
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await host.StartAsync(patience.Token);
            return host;
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Client.StopAsync();
        Client.Dispose();
        await World.DisposeAsync();
    }
}

public sealed class GateFilterTests(OpenWorld open) : IClassFixture<OpenWorld>
{
    static readonly Type[] Gates = [typeof(IGateGrain), typeof(IMachineGateGrain), typeof(IDeliveryGateGrain)];

    static IEnumerable<Type> Interfaces => typeof(IGateGrain).Assembly.GetTypes()
        .Where(t => t.IsInterface && typeof(IGrain).IsAssignableFrom(t) && (typeof(IGrainWithStringKey).IsAssignableFrom(t) || typeof(IGrainWithIntegerKey).IsAssignableFrom(t)));

    public static TheoryData<string, string> Methods() => new(
        Interfaces.Except(Gates).SelectMany(t => t.GetMethods().Select(m => (t.FullName!, m.Name))).Distinct());

    [Theory, MemberData(nameof(Methods))]
    public async Task Every_grain_but_the_gates_refuses_a_client(string grain, string method)
    {
        var type = typeof(IGateGrain).Assembly.GetType(grain)!;
        foreach (var grains in new[] { open.Client.Services.GetRequiredService<IGrainFactory>(), open.World.Silo.Grains })
        {
            var reference = typeof(IGrainWithStringKey).IsAssignableFrom(type) ? grains.GetGrain(type, "x") : grains.GetGrain(type, 1);
            foreach (var m in type.GetMethods().Where(m => m.Name == method))
                await Assert.ThrowsAsync<UnauthorizedAccessException>(() => Call(reference, m));
        }
    }

    [Fact]
    public void The_reflection_finds_the_grains() =>
        Assert.True(Interfaces.Count() >= 10, $"only {string.Join(", ", Interfaces.Select(i => i.Name))}");

    [Fact]
    public async Task The_management_grain_refuses_a_client()
    {
        foreach (var grains in new[] { open.Client.Services.GetRequiredService<IGrainFactory>(), open.World.Silo.Grains })
        {
            var management = grains.GetGrain<IManagementGrain>(0);
            await Assert.ThrowsAsync<UnauthorizedAccessException>(() => management.GetHosts());
            await Assert.ThrowsAsync<UnauthorizedAccessException>(() => management.ForceActivationCollection(TimeSpan.Zero));
        }
    }

    [Fact]
    public async Task The_gates_answer_a_client_and_ask_for_its_credential()
    {
        var gate = open.Client.Services.GetRequiredService<IGrainFactory>().GetGrain<IGateGrain>(0);
        Assert.Null((await gate.Sight(new(open.World.Token, "10.0.0.1", "machine.read"))).Problem);
        Assert.Equal(ProblemCodes.Unauthenticated, (await gate.Sight(new("none", "10.0.0.1", "machine.read"))).Problem?.Code);
        var machineGate = open.Client.Services.GetRequiredService<IGrainFactory>().GetGrain<IMachineGateGrain>(0);
        Assert.Equal(ProblemCodes.Unauthenticated, (await machineGate.NextTask("none", TimeSpan.Zero)).Problem?.Code);
    }

    /// <summary>
    /// A record, not a wish: the source of a message is what the client says it is. Through an open gateway a forged one passes the filter,
    /// which is why embedded nodes have no gateway, and why a cluster's is a trust boundary.
    /// </summary>
    [Fact]
    public async Task A_forged_source_passes_an_open_gateway_which_is_why_it_is_closed()
    {
        using var forger = await OpenWorld.Connect(open.World.Silo.GatewayPort, _ => { });
        Forge(forger.Services, GrainId.Create("region", World.Region));
        var caller = new Caller("nobody", "", "", "forged", "");
        var lost = forger.Services.GetRequiredService<IGrainFactory>().GetGrain<IRegionGrain>("forged").Execute(new CreateRegion("forged", "") { At = open.World.Time.Now }, caller);
        await open.World.Watch.For<RegionCreated>("region-forged", "the forged command took effect");
        Assert.False(lost.IsCompletedSuccessfully); // the answer goes to whom the forger named
        await forger.StopAsync();
    }

    /// <summary>An altered client: it writes a grain's id where its own belongs.</summary>
    static void Forge(IServiceProvider client, GrainId source)
    {
        var type = typeof(IClusterClient).Assembly.GetType("Orleans.OutsideRuntimeClient", throwOnError: true)!;
        var runtime = client.GetRequiredService(type);
        var address = type.GetProperty("CurrentActivationAddress", BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)!;
        var own = (GrainAddress)address.GetValue(runtime)!;
        address.SetValue(runtime, new GrainAddress { SiloAddress = own.SiloAddress, GrainId = source, ActivationId = own.ActivationId });
    }

    [Fact]
    public async Task Nobody_outside_connects_to_an_embedded_node()
    {
        var closed = new World();
        await closed.InitializeAsync();
        try
        {
            Assert.Equal(0, closed.Silo.GatewayPort);
            var refused = await Record.ExceptionAsync(async () => (await OpenWorld.Connect(closed.Silo.SiloPort, _ => { })).Dispose());
            Assert.NotNull(refused);
        }
        finally
        {
            await closed.DisposeAsync();
        }
    }

    static async Task Call(IAddressable grain, MethodInfo method)
    {
        if (method.IsGenericMethodDefinition) method = method.MakeGenericMethod(typeof(string));
        var arguments = method.GetParameters().Select(p => p.ParameterType.IsValueType ? Activator.CreateInstance(p.ParameterType) : null).ToArray();
        try
        {
            await (Task)method.Invoke(grain, arguments)!;
        }
        catch (TargetInvocationException e) { throw e.InnerException!; }
    }
}
