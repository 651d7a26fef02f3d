namespace Ppec.Silo.Https;

/// <summary>PEM files of what https addresses show.</summary>
public sealed record HttpsFiles(string Certificate, string Key)
{
    internal static HttpsFiles? Read(Func<string, string?> get) => (get("https-certificate"), get("https-key")) switch
    {
        ({ } certificate, { } key) => new(Path.GetFullPath(certificate), Path.GetFullPath(key)),
        (null, null) => null,
        _ => throw new OptionException("--https-certificate and --https-key go together."),
    };
}
