namespace Ppec.Stores.Conformance.Kurrent;

/// <summary>What a test server does wrong, on demand. The numbers count down with each time.</summary>
sealed class Faults
{
    int _dropAfterWrite, _timeoutAfterWrite, _notReady, _loseAnswer, _dropSubscriptions, _dropReads;

    /// <summary>So many appends are written, and then the connection is cut before the answer.</summary>
    public int DropAfterWrite { set => _dropAfterWrite = value; }

    /// <summary>So many appends are written and answered "Timeout".</summary>
    public int TimeoutAfterWrite { set => _timeoutAfterWrite = value; }

    /// <summary>So many appends are not written and answered "Server Is Not Ready".</summary>
    public int NotReady { set => _notReady = value; }

    /// <summary>So many appends are written and never answered.</summary>
    public int LoseAnswer { set => _loseAnswer = value; }

    /// <summary>So many times a live subscription is cut when an event arrives.</summary>
    public int DropSubscriptions { set => _dropSubscriptions = value; }

    /// <summary>So many reads with a count are cut behind their 40th event.</summary>
    public int DropReads { get => _dropReads; set => _dropReads = value; }

    /// <summary>Every answer comes twice, the second time with its correlation id in the other form.</summary>
    public bool Duplicate { get; set; }

    /// <summary>Answers are held back and sent in the opposite order.</summary>
    public bool Reverse { get; set; }

    /// <summary>A node that does not lead does not say who does.</summary>
    public bool HidesLeader { get; set; }

    /// <summary>Before each answer.</summary>
    public TimeSpan Slow { get; set; }

    /// <summary>A subscriber that is this many events behind while live has fallen behind. (Two queues of 32 in EventStoreDB.)</summary>
    public int LiveBuffer { get; set; } = 64;

    /// <summary>KurrentDB's newer way: it says <c>fell_behind</c> and catches up. EventStoreDB 23.10 ends the call ("Consumer too slow").</summary>
    public bool SaysFellBehind { get; set; }

    /// <summary>Bytes of one append.</summary>
    public int MaxAppendSize { get; set; } = 1 << 20;

    /// <summary>The largest number of appends that waited for their answer at once, and how many calls there were.</summary>
    public int MostInFlight { get; set; }
    public int BatchCalls;
    public int Subscriptions;

    /// <summary>How many of the counted faults of appends have not happened yet.</summary>
    public int Left => _dropAfterWrite + _timeoutAfterWrite + _notReady + _loseAnswer;

    public bool TakeDropAfterWrite() => Take(ref _dropAfterWrite);
    public bool TakeTimeoutAfterWrite() => Take(ref _timeoutAfterWrite);
    public bool TakeNotReady() => Take(ref _notReady);
    public bool TakeLoseAnswer() => Take(ref _loseAnswer);
    public bool TakeDropRead() => Take(ref _dropReads);
    public bool TakeDropSubscription() => Take(ref _dropSubscriptions);

    static bool Take(ref int count)
    {
        if (Volatile.Read(ref count) <= 0) return false;
        if (Interlocked.Decrement(ref count) >= 0) return true;
        Interlocked.Increment(ref count);
        return false;
    }
}
