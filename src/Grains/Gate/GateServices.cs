using Microsoft.Extensions.DependencyInjection;
using Ppec.Grains.Access;
using Ppec.Grains.Changes;
using Ppec.Grains.Operations;

namespace Ppec.Grains.Gate;

public static class GateServices
{
    /// <summary>All that stands between a request and its aggregate, in one silo.</summary>
    public static IServiceCollection AddPpecGate(this IServiceCollection services) => services
        .AddSingleton<Credentials>().AddSingleton<AccessBook>().AddSingleton<Passwords>().AddSingleton<Uses>().AddSingleton<Identity>().AddSingleton<Vouching>().AddSingleton<Undoing>().AddSingleton<Reaches>()
        .AddSingleton<TagSchemas>().AddSingleton<Preparation>().AddSingleton<RackRows>().AddSingleton<ImportRows>().AddSingleton<Bulk>().AddSingleton<Carrier>().AddSingleton<Guarding>().AddSingleton<Deciding>().AddSingleton<ChangeRunner>().AddSingleton<ChangeNotices>().AddSingleton<ChildWork>();
}
