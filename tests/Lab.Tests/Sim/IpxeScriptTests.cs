using Ppec.Lab.Sim;

namespace Ppec.Lab.Tests.Sim;

public sealed class IpxeScriptTests
{
    static readonly Dictionary<string, string> settings = new() { ["net0/mac"] = "52:54:00:00:00:01", ["serial"] = "S 1", ["uuid"] = "u" };

    [Theory]
    [InlineData("#!ipxe\nkernel /k a=${serial:uristring} b\nboot", "kernel a=S%201 b")]
    [InlineData("#!ipxe\nkernel --name vmlinuz http://x/k mac=${mac:hexhyp}\nboot", "kernel mac=52-54-00-00-00-01")]
    [InlineData("#!ipxe\nkernel k mac=${netX/mac:hexhyp}\nboot", "kernel mac=52-54-00-00-00-01")]
    [InlineData("#!ipxe\nexit", "next")]
    [InlineData("#!ipxe\nchain /missing || exit 1", "next")]
    [InlineData("#!ipxe\nsanboot --no-describe --drive 0x80", "next")]
    [InlineData("#!ipxe\n# words\necho hello\n", "next")]
    [InlineData("#!ipxe\nchain --autofree /missing || goto disk\nboot\n:disk\nexit", "next")]
    [InlineData("#!ipxe\nchain /missing", "failed")]
    [InlineData("#!ipxe\nchain /missing ||\nkernel k ok\nboot", "kernel ok")]
    [InlineData("#!ipxe\nchain /second\n", "kernel second=u")]
    [InlineData("#!ipxe\nset n 0\n:again\nsleep 1\ngoto again", "failed")]
    [InlineData("#!ipxe\nisset ${nothing} && exit\nkernel k set\nboot", "failed")]
    [InlineData("#!ipxe\nisset ${nothing} && exit ||\nkernel k set\nboot", "kernel set")]
    [InlineData("#!ipxe\niseq ${platform} efi || goto bios\nexit\n:bios\nkernel k bios\nboot", "kernel bios")]
    [InlineData("#!ipxe\nchain /second/${net0/mac}", "failed")] // a colon makes a scheme
    [InlineData("#!ipxe\nchain http://ppec/second?mac=${net0/mac}", "kernel second=u")]
    [InlineData("<html>", "failed")]
    [InlineData("#!ipxe\nfrobnicate", "failed")]
    public async Task A_script_comes_to(string script, string expected)
    {
        var ipxe = new IpxeScript(settings, url => Task.FromResult(url.AbsolutePath switch { "/first" => script, "/second" => "#!ipxe\nkernel k second=${uuid}\nboot", _ => null }), _ => Task.CompletedTask);
        Assert.Equal(expected, await ipxe.Run(new Uri("http://ppec/first")) switch
        {
            BootOutcome.Kernel kernel => $"kernel {kernel.Arguments}",
            BootOutcome.NextDevice => "next",
            _ => "failed",
        });
    }
}
