namespace Ppec.Stores;

/// <summary>
/// The heads of recently written streams, so that an append rarely has to look one up. Bounded without bookkeeping per use:
/// when the young generation is full it becomes the old one, and the old one is forgotten.
/// </summary>
sealed class StreamHeads(int generation = 32_768)
{
    Dictionary<string, StreamHead> _young = [];
    Dictionary<string, StreamHead> _old = [];

    public bool TryGet(string stream, out StreamHead head)
    {
        if (_young.TryGetValue(stream, out head)) return true;
        if (!_old.TryGetValue(stream, out head)) return false;
        Set(stream, head);
        return true;
    }

    public void Set(string stream, StreamHead head)
    {
        _young[stream] = head;
        if (_young.Count <= generation) return;
        (_old, _young) = (_young, _old);
        _young.Clear();
    }

    public void Clear()
    {
        _young.Clear();
        _old.Clear();
    }
}
