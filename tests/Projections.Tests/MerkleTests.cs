using System.Collections.Immutable;
using CsCheck;
using Ppec.Contracts.Audit;

namespace Ppec.Projections.Tests;

/// <summary>The tree against its definition in RFC 6962, written down as it stands there.</summary>
public static class MerkleTests
{
    static readonly Gen<byte[][]> Leaves = Gen.Byte.Array[32].Array[1, 70];

    static readonly Gen<(byte[][] All, int A, int B)> Parts = from all in Leaves from a in Gen.Int[0, all.Length] from b in Gen.Int[a, all.Length] select (all, a, b);

    [Fact]
    public static void The_known_roots_of_the_rfc_test_vectors()
    {
        // The vectors of the reference implementation of RFC 6962.
        string[] inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        string[] roots =
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d", "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77", "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4", "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        var range = new CompactRange();
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Convert.ToHexStringLower(range.Root()));
        for (var i = 0; i < inputs.Length; i++)
        {
            range.Add(Merkle.Leaf(Convert.FromHexString(inputs[i])));
            Assert.Equal(roots[i], Convert.ToHexStringLower(range.Root()));
        }
    }

    [Fact]
    public static void Grown_leaf_by_leaf_it_is_the_tree_of_the_definition() => Leaves.Sample(leaves =>
    {
        var (range, tree) = (new CompactRange(), Tree(leaves));
        foreach (var leaf in leaves) range.Add(Merkle.Leaf(leaf));
        Assert.Equal(Naive(leaves), range.Root());
        Assert.Equal(Naive(leaves), tree.Root(leaves.Length));
        Assert.Equal(Naive(leaves), CompactRange.Of(leaves.Length, tree).Root());
    });

    [Fact]
    public static void An_event_that_is_in_it_is_proven_and_no_other() => Parts.Where(p => p.A < p.B).Sample(parts =>
    {
        var (leaves, index, size) = parts;
        var (leaf, root, path) = (Merkle.Leaf(leaves[index]), Naive(leaves[..size]), Tree(leaves).Inclusion(index, size));
        Assert.Equal(Path(index, leaves[..size]), path.AsEnumerable());
        Assert.True(Merkle.Includes(index, size, leaf, path, root));
        Assert.False(Merkle.Includes(index, size, Merkle.Leaf([1]), path, root));
        Assert.False(Merkle.Includes(index, size, leaf, path.Add(root), root));
        Assert.False(Merkle.Includes(index, size, leaf, path, Merkle.Leaf(root)));
        for (var other = 0; other < size; other++)
            if (other != index) Assert.False(Merkle.Includes(other, size, leaf, path, root), $"{index} of {size} passes for {other}");
        for (var at = 0; at < path.Length; at++)
        {
            Assert.False(Merkle.Includes(index, size, leaf, path.RemoveAt(at), root));
            Assert.False(Merkle.Includes(index, size, leaf, path.SetItem(at, Flipped(path[at])), root));
        }
    });

    [Fact]
    public static void A_log_that_was_only_added_to_is_consistent_and_no_other() => Parts.Where(p => p.A > 0).Sample(parts =>
    {
        var (leaves, from, to) = parts;
        var (before, after, proof) = (Naive(leaves[..from]), Naive(leaves[..to]), Tree(leaves).Consistency(from, to));
        Assert.Equal(from == to ? [] : SubProof(from, leaves[..to], true), proof.AsEnumerable());
        Assert.True(Merkle.IsConsistent(from, to, before, after, proof));
        Assert.False(Merkle.IsConsistent(from, to, Flipped(before), after, proof));
        Assert.False(Merkle.IsConsistent(from, to, before, Flipped(after), proof));
        for (var at = 0; at < proof.Length; at++) Assert.False(Merkle.IsConsistent(from, to, before, after, proof.SetItem(at, Flipped(proof[at]))));
    });

    static byte[] Flipped(byte[] hash) => [(byte)(hash[0] ^ 1), .. hash[1..]];

    static MerkleTree Tree(byte[][] leaves) => new((level, index) => Naive(leaves[(int)(index << level)..(int)((index + 1) << level)]));

    static int Split(int n)
    {
        var k = 1;
        while (k * 2 < n) k *= 2;
        return k;
    }

    static byte[] Naive(byte[][] leaves) => leaves switch
    {
        [] => Merkle.Empty,
        [var one] => Merkle.Leaf(one),
        _ => Merkle.Node(Naive(leaves[..Split(leaves.Length)]), Naive(leaves[Split(leaves.Length)..])),
    };

    static ImmutableArray<byte[]> Path(int m, byte[][] d)
    {
        if (d.Length == 1) return [];
        var k = Split(d.Length);
        return m < k ? [.. Path(m, d[..k]), Naive(d[k..])] : [.. Path(m - k, d[k..]), Naive(d[..k])];
    }

    static ImmutableArray<byte[]> SubProof(int m, byte[][] d, bool whole)
    {
        if (m == d.Length) return whole ? [] : [Naive(d)];
        var k = Split(d.Length);
        return m <= k ? [.. SubProof(m, d[..k], whole), Naive(d[k..])] : [.. SubProof(m - k, d[k..], false), Naive(d[..k])];
    }
}
