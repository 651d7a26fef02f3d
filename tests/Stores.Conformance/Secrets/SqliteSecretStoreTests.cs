using System.Text;
using Microsoft.Data.Sqlite;
using Ppec.Contracts.Secrets;
using Ppec.Stores.Secrets;
using Xunit;

namespace Ppec.Stores.Conformance.Secrets;

public sealed class SqliteSecretStoreTests : IDisposable
{
    const string Canary = "canary-Zq7#pässword";
    readonly Scratch _scratch = new();
    DataDirectory? _directory;
    SqliteSecretStore? _store;

    SqliteSecretStore Open()
    {
        Close();
        _directory = DataDirectory.Lock(_scratch.Data);
        return _store = SqliteSecretStore.Open(_directory);
    }

    void Close()
    {
        _store?.Dispose();
        _directory?.Dispose();
        (_store, _directory) = (null, null);
    }

    string File(string name) => Path.Combine(_scratch.Data, name);

    public void Dispose()
    {
        Close();
        _scratch.Dispose();
    }

    [Fact]
    public async Task A_secret_is_read_back_by_its_version_also_after_a_restart()
    {
        var store = Open();
        var first = await store.Put("bmc/machine-1", Canary, default);
        var second = await store.Put("bmc/machine-1", "", default);
        var other = await store.Put("bmc/machine-2", new string('x', 20_000), default);
        Assert.Equal((new SecretRef("bmc/machine-1", 1), new SecretRef("bmc/machine-1", 2), new SecretRef("bmc/machine-2", 1)), (first, second, other));

        store = Open();
        Assert.Equal(Canary, await store.Get(first, default));
        Assert.Equal("", await store.Get(second, default));
        Assert.Equal(20_000, (await store.Get(other, default))?.Length);
        Assert.Null(await store.Get(new("bmc/machine-1", 3), default));
        Assert.Null(await store.Get(new("nobody", 1), default));
        Assert.Equal(3, (await store.Put("bmc/machine-1", "new", default)).Version);
    }

