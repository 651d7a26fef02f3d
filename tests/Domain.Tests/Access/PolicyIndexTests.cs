using System.Collections.Immutable;
using Ppec.Contracts.Access;
using Ppec.Domain.Access;
using Xunit;
using Directory = Ppec.Domain.Access.Directory;

namespace Ppec.Domain.Tests.Access;

/// <summary>Of many policies only those are looked at that could hold; these are found however a thing lies, as if each had been asked.</summary>
public static class PolicyIndexTests
{
    static readonly string[] Named = ["machine.hold", "machine.*", "*.tag", "*", "rack.set"];
    static readonly string[] Scopes = ["global", "region:r1", "region:r2", "rack:r1.a", "owner:o1", "tag:env=prod", "tag:env=a=b", "machine:m1", "pool:p"];

    [Fact]
    public static void What_matches_is_what_each_alone_would_say()
    {
        var random = new Random(11);
        string? One(params string?[] of) => of[random.Next(of.Length)];
        for (var round = 0; round < 400; round++)
        {
            var directory = Directory.Initial with { Policies = Directory.Initial.Policies.Clear() };
            for (var n = random.Next(12); n > 0; n--)
                directory = Directory.Evolve(directory, new PolicySet($"p{n:00}", "", [One(Named)!], One(Scopes)!, 1, [], random.Next(3), 0, null, 60, 60, null, false, "admin"));
            Resource Thing() => new("machine", One("m1", "m2")!, One("r1", "r2", null), One("r1.a", "r1.b", null), One("o1", "o2", "", null), Tags: One("prod", "a=b", null) is { } env ? ImmutableDictionary<string, string>.Empty.Add("env", env) : null);
            var (on, moves) = (Enumerable.Range(0, random.Next(1, 3)).Select(_ => Thing()).ToImmutableArray(), Enumerable.Range(0, random.Next(2)).Select(_ => (Thing(), Thing())).ToImmutableArray());
            var command = new Reaching(One("machine.hold", "machine.tag", "rack.set")!, on, moves, random.Next(3), 0);
            var expected = directory.Policies.Values.Where(p => Scope.Parse(p.Scope) is { } scope
                && ((p.Permissions.Any(given => Permissions.Gives(given, command.Permission)) && command.Count >= p.MinCount && on.Any(scope.Covers))
                    || (p.Scope != "global" && moves.Any(m => scope.Covers(m.Item1) && !scope.Covers(m.Item2)))));
            Assert.Equal(expected.Select(p => p.Id), Policies.Matching(new(directory), command, DateTimeOffset.UnixEpoch).Select(p => p.Id));
        }
    }
}
