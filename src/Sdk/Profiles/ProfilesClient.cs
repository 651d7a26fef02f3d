using Ppec.Contracts.Profiles;
using Ppec.Sdk.Wire;

namespace Ppec.Sdk;

/// <summary>Profiles: the hardware that was ordered, by version.</summary>
public sealed class ProfilesClient : HistoricClient<ProfileView>
{
    internal ProfilesClient(Transport transport)
        : base(transport, "profiles", PpecJson.Api.ProfileView, PpecJson.Api.ListPageProfileView) { }

    /// <summary>Adds the next version of a profile (the first, when there is none).</summary>
    public Task<Answer<ProfileView>> CreateAsync(ProfileBody body, MutationOptions? options = null, CancellationToken cancellation = default) =>
        CreateAsync(body, PpecJson.Api.ProfileBody, options, cancellation);
}