    [Fact]
    public async Task Versions_are_given_once_even_to_many_at_once()
    {
        var store = Open();
        var given = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () => (Ref: await store.Put("busy", $"value {i}", default), Value: $"value {i}"))));
        Assert.Equal(Enumerable.Range(1, 16), given.Select(g => g.Ref.Version).Order());
        foreach (var (secret, value) in given) Assert.Equal(value, await store.Get(secret, default));
    }

    [Fact]
    public async Task No_plaintext_stands_in_any_file()
    {
        var store = Open();
        for (var i = 0; i < 20; i++) await store.Put($"bmc/{i}", $"{Canary}-{i}", default);
        await store.Destroy(new("bmc/3", 1), default);
        Close();
        foreach (var file in Directory.GetFiles(_scratch.Data))
        {
            var bytes = System.IO.File.ReadAllBytes(file);
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Canary)) < 0, $"plaintext in {file}");
            Assert.True(bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(Canary)) < 0, $"plaintext in {file}");
        }
    }

    [Fact]
    public async Task What_is_destroyed_is_gone_from_the_file_and_its_version_is_not_given_again()
    {
        var store = Open();
        var secret = await store.Put("bmc/1", Canary, default);
        var kept = await store.Put("bmc/1", "kept", default);
        var wrapped = Blob("SELECT data_key FROM secrets WHERE version = 1");
        var value = Blob("SELECT value FROM secrets WHERE version = 1");
        Assert.True(InFile(wrapped) && InFile(value));

        await store.Destroy(secret, default);
        await store.Destroy(secret, default);
        await store.Destroy(new("nobody", 1), default);
        Assert.Null(await store.Get(secret, default));
        Assert.Equal("kept", await store.Get(kept, default));
        Assert.False(InFile(wrapped), "the wrapped data key is still in the file");
        Assert.False(InFile(value), "the ciphertext is still in the file");
        Assert.Equal(["secrets.db", "secrets.key"], Directory.GetFiles(_scratch.Data, "secrets.*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        await store.Destroy(kept, default);
        Assert.Equal(3, (await Open().Put("bmc/1", "next", default)).Version);
    }

    [Theory]
    [InlineData("UPDATE secrets SET (data_key, value) = (SELECT data_key, value FROM secrets WHERE name = 'b') WHERE name = 'a'")]
    [InlineData("UPDATE secrets SET value = (SELECT value FROM secrets WHERE name = 'b') WHERE name = 'a'")]
    [InlineData("UPDATE secrets SET data_key = (SELECT data_key FROM secrets WHERE name = 'b') WHERE name = 'a'")]
    [InlineData("UPDATE secrets SET version = 7 WHERE name = 'a'")]
    [InlineData("UPDATE secrets SET name = 'c' WHERE name = 'a'")]
    [InlineData("UPDATE secrets SET value = substr(value, 1, 20) WHERE name = 'a'")]
    [InlineData("UPDATE secrets SET value = data_key, data_key = value WHERE name = 'a'")]
    public async Task Ciphertexts_that_were_moved_do_not_decrypt(string sql)
    {
        await Open().Put("a", Canary, default);
        await _store!.Put("b", "other", default);
        Close();
        Execute(sql);
        var store = Open();
        foreach (var moved in new SecretRef[] { new("a", 1), new("a", 7), new("c", 1) })
        {
            try { Assert.Null(await store.Get(moved, default)); }
            catch (SecretUnreadableException e) { Assert.Contains(moved.Name, e.Message, StringComparison.Ordinal); }
        }
        Assert.Equal("other", await store.Get(new("b", 1), default));
    }

    [Fact]
    public async Task A_wrong_or_missing_key_file_is_refused_at_the_start()
    {
        await Open().Put("a", Canary, default);
        Close();
        var key = System.IO.File.ReadAllBytes(File("secrets.key"));

        System.IO.File.Delete(File("secrets.key"));
        Assert.Contains("is gone", Assert.Throws<SecretUnreadableException>(Open).Message, StringComparison.Ordinal);
        Assert.False(System.IO.File.Exists(File("secrets.key"))); // no new one is made

        WriteKey([.. key.Select(b => (byte)(b ^ 1))]);
        Assert.Contains("not the one", Assert.Throws<SecretUnreadableException>(Open).Message, StringComparison.Ordinal);
        WriteKey(key[..31]);
        Assert.Contains("31 bytes", Assert.Throws<SecretUnreadableException>(Open).Message, StringComparison.Ordinal);
        WriteKey(key);
        Assert.Equal(Canary, await Open().Get(new("a", 1), default));
    }

    [Fact]
    public void Only_the_nodes_user_reads_the_files()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("needs Unix file modes");
            return;
        }
        Open();
        Close();
        Assert.Equal(UnixFileMode.UserRead, System.IO.File.GetUnixFileMode(File("secrets.key")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File("secrets.db")));
        System.IO.File.SetUnixFileMode(File("secrets.key"), UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains("0400", Assert.Throws<SecretUnreadableException>(Open).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_key_wraps_the_same_data_keys_and_the_old_one_opens_nothing()
    {
        await Open().Put("a", Canary, default);
        await _store!.Put("b", "other", default);
        await _store.Destroy(await _store.Put("b", "gone", default), default);
        Close();
        var (key, wrapped, value) = (System.IO.File.ReadAllBytes(File("secrets.key")), Blob("SELECT data_key FROM secrets WHERE name = 'a'"), Blob("SELECT value FROM secrets WHERE name = 'a'"));
        using (var directory = DataDirectory.Lock(_scratch.Data)) Assert.Equal(2, SqliteSecretStore.Rotate(directory));
        Assert.NotEqual(key, System.IO.File.ReadAllBytes(File("secrets.key")));
        Assert.Equal(value, Blob("SELECT value FROM secrets WHERE name = 'a'"));
        Assert.False(InFile(wrapped), "the data key as the old key wrapped it is still in the file");
        Assert.Equal(["secrets.db", "secrets.key"], Directory.GetFiles(_scratch.Data, "secrets.*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Only_the_nodes_user_reads_the_key();
        var store = Open();
        Assert.Equal((Canary, "other", null), (await store.Get(new("a", 1), default), await store.Get(new("b", 1), default), await store.Get(new("b", 2), default)));
        Close();
        WriteKey(key);
        Assert.Contains("not the one", Assert.Throws<SecretUnreadableException>(Open).Message, StringComparison.Ordinal);
    }

    /// <summary>What the disk holds at each point where a kill could fall is kept aside, and a node is started on it.</summary>
    [Theory]
    [InlineData(KeyRotation.KeyMade, false)]
    [InlineData(KeyRotation.Rewrapped, false)]
    [InlineData(KeyRotation.Committed, true)]
    public async Task A_rotation_that_is_killed_leaves_one_key_that_opens_everything(KeyRotation at, bool rotated)
    {
        for (var i = 0; i < 20; i++) await Open().Put($"bmc/{i}", $"{Canary}-{i}", default);
        Close();
        var key = System.IO.File.ReadAllBytes(File("secrets.key"));
        var aside = Path.Combine(_scratch.Path, $"aside-{at}");
        using (var directory = DataDirectory.Lock(_scratch.Data))
            SqliteSecretStore.Rotate(directory, reached =>
            {
                if (reached != at) return;
                Directory.CreateDirectory(aside);
                foreach (var file in Directory.GetFiles(_scratch.Data, "secrets.*")) System.IO.File.Copy(file, Path.Combine(aside, Path.GetFileName(file)));
            });
        Assert.True(Directory.Exists(aside));
        for (var start = 0; start < 2; start++)
        {
            using var directory = DataDirectory.Lock(aside);
            using var store = SqliteSecretStore.Open(directory);
            for (var i = 0; i < 20; i++) Assert.Equal($"{Canary}-{i}", await store.Get(new($"bmc/{i}", 1), default));
        }
        Assert.Equal(rotated, !System.IO.File.ReadAllBytes(Path.Combine(aside, "secrets.key")).SequenceEqual(key));
        Assert.False(System.IO.File.Exists(Path.Combine(aside, "secrets.key.next")));
        using (var directory = DataDirectory.Lock(aside)) Assert.Equal(20, SqliteSecretStore.Rotate(directory)); // and it can be asked for again
    }

    [Fact]
    public async Task One_secret_that_does_not_open_stops_a_rotation_and_nothing_is_changed()
    {
        await Open().Put("a", Canary, default);
        await _store!.Put("b", "other", default);
        Close();
        Execute("UPDATE secrets SET data_key = (SELECT data_key FROM secrets WHERE name = 'a') WHERE name = 'b'");
        using (var directory = DataDirectory.Lock(_scratch.Data))
            Assert.Contains("secret b", Assert.Throws<SecretUnreadableException>(() => SqliteSecretStore.Rotate(directory)).Message, StringComparison.Ordinal);
        Assert.Equal(Canary, await Open().Get(new("a", 1), default));
    }

    void Only_the_nodes_user_reads_the_key()
    {
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead, System.IO.File.GetUnixFileMode(File("secrets.key")));
    }

    void WriteKey(byte[] key)
    {
        System.IO.File.Delete(File("secrets.key"));
        System.IO.File.WriteAllBytes(File("secrets.key"), key);
        if (!OperatingSystem.IsWindows()) System.IO.File.SetUnixFileMode(File("secrets.key"), UnixFileMode.UserRead);
    }

    bool InFile(byte[] bytes) => System.IO.File.ReadAllBytes(File("secrets.db")).AsSpan().IndexOf(bytes) >= 0;

    byte[] Blob(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File("secrets.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (byte[])command.ExecuteScalar()!;
    }

    void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File("secrets.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
