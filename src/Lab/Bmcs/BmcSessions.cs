using System.Security.Cryptography;
using System.Text;

namespace Ppec.Lab.Bmcs;

/// <summary>One session of one account.</summary>
public sealed record BmcSession(string Id, string User, string Token, DateTimeOffset Created);

/// <summary>The account, and who is signed in. Idle sessions end after half an hour.</summary>
public sealed class BmcSessions(string user, string password, TimeProvider time)
{
    string password = password;

    /// <summary>Seconds; as the session service says.</summary>
    public const int TimeoutSeconds = 1800;

    readonly Lock gate = new();
    readonly Dictionary<string, (BmcSession Session, DateTimeOffset Seen)> open = [];
    int last;

    public IReadOnlyList<BmcSession> Open
    {
        get
        {
            lock (gate)
            {
                Expire();
                return [.. open.Values.Select(s => s.Session).OrderBy(s => s.Created)];
            }
        }
    }

    public bool Knows(string user1, string password1) => Same(user1, user) && Same(password1, password);

    /// <summary>Who is signed in stays; the next one needs the new password.</summary>
    public void ChangePassword(string next)
    {
        lock (gate) password = next;
    }

    /// <summary>A new session, or null when there are as many as there may be.</summary>
    public BmcSession? Begin(int limit)
    {
        lock (gate)
        {
            Expire();
            if (open.Count >= limit) return null;
            var session = new BmcSession((++last).ToString(), user, Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), time.GetUtcNow());
            open[session.Id] = (session, session.Created);
            return session;
        }
    }

    public bool End(string id)
    {
        lock (gate) return open.Remove(id);
    }

    public void EndAll()
    {
        lock (gate) open.Clear();
    }

    public bool Holds(string token)
    {
        lock (gate)
        {
            Expire();
            if (open.Values.FirstOrDefault(s => Same(s.Session.Token, token)).Session is not { } found) return false;
            open[found.Id] = (found, time.GetUtcNow());
            return true;
        }
    }

    void Expire()
    {
        var oldest = time.GetUtcNow().AddSeconds(-TimeoutSeconds);
        foreach (var (id, (_, seen)) in open.ToArray())
        {
            if (seen < oldest) open.Remove(id);
        }
    }

    static bool Same(string left, string right) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(left), Encoding.UTF8.GetBytes(right));
}
