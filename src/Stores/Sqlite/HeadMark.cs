using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Ppec.Contracts.Events;

namespace Ppec.Stores.Sqlite;

/// <summary>
/// How far the log had come, in a file beside it, written after every commit and before it is acknowledged. It is never flushed,
/// so after a power failure it may be behind the log, but never ahead of it: a log that is shorter than its mark has lost acknowledged events
/// (SQLite takes a damaged WAL for a short one without a word).
/// </summary>
sealed class HeadMark : IDisposable
{
    const int Bytes = 8 + EventChain.HashBytes + 32;
    readonly SafeFileHandle _file;
    readonly byte[] _buffer = new byte[Bytes];

    public HeadMark(string path) => _file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.Write);

    public void Write(long position, ReadOnlySpan<byte> hash)
    {
        BinaryPrimitives.WriteInt64BigEndian(_buffer, position);
        hash.CopyTo(_buffer.AsSpan(8));
        SHA256.HashData(_buffer.AsSpan(0, 8 + EventChain.HashBytes), _buffer.AsSpan(8 + EventChain.HashBytes));
        RandomAccess.Write(_file, _buffer, 0);
    }

    /// <summary>Null when there is none, or it is unreadable (then it proves nothing).</summary>
    public static (long Position, byte[] Hash)? Read(string path)
    {
        if (!File.Exists(path)) return null;
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length != Bytes || !SHA256.HashData(bytes.AsSpan(0, 8 + EventChain.HashBytes)).AsSpan().SequenceEqual(bytes.AsSpan(8 + EventChain.HashBytes))) return null;
        return (BinaryPrimitives.ReadInt64BigEndian(bytes), bytes.AsSpan(8, EventChain.HashBytes).ToArray());
    }

    public void Dispose() => _file.Dispose();
}
