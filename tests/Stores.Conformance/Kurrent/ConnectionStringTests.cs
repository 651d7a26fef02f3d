using Ppec.Stores.Kurrent;
using Xunit;

namespace Ppec.Stores.Conformance.Kurrent;

public sealed class ConnectionStringTests
{
    [Theory]
    [InlineData("esdb://db1", "db1:2113", false, true)]
    [InlineData("ESDB://db1:1113/", "db1:1113", false, true)]
    [InlineData("kurrentdb://db1?tls=false", "db1:2113", false, false)]
    [InlineData("esdb://a,b:1,c:65535?TLS=False", "a:2113,b:1,c:65535", false, false)]
    [InlineData("esdb+discover://cluster.example", "cluster.example:2113", true, true)]
    [InlineData("kurrentdb+discover://cluster.example:2114?nodePreference=Leader", "cluster.example:2114", true, true)]
    [InlineData("esdb://user:pa/ss@db1", "db1:2113", false, true)] // what is clear without it need not be encoded
    [InlineData("esdb://us%40er:p%3Aa%2Fss@[::1]:2113?", "::1:2113", false, true)]
    public void What_is_written_is_what_is_meant(string text, string seeds, bool discover, bool tls)
    {
        var options = KurrentOptions.Parse(text);
        Assert.Equal(seeds, string.Join(',', options.Seeds.Select(s => $"{s.Host}:{s.Port}")));
        Assert.Equal((discover, tls), (options.Discover, options.Tls));
        Assert.True(options.TlsVerifyCert);
        Assert.Equal(("ppec.", "ppec", 10), (options.StreamPrefix, options.ConnectionName, options.MaxDiscoverAttempts));
    }

    [Fact]
    public void Every_parameter_is_read()
    {
        var options = KurrentOptions.Parse("esdb://db1?tlsVerifyCert=false&keepAliveInterval=-1&keepAliveTimeout=2000&defaultDeadline=300&gossipTimeout=4&discoveryInterval=5&maxDiscoverAttempts=6&connectionName=silo-7&streamPrefix=b%C3%A4r.");
        Assert.False(options.TlsVerifyCert);
        Assert.Equal(Timeout.InfiniteTimeSpan, options.KeepAliveInterval);
        Assert.Equal([2000, 300, 4, 5], new[] { options.KeepAliveTimeout, options.DefaultDeadline, options.GossipTimeout, options.DiscoveryInterval }.Select(t => (int)t.TotalMilliseconds));
        Assert.Equal((6, "silo-7", "bär."), (options.MaxDiscoverAttempts, options.ConnectionName, options.StreamPrefix));
    }

    [Theory]
    [InlineData("", "begins with esdb://")]
    [InlineData("db1:2113", "begins with esdb://")]
    [InlineData("http://db1", "begins with esdb://")]
    [InlineData("esdb+srv://db1", "begins with esdb://")]
    [InlineData("esdb://", "one or more hosts")]
    [InlineData("esdb://db1,", "one or more hosts")]
    [InlineData("esdb://db1:port", "a port from 1 to 65535")]
    [InlineData("esdb://db1:0", "a port from 1 to 65535")]
    [InlineData("esdb://db1:65536", "a port from 1 to 65535")]
    [InlineData("esdb://db1/path", "one or more hosts")]
    [InlineData("esdb://user@db1", "stand user:password")]
    [InlineData("esdb://:secret@db1", "stand user:password")]
    [InlineData("esdb://user:sec:ret@db1", "%3A")]
    [InlineData("esdb://user:sec?ret@db1", "written name=value")]
    [InlineData("esdb://user:sec?re=t@db1", "Known: connectionName")]
    [InlineData("esdb://db1?tls", "written name=value")]
    [InlineData("esdb://db1?tls=yes", "The parameter tls must be true or false.")]
    [InlineData("esdb://db1?tlsVerifyCert=1", "The parameter tlsVerifyCert must be true or false.")]
    [InlineData("esdb://db1?tls=true&TLS=true", "The parameter TLS must be given once.")]
    [InlineData("esdb://db1?tlsCaFile=/nowhere/ca.pem", "The parameter tlsCaFile must be the path of a PEM file")]
    [InlineData("esdb://db1?tlsCafe=x", "There is no parameter 'tlsCafe' here. Known: connectionName, defaultDeadline,")]
    [InlineData("esdb://db1?keepAliveInterval=999", "The parameter keepAliveInterval must be milliseconds, at least 1000, or -1 for never.")]
    [InlineData("esdb://db1?keepAliveTimeout=-1", "The parameter keepAliveTimeout must be milliseconds, at least 1000.")]
    [InlineData("esdb://db1?defaultDeadline=0", "The parameter defaultDeadline must be milliseconds, at least 1.")]
    [InlineData("esdb://db1?defaultDeadline=10s", "The parameter defaultDeadline must be milliseconds, at least 1.")]
    [InlineData("esdb://db1?maxDiscoverAttempts=0", "The parameter maxDiscoverAttempts must be a whole number of rounds, at least 1.")]
    [InlineData("esdb://db1?nodePreference=follower", "The parameter nodePreference must be leader")]
    [InlineData("esdb://db1?streamPrefix=", "The parameter streamPrefix must be at least one character")]
    [InlineData("esdb://db1?streamPrefix=$ppec", "The parameter streamPrefix must be at least one character")]
    [InlineData("esdb://db1?connectionName=my%20silo", "The parameter connectionName must be printable ASCII without spaces.")]
    public void What_cannot_be_meant_is_refused_with_the_parameter_and_the_fix(string text, string says)
    {
        var error = Assert.Throws<FormatException>(() => KurrentOptions.Parse(text));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sec", error.Message.Replace("seconds", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }
}
