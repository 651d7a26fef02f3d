using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace Ppec.Cli.Output;

/// <summary>The API's JSON, indented; the same values, with everything that could act on a terminal written as an escape.</summary>
static class JsonText
{
    static readonly JavaScriptEncoder s_encoder = Encoder();

    public static string Indented(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return Write(document.RootElement.WriteTo, indented: true);
    }

    public static string OneLine(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return Write(document.RootElement.WriteTo, indented: false);
    }

    public static byte[] Compose(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer)) write(writer);
        return buffer.ToArray();
    }

    static string Write(Action<Utf8JsonWriter> write, bool indented)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new() { Encoder = s_encoder, Indented = indented })) write(writer);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    static JavaScriptEncoder Encoder()
    {
        var settings = new TextEncoderSettings(UnicodeRanges.All); // controls are escaped whatever is allowed here
        for (int c = 0x80; c <= 0xffff; c++)
        {
            if (SafeText.IsHostile((char)c)) settings.ForbidCharacter((char)c);
        }
        return JavaScriptEncoder.Create(settings);
    }
}
