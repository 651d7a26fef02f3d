using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain.Access;
using Ppec.Grains.Access;

namespace Ppec.Grains.Gate;

/// <summary>Who knocks, and what was true of everybody's rights at that moment; or why nobody is known.</summary>
public readonly record struct Visitor(Principal Who, Rights Rights, Problem? Stranger);

/// <summary>Tells who presents a credential. Whoever is not known hears the same, whatever the reason.</summary>
public sealed class Identity(Credentials credentials, AccessBook book, Uses uses)
{
    static readonly Principal Nobody = Principal.Of("");

    public async ValueTask<Visitor> Of(string credential, string address)
    {
        try
        {
            var rights = await book.Now();
            if (await credentials.Principal(credential, address) is not { } who || rights.Directory.Users.GetValueOrDefault(who.User) is not { Disabled: false }) return new(Nobody, rights, Unauthenticated);
            uses.Note(who.Credential);
            return new(who, rights, null);
        }
        catch (EventStoreUnavailableException e)
        {
            return new(Nobody, null!, new(ProblemCodes.Unavailable, $"The event store does not answer, so your credential cannot be checked: send it again in a moment. ({e.Message})"));
        }
    }

    static Problem Unauthenticated => new(ProblemCodes.Unauthenticated, "Send a credential that is valid here: Authorization: Bearer ppec_…");
}
