using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts;
using Ppec.Contracts.Changes;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Queries;

namespace Ppec.Api.Changes;

/// <summary>What waits for a second person, and what became of it.</summary>
static class ChangeEndpoints
{
    public static void MapChanges(this IEndpointRouteBuilder routes)
    {
        var changes = routes.MapNoun<ChangeView>("change", "changes");

        changes.MapPost("/{id}/approve", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<ApproveBody>();
            return await http.Document(await http.Send(grains, new ApproveChange(id, b.Hash, b.Comment)), model, "change", id, 200);
        }).Named("change_approve", "Agrees to the plan with this hash; at quorum the change is carried out").Takes<ApproveBody>().Answers<ChangeView>(200).Mutates();

        changes.MapPost("/{id}/reject", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Document(await http.Send(grains, new RejectChange(id, (await http.Body<RejectChangeBody>()).Reason)), model, "change", id, 200)).Named("change_reject", "Refuses it, which ends it; the maker reads why").Takes<RejectChangeBody>().Answers<ChangeView>(200).Mutates();

        changes.MapPost("/{id}/again", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Empty(await http.Send(grains, new AskAgain(id)), model)).Named("change_again", "Asks once more for what an ended change was about, with a plan of now; done at once where nobody else need agree any more").Mutates().Produces(204);

        changes.MapGet("/{id}/now", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var sight = await http.MayRead(grains, "change.read");
            if (!model.Sees(sight, "change", id)) return Problems.NotFound($"change {id}");
            var request = new ReadRequest(http.Credential(), http.Source(), "change.read");
            var answer = await grains.Gate(g => g.ChangeNow(request, id));
            return answer.Refused is { } problem ? Problems.Of(problem) : Results.Json(answer.Now, PpecJson.Options);
        }).Named("change_now", "What it would do if it were carried out now, and what of that differs from what was planned").Answers<ChangeNow>(200);

        changes.MapPost("/{id}/withdraw", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
            await http.Document(await http.Send(grains, new WithdrawChange(id)), model, "change", id, 200)).Named("change_withdraw", "The maker takes it back").Answers<ChangeView>(200).Mutates();

        changes.MapPost("/{id}/review", async (string id, HttpContext http, IGrainFactory grains, IReadModel model) =>
        {
            var b = await http.Body<ReviewBody>();
            return await http.Document(await http.Send(grains, new ReviewChange(id, b.Justified, b.Comment)), model, "change", id, 200);
        }).Named("change_review", "Somebody else looked at what was done without approval, and says what they found").Takes<ReviewBody>().Answers<ChangeView>(200).Mutates();
    }
}
