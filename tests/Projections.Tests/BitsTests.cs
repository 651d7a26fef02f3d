using CsCheck;

namespace Ppec.Projections.Tests;

public static class BitsTests
{
    static readonly Gen<long[]> Numbers = Gen.OneOf(Gen.Long[1, 70], Gen.Long[4090, 4100], Gen.Long[0, 60_000]).Array[0, 200];

    [Fact]
    public static void Sets_are_what_sets_of_numbers_are() => Gen.Select(Numbers, Numbers).Sample((a, b) =>
    {
        var (x, y) = (Bits.Of(a), Bits.Of(b));
        Assert.Equal(a.Distinct().Order(), x.Numbers());
        Assert.Equal(a.Distinct().Count(), x.Count);
        Assert.Equal(a.Intersect(b).Order(), x.And(y).Numbers());
        Assert.Equal(a.Union(b).Order(), x.Or(y).Numbers());
        Assert.Equal(a.Except(b).Order(), x.Except(y).Numbers());
        Assert.All(b, n => Assert.Equal(a.Contains(n), x.Contains(n)));
        Assert.All(a, n => Assert.True(n < x.Bound));
    }, iter: 2000);

    [Fact]
    public static void A_changed_set_is_another_and_leaves_the_first_as_it_was() => Gen.Select(Numbers, Gen.Select(Gen.Long[0, 60_000], Gen.Bool).Array[0, 50]).Sample((a, changes) =>
    {
        var before = Bits.Of(a);
        var after = before.With(changes.Select(c => (c.Item1, c.Item2)));
        var expected = a.ToHashSet();
        foreach (var (n, there) in changes) _ = there ? expected.Add(n) : expected.Remove(n);
        Assert.Equal(expected.Order(), after.Numbers());
        Assert.Equal(a.Distinct().Order(), before.Numbers());
    }, iter: 2000);
}
