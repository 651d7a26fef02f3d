using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Ppec.Contracts.Gate;

namespace Ppec.Api.Boot;

/// <summary>
/// What network-booting machines fetch (iPXE: ipxe.org/scripting). A separate surface: no user credential means anything here,
/// and nothing a machine sends is echoed into a script.
/// </summary>
static class BootEndpoints
{
    /// <summary>
    /// Learns who is asking, then asks again with it: by the card that it booted from (netX), which need not be the first. Without an answer it boots from disk.
    /// </summary>
    const string FirstStage = """
        #!ipxe
        chain --timeout 20000 --autofree /boot/ipxe/${netX/mac:hexhyp}?uuid=${uuid}&serial=${serial:uristring} || exit 1

        """;

    /// <summary>
    /// The next boot device, which is the disk: iPXE's exit hands back to the firmware. With a failure, for UEFI takes success for the end of booting,
    /// and shows its menu.
    /// </summary>
    const string FromDisk = """
        #!ipxe
        echo PPEC: boot from disk
        exit 1

        """;

    public static void MapBoot(this IEndpointRouteBuilder routes, PiousFiles pious, IpxeFiles ipxe)
    {
        var boot = routes.MapGroup("/boot").ExcludeFromDescription();

        boot.MapGet("/ipxe", () => Results.Text(FirstStage));

        boot.MapGet("/ipxe/{mac}", async (string mac, HttpContext http, IGrainFactory grains, TimeProvider time) =>
        {
            var answer = await grains.MachineGate(g => g.Boot(Mac(mac), Known("uuid"), Known("serial"), http.Source()));
            return Results.Text(answer.Token is { } token && pious.Present ? Pious(http, token, time.GetUtcNow()) : FromDisk);

            string Known(string name) => http.Request.Query[name].ToString() is { Length: <= 128 } value && !value.Any(char.IsControl) ? value.Trim() : "";
        });

        // UEFI that boots over HTTP asks how long it is before it fetches it.
        boot.MapMethods("/snponly.efi", [HttpMethods.Get, HttpMethods.Head], () => ipxe.File("snponly.efi"));
        boot.MapGet("/pious/kernel", () => pious.File("vmlinuz"));
        boot.MapGet("/pious/initramfs", () => pious.File("initramfs"));
    }

    static string Pious(HttpContext http, string token, DateTimeOffset now)
    {
        var url = http.Origin();
        return $"""
            #!ipxe
            kernel {url}/boot/pious/kernel initrd=initramfs console=tty0 console=ttyS0,115200 panic=30 ppec.url={url} ppec.token={token} ppec.time={now.ToUnixTimeSeconds()}
            initrd --name initramfs {url}/boot/pious/initramfs
            boot

            """;
    }

    /// <summary>With dashes or colons; anything that is no MAC is nothing.</summary>
    static string Mac(string text)
    {
        var mac = text.Replace('-', ':').ToLowerInvariant();
        return mac.Length == 17 && mac.Split(':') is { Length: 6 } parts && parts.All(p => p.Length == 2 && p.All(char.IsAsciiHexDigit)) ? mac : "";
    }
}

/// <summary>The kernel and initramfs of PIOUS, as <c>ops/pious/build</c> made them.</summary>
public sealed class PiousFiles(string? folder)
{
    public bool Present => folder is not null && System.IO.File.Exists(Path.Combine(folder, "vmlinuz")) && System.IO.File.Exists(Path.Combine(folder, "initramfs"));

    internal IResult File(string name) => Present
        ? Results.File(Path.Combine(folder!, name), "application/octet-stream", enableRangeProcessing: true)
        : Problems.Of(new(ProblemCodes.NotFound, "PIOUS is not built here: run ops/pious/build and start with --pious DIR."));
}

/// <summary>iPXE's own programs, where Debian's package <c>ipxe</c> puts them or another build of them is.</summary>
public sealed class IpxeFiles(string folder)
{
    internal IResult File(string name) => Path.Combine(folder, name) is var path && System.IO.File.Exists(path)
        ? Results.File(path, "application/efi", enableRangeProcessing: true)
        : Problems.Of(new(ProblemCodes.NotFound, $"{name} is not here: install Debian's package ipxe, or start with --ipxe DIR."));
}
