using System.Text.Json.Nodes;
using Ppec.Cli.Output;

namespace Ppec.Cli.Contexts;

/// <summary>One server and the credential for it.</summary>
sealed record ServerContext(string Server, string? CredentialFile, string? CaFile = null);

/// <summary>The contexts of this user, in one file that nobody else may read.</summary>
sealed class ContextFile
{
    ContextFile(string path) => Path = path;

    public string Path { get; }
    public string? Current { get; set; }
    public SortedDictionary<string, ServerContext> Contexts { get; } = new(StringComparer.Ordinal);

    public static ContextFile Load(Surroundings io)
    {
        var path = PathIn(io);
        var file = new ContextFile(path);
        if (!File.Exists(path)) return file;
        using var reader = new StreamReader(path);
        var root = YamlText.Read(reader, path) as JsonObject;
        file.Current = Text(root?["current"]);
        foreach (var (name, value) in root?["contexts"] as JsonObject ?? [])
        {
            file.Contexts[name] = new(
                Text(value?["server"]) ?? throw new UsageException($"{path}: context {name} has no server."),
                Text(value?["credentialFile"]), Text(value?["caFile"]));
        }
        return file;

        string? Text(JsonNode? node) => node is null ? null : node is JsonValue value && value.TryGetValue<string>(out var text) ? text : throw new UsageException($"{path}: a text was expected.");
    }

    /// <summary>A reader sees the old file or the new one, and an interrupted write neither loses nor opens it.</summary>
    public void Save()
    {
        var json = new JsonObject { ["current"] = Current, ["contexts"] = new JsonObject(Contexts.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, Node(pair.Value)))) };
        CredentialStore.Write(Path, YamlText.Of(JsonText.Compose(utf8 => json.WriteTo(utf8))));
    }

    public ServerContext Find(string name) => Contexts.GetValueOrDefault(name)
        ?? throw new UsageException($"There is no context '{name}' in {Path}. Add it: ppec context set {name} --server URL --credential-file FILE");

    static JsonObject Node(ServerContext context) => context.CaFile is { } authority
        ? new() { ["server"] = context.Server, ["credentialFile"] = context.CredentialFile, ["caFile"] = authority }
        : new() { ["server"] = context.Server, ["credentialFile"] = context.CredentialFile };

    static string PathIn(Surroundings io)
    {
        if (io.Variable("PPEC_CONFIG") is { Length: > 0 } chosen) return System.IO.Path.GetFullPath(chosen);
        var config = io.Variable("XDG_CONFIG_HOME") is { Length: > 0 } xdg ? xdg
            : System.IO.Path.Combine(io.Variable("HOME") is { Length: > 0 } home ? home : throw new UsageException("Neither HOME nor PPEC_CONFIG is set."), ".config");
        return System.IO.Path.Combine(config, "ppec", "contexts.yaml");
    }
}
