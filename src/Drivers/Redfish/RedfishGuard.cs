using System.Text.Json;
using Ppec.Drivers.Bmc;

namespace Ppec.Drivers.Redfish;

/// <summary>The last line: JSON that parses and still cannot be read (a lone surrogate in a name, say) is garbage, not our bug.</summary>
internal static class RedfishGuard
{
    public static async Task<T> Run<T>(RedfishWire wire, Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is InvalidOperationException and not ObjectDisposedException or FormatException or JsonException or ArgumentException)
        {
            throw wire.Fail(BmcFailure.Garbage, "an answer that cannot be read", e);
        }
    }
}

/// <summary>Request bodies.</summary>
internal static class RedfishBody
{
    public static string Session(string user, string password) => $$"""{"UserName":{{Quote(user)}},"Password":{{Quote(password)}}}""";

    public static string Reset(string type) => $$"""{"ResetType":{{Quote(type)}}}""";

    public static string Boot(string target, string enabled) =>
        $$$"""{"Boot":{"BootSourceOverrideTarget":{{{Quote(target)}}},"BootSourceOverrideEnabled":{{{Quote(enabled)}}}}}""";

    public static string Password(string password) => $$"""{"Password":{{Quote(password)}}}""";

    public static string Light(bool on, bool byLocation) => byLocation
        ? $$"""{"LocationIndicatorActive":{{(on ? "true" : "false")}}}"""
        : $$"""{"IndicatorLED":{{Quote(on ? "Blinking" : "Off")}}}""";

    static string Quote(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
