using System.Text;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Machines;

namespace Ppec.Api.Import;

/// <summary>The bytes of a file as text: UTF-8 and nothing else. What cannot be read is told with its line, and nothing is guessed.</summary>
static class FileText
{
    /// <summary>No honest field is longer.</summary>
    public const int LongestField = 65_536;

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public static string Of(byte[] bytes)
    {
        if (bytes.AsSpan().IndexOf((byte)0) is >= 0 and var nul) throw Broken(LineAt(bytes, nul), "there is a NUL, which no text has.");
        try
        {
            var text = Strict.GetString(bytes);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException e)
        {
            throw Broken(LineAt(bytes, Math.Clamp(e.Index, 0, bytes.Length)), "that is not UTF-8: save the file as UTF-8.");
        }
    }

    static int LineAt(byte[] bytes, int index) => 1 + bytes.AsSpan(0, index).Count((byte)'\n');

    /// <summary>The file cannot be read on from here.</summary>
    public static RequestException Broken(int line, string message) =>
        new(new(ProblemCodes.Malformed, $"The file cannot be read: line {line}: {message}", [new("body", $"line {line}: {message}")]));

    public static RequestException TooManyRows(int rows) =>
        new(new(ProblemCodes.Invalid, $"There are {rows} rows, and {ImportMany.MostRows} are the most at a time: do it in parts.", [new("body", $"At most {ImportMany.MostRows} rows.")]));
}
