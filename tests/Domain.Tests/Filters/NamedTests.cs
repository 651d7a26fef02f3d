using Ppec.Contracts.Filters;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Tags;
using Ppec.Domain.Filters;
using Ppec.Domain.Tags;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests.Filters;

/// <summary>Saved filters, and what is said of tag keys.</summary>
public static class NamedTests
{
    static SavedFilterState? Fold(SavedFilterState? state, FilterCommand command) => SavedFilter.Decide(state, command).Events.Aggregate(state, SavedFilter.Evolve);

    static TagKeyState? Fold(TagKeyState? state, TagCommand command) => TagKey.Decide(state, command).Events.Aggregate(state, TagKey.Evolve);

    [Fact]
    public static void A_filter_is_its_owners_and_deleted_its_name_is_free()
    {
        var save = new SaveFilter("idle", "stage:spare -hold", "ana") { At = Start };
        var saved = Fold(null, save);
        Assert.Empty(SavedFilter.Decide(saved, save).Events);
        Assert.Equal("hold", Fold(saved, save with { Expression = "hold" })!.Expression);
        Assert.Equal(ProblemCodes.NameTaken, SavedFilter.Decide(saved, save with { Owner = "bo" }).Problem?.Code);
        Assert.Equal(ProblemCodes.Forbidden, SavedFilter.Decide(saved, new DeleteFilter("idle", "bo")).Problem?.Code);
        var deleted = Fold(saved, new DeleteFilter("idle", "ana") { At = Start });
        Assert.Equal(ProblemCodes.NotFound, SavedFilter.Decide(deleted, new DeleteFilter("idle", "ana")).Problem?.Code);
        Assert.Equal("bo", Fold(deleted, save with { Owner = "bo" })!.Owner);
    }

    [Theory]
    [InlineData(""), InlineData("colour:red"), InlineData("hold @other"), InlineData("\"open")]
    public static void What_no_list_could_read_is_not_saved(string expression) =>
        Assert.Equal(ProblemCodes.Invalid, SavedFilter.Decide(null, new SaveFilter("x", expression, "ana")).Problem?.Code);

    [Fact]
    public static void A_key_refuses_other_values_and_to_be_removed_where_it_is_required()
    {
        var set = new SetTagKey("env", ["prod", "test"], [TagKey.Machine], false, "") { At = Start };
        var state = Fold(null, set);
        Assert.Empty(TagKey.Decide(state, set).Events);
        Assert.Null(TagKey.Refusal(state, TagKey.Machine, "env", "prod"));
        Assert.Equal(ProblemCodes.TagValueRefused, TagKey.Refusal(state, TagKey.Machine, "env", "Prod")?.Code);
        Assert.Equal(ProblemCodes.TagRequired, TagKey.Refusal(state, TagKey.Machine, "env", null)?.Code);
        Assert.Null(TagKey.Refusal(state, "rack", "env", null));
        var anything = Fold(state, set with { Values = [], RequiredOn = [] });
        Assert.Null(TagKey.Refusal(anything, TagKey.Machine, "env", "else"));
        var deleted = Fold(anything, new DeleteTagKey("env") { At = Start });
        Assert.Null(deleted);
        Assert.Null(TagKey.Refusal(deleted, TagKey.Machine, "env", null));
        Assert.Equal(ProblemCodes.NotFound, TagKey.Decide(deleted, new DeleteTagKey("env")).Problem?.Code);
    }
}
