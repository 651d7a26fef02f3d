using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Changes;

/// <summary>What waits for a second person, and what became of it.</summary>
static class ChangeEndpoints
{
    public static void MapChanges(this IEndpointRouteBuilder routes)
    {
        var changes = routes.MapNoun<ChangeView>("change", "changes").WithHistory("change");

        changes.MapPost("/{id}/approve", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<ApproveBody>();
            return await http.Document(await http.Send(grains, new ApproveChange(id, b.Hash, b.Comment)), model, "change", id, 200);
        }).Named("change_approve", "Agrees to the plan with this hash; at quorum the change is carried out").Takes<ApproveBody>().Answers<ChangeView>(200).Mutates();

        changes.MapPost("/{id}/reject", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Document(await http.Send(grains, new RejectChange(id, (await http.Body<RejectChangeBody>()).Reason)), model, "change", id, 200)).Named("change_reject", "Refuses it, which ends it; the maker reads why").Takes<RejectChangeBody>().Answers<ChangeView>(200).Mutates();

        changes.MapPost("/{id}/withdraw", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Document(await http.Send(grains, new WithdrawChange(id)), model, "change", id, 200)).Named("change_withdraw", "The maker takes it back").Answers<ChangeView>(200).Mutates();

        changes.MapPost("/{id}/review", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<ReviewBody>();
            return await http.Document(await http.Send(grains, new ReviewChange(id, b.Justified, b.Comment)), model, "change", id, 200);
        }).Named("change_review", "Somebody else looked at what was done without approval, and says what they found").Takes<ReviewBody>().Answers<ChangeView>(200).Mutates();
    }
}
