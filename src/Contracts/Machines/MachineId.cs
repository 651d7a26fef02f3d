namespace Ppec.Contracts.Machines;

/// <summary>A machine's id is the slug of its serial number, so that uniqueness holds by construction.</summary>
public static class MachineId
{
    /// <summary>Serials that vendors leave in: they name no machine. Compared without case, spaces and punctuation.</summary>
    static readonly HashSet<string> Placeholders = new(StringComparer.Ordinal)
    {
        "tobefilledbyoem", "defaultstring", "systemserialnumber", "notspecified", "notapplicable", "none", "na", "unknown", "serialnumber",
        "oem", "chassisserialnumber", "invalid", "empty", "xxxxxxxxxx", "123456789", "1234567890", "0123456789", "undefined", "nosuchserial",
    };

    /// <summary>Lower-case letters, digits and single dashes; empty when nothing usable is left.</summary>
    public static string Of(string serial)
    {
        Span<char> slug = stackalloc char[Math.Min(serial.Length, 63)];
        var length = 0;
        foreach (var c in serial)
        {
            if (length == slug.Length) break;
            if (char.IsAsciiLetterOrDigit(c)) slug[length++] = char.ToLowerInvariant(c);
            else if (length > 0 && slug[length - 1] != '-') slug[length++] = '-';
        }
        return new string(slug[..length]).TrimEnd('-');
    }

    /// <summary>True for serials that no vendor gave to just one machine: placeholders, one repeated character, fewer than three letters or digits.</summary>
    public static bool IsPlaceholder(string serial)
    {
        var bare = new string([.. serial.Where(char.IsAsciiLetterOrDigit).Select(char.ToLowerInvariant)]);
        return bare.Length < 3 || bare.Distinct().Count() == 1 || Placeholders.Contains(bare);
    }
}
