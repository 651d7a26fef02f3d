using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Profiles;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Profiles;

static class ProfileEndpoints
{
    public static void MapProfiles(this IEndpointRouteBuilder routes)
    {
        var profiles = routes.MapNoun<ProfileView>("profile", "profiles");

        profiles.MapPost("/", async (HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var body = await http.Body<ProfileBody>();
            var answer = await http.Send(grains, new CreateProfileVersion(body.Name, body.Spec));
            var id = new ProfileVersion(body.Name, (int)answer.Version, body.Spec).Id; // one event a version
            return await http.Document(answer, model, "profile", id, 201, $"/api/v1/profiles/{id}");
        }).Named("profile_create", "Adds the next version of a profile").Takes<ProfileBody>().Answers<ProfileView>(201);
    }
}
