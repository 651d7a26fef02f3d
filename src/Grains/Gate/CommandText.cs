using System.Text.Json;
using System.Text.Json.Serialization;
using Ppec.Contracts;
using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;

namespace Ppec.Grains.Gate;

/// <summary>
/// A command as it is kept while it waits for a second person, and read back to be carried out. Its name is its type's, and so is for ever.
/// What the gate stamps on it is left out, and stamped again.
/// </summary>
static class CommandText
{
    static readonly JsonSerializerOptions Options = new(PpecJson.Options) { RespectRequiredConstructorParameters = false, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip, IgnoreReadOnlyProperties = true };

    public static string Name(Command command) => command.GetType().Name;

    public static string Write(Command command) => JsonSerializer.Serialize(command, command.GetType(), Options);

    /// <summary>Null for what was written by a program that knew another command of this name.</summary>
    public static Command? TryRead(string name, string body)
    {
        try
        {
            return Validation.Named(name) is { } type ? (Command?)JsonSerializer.Deserialize(body, type, Options) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The command with what only the gate may say: whose it is, and the id of what it makes.</summary>
    public static Command Stamped(Command command, Principal who, string commandId) => command switch
    {
        CreateGrant c      => c with { Grant = Log.MadeId(commandId), By = who.User, Within = who.Limits },
        AccessCommand c    => c with { By = who.User, Within = who.Limits },
        IssueCredential c  => c with { Credential = Log.MadeId(commandId), By = who.User },
        IStartsOperation c => c.WithOperation(Log.MadeId(commandId)),
        _                  => command,
    };

    /// <summary>The command as it came in: the same whenever it is asked.</summary>
    public static Command Unstamped(Command command) => command switch
    {
        CreateGrant c       => c with { Grant = "" },
        IssueCredential c   => c with { Credential = "" },
        Contracts.Machines.BulkCommand c => c with { Operation = "" },
        IStartsOperation c  => c.WithOperation(""),
        _                   => command,
    };
}
