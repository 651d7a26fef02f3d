using System.Security.Cryptography;
using Ppec.Contracts.Events;
using Ppec.Contracts.Secrets;
using Ppec.Stores.Conformance.Postgres;
using Ppec.Stores.Postgres;
using Xunit;

namespace Ppec.Stores.Conformance.Secrets;

public sealed class PostgresSecretStoreTests(OneServer one) : IAsyncLifetime
{
    const string Canary = "canary-Zq7#pässword";
    readonly Scratch _scratch = new();
    PostgresServer _server = null!;
    string _database = "", _key = "";

    public async ValueTask InitializeAsync()
    {
        _server = await one.Started();
        _database = await _server.Database();
        _key = Key("secrets.key", RandomNumberGenerator.GetBytes(32));
    }

    public ValueTask DisposeAsync()
    {
        _scratch.Dispose();
        return ValueTask.CompletedTask;
    }

    string Key(string name, byte[] bytes)
    {
        var path = Path.Combine(_scratch.Path, name);
        File.WriteAllBytes(path, bytes);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(path, UnixFileMode.UserRead);
        return path;
    }

    Task<PostgresSecretStore> Open(string? key = null) => PostgresSecretStore.Open(_server.Connection(PostgresServer.Application, _database), key ?? _key, default);

    [Fact]
    public async Task A_secret_that_one_silo_kept_is_read_by_another()
    {
        await using var first = await Open();
        await using var second = await Open();
        var secret = await first.Put("bmc/machine-1", Canary, default);
        var next = await second.Put("bmc/machine-1", "", default);
        Assert.Equal((new SecretRef("bmc/machine-1", 1), new SecretRef("bmc/machine-1", 2)), (secret, next));
        Assert.Equal(Canary, await second.Get(secret, default));
        Assert.Equal("", await first.Get(next, default));
        Assert.Null(await first.Get(new("bmc/machine-1", 3), default));

        await second.Destroy(secret, default);
        await second.Destroy(secret, default);
        Assert.Null(await first.Get(secret, default));
        Assert.Equal(3, (await first.Put("bmc/machine-1", "new", default)).Version);
    }

    [Fact]
    public async Task Versions_are_given_once_even_by_two_silos_at_once()
    {
        await using var first = await Open();
        await using var second = await Open();
        var given = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => (i % 2 == 0 ? first : second).Put($"busy-{i / 4}", $"{i}", default))));
        Assert.Equal(8, given.Distinct().Count());
        Assert.All(given.GroupBy(g => g.Name), g => Assert.Equal(Enumerable.Range(1, g.Count()), g.Select(s => s.Version).Order()));
    }

    [Fact]
    public async Task Neither_the_database_alone_nor_another_key_reads_a_secret()
    {
        await using (var store = await Open()) await store.Put("a", Canary, default);
        Assert.Equal(0L, await _server.Ask(PostgresServer.SuperUser, _database, $"SELECT count(*) FROM ppec.secrets s WHERE position('{Convert.ToHexString("canary"u8)}' in upper(encode(value, 'hex') || encode(data_key, 'hex'))) > 0"));
        var refused = await Assert.ThrowsAsync<SecretUnreadableException>(() => Open(Key("other.key", RandomNumberGenerator.GetBytes(32))));
        Assert.Contains("is not the one that the secrets of this cluster were written with", refused.Message, StringComparison.Ordinal);
        Assert.Contains("is gone", (await Assert.ThrowsAsync<SecretUnreadableException>(() => Open(Path.Combine(_scratch.Path, "none")))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("UPDATE ppec.secrets SET (data_key, value) = (SELECT data_key, value FROM ppec.secrets WHERE name = 'b') WHERE name = 'a'")]
    [InlineData("UPDATE ppec.secrets SET value = substr(value, 1, 20) WHERE name = 'a'")]
    public async Task Ciphertexts_that_were_moved_or_cut_do_not_decrypt(string sql)
    {
        await using var store = await Open();
        await store.Put("a", Canary, default);
        await store.Put("b", "other", default);
        await _server.Execute(PostgresServer.SuperUser, _database, sql);
        Assert.Contains("secret a", (await Assert.ThrowsAsync<SecretUnreadableException>(() => store.Get(new("a", 1), default))).Message, StringComparison.Ordinal);
        Assert.Equal("other", await store.Get(new("b", 1), default));
    }

    [Fact]
    public async Task Another_key_wraps_the_same_data_keys_in_one_go()
    {
        var (next, owner) = (Path.Combine(_scratch.Path, "next.key"), _server.Connection(PostgresServer.SuperUser, _database));
        await using (var store = await Open()) await store.Put("a", Canary, default);
        Assert.Equal(1, await PostgresSecretStore.Rotate(owner, _key, next, default));
        Assert.Null(await PostgresSecretStore.Rotate(owner, _key, next, default)); // the answer was lost: it is asked again
        await using (var store = await Open(next)) Assert.Equal(Canary, await store.Get(new("a", 1), default));
        await Assert.ThrowsAsync<SecretUnreadableException>(() => Open());
        var stranger = Key("stranger.key", RandomNumberGenerator.GetBytes(32));
        Assert.Contains("Neither", (await Assert.ThrowsAsync<SecretUnreadableException>(() => PostgresSecretStore.Rotate(owner, stranger, Path.Combine(_scratch.Path, "other.key"), default))).Message, StringComparison.Ordinal);
    }

    /// <summary>The application's role may not bring back what was destroyed under a number, nor remove the trace of it.</summary>
    [Theory]
    [InlineData("DELETE FROM ppec.secrets")]
    [InlineData("UPDATE ppec.secrets SET version = 9")]
    [InlineData("UPDATE ppec.secrets_proof SET envelope = ''")]
    [InlineData("TRUNCATE ppec.secrets")]
    public async Task The_applications_role_can_only_add_and_destroy(string sql)
    {
        var refused = await Assert.ThrowsAsync<Npgsql.PostgresException>(() => _server.Execute(PostgresServer.Application, _database, sql));
        Assert.Equal(Npgsql.PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Fact]
    public async Task A_database_that_is_away_is_said_to_be_without_its_password()
    {
        var refused = await Assert.ThrowsAsync<EventStoreUnavailableException>(() => PostgresSecretStore.Open("Host=127.0.0.1;Port=1;Username=u;Password=hunter2;Timeout=1", _key, default));
        Assert.Contains("secret store", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }
}
