using Ppec.Contracts.Access;
using Ppec.Contracts.Gate;

namespace Ppec.Grains.Access;

/// <summary>One at a time for each name, so that guessing is as slow as one hash after the other even before anyone has to wait.</summary>
public sealed class SignInGrain(AccessBook book, Passwords passwords, TimeProvider time) : Grain, ISignInGrain
{
    const int Free = 5;
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(15);

    int _wrong;
    DateTimeOffset _until;

    public async Task<Problem?> Check(SecretText password)
    {
        if (time.GetUtcNow() < _until) return TooMany;
        var user = this.GetPrimaryKeyString();
        var known = (await book.Now()).Directory.Users.GetValueOrDefault(user);
        if (await passwords.Matches(user, known?.PasswordVersion ?? 0, password.Value) && known is { Kind: "person", Disabled: false })
        {
            _wrong = 0;
            return null;
        }
        if (++_wrong >= Free) _until = time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(Math.Pow(2, _wrong - Free), Longest.TotalSeconds));
        return Wrong;
    }

    static Problem Wrong => new(ProblemCodes.Unauthenticated, "User and password do not match.");

    Problem TooMany => new(ProblemCodes.TooManyAttempts, $"Too many wrong passwords: try again after {_until:yyyy-MM-dd'T'HH:mm:ss'Z'}.");
}
