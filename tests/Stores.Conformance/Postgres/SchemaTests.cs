using Npgsql;
using Ppec.Contracts.Events;
using Ppec.Stores.Postgres;
using Xunit;

namespace Ppec.Stores.Conformance.Postgres;

/// <summary>Who may do what to the tables, and which schema a node accepts.</summary>
public sealed class SchemaTests(OneServer one)
{
    const string Owner = PostgresServer.Owner, Application = PostgresServer.Application, SuperUser = PostgresServer.SuperUser;

    static async Task<(PostgresServer Server, string Database)> WithEvents(OneServer one)
    {
        var server = await one.Started();
        var database = await server.Database();
        await using var store = await PostgresEventStore.Open(server.Connection(Application, database), default);
        await new StreamAuthor(store, "kept-1").Append(5);
        return (server, database);
    }

    [Theory]
    [InlineData("UPDATE ppec.events SET data = ''")]
    [InlineData("UPDATE ppec.events SET position = position WHERE false")]
    [InlineData("DELETE FROM ppec.events")]
    [InlineData("TRUNCATE ppec.events")]
    [InlineData("SELECT 1 FROM ppec.events FOR UPDATE")]
    [InlineData("INSERT INTO ppec.events SELECT * FROM ppec.events ON CONFLICT (position) DO UPDATE SET data = ''")]
    [InlineData("ALTER TABLE ppec.events DISABLE TRIGGER ALL")]
    [InlineData("ALTER TABLE ppec.events SET UNLOGGED")]
    [InlineData("DROP TABLE ppec.events")]
    [InlineData("DROP SCHEMA ppec CASCADE")]
    [InlineData("CREATE RULE r AS ON INSERT TO ppec.events DO INSTEAD NOTHING")]
    [InlineData("DELETE FROM ppec.head")]
    [InlineData("INSERT INTO ppec.head(one, position) VALUES (false, 1)")]
    [InlineData("UPDATE ppec.migrations SET version = 0")]
    [InlineData("SET session_replication_role = replica")]
    public async Task The_applications_role_only_adds(string sql)
    {
        var (server, database) = await WithEvents(one);
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => server.Execute(Application, database, sql))).SqlState);
        Assert.Equal(5L, await server.Ask(Owner, database, "SELECT count(*) FROM ppec.events WHERE data <> ''"));
    }

    [Theory]
    [InlineData("UPDATE ppec.events SET data = ''"), InlineData("DELETE FROM ppec.events"), InlineData("TRUNCATE ppec.events")]
    public async Task Even_the_owner_does_not_alter_events_by_accident(string sql)
    {
        var (server, database) = await WithEvents(one);
        Assert.Contains("only ever appended to", (await Assert.ThrowsAsync<PostgresException>(() => server.Execute(Owner, database, sql))).MessageText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Owner, ""), InlineData(SuperUser, "")]
    [InlineData(Application, "GRANT UPDATE ON ppec.events TO ppec_app")]
    [InlineData(Application, "GRANT DELETE ON ppec.events TO ppec_app")]
    [InlineData(Application, "GRANT TRUNCATE ON ppec.events TO PUBLIC")]
    public async Task A_node_whose_role_may_alter_events_does_not_start(string role, string grant)
    {
        var (server, database) = await WithEvents(one);
        if (grant != "") await server.Execute(Owner, database, grant);
        var error = await Assert.ThrowsAsync<PostgresUnfitException>(() => PostgresEventStore.Open(server.Connection(role, database), default));
        Assert.Contains("may update, delete or truncate", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DROP SCHEMA ppec CASCADE", "holds no event log")]
    [InlineData("DELETE FROM ppec.migrations", "the schema is version 0")]
    [InlineData("INSERT INTO ppec.migrations(version, name, hash) VALUES (999, 'later', '')", "the schema is version 999")]
    [InlineData("REVOKE ALL ON SCHEMA ppec FROM ppec_app", "no rights")]
    [InlineData("REVOKE ALL ON ppec.migrations FROM ppec_app", "no rights")]
    public async Task Another_schema_than_this_programs_is_refused_with_the_command_that_migrates(string sql, string said)
    {
        var (server, database) = await WithEvents(one);
        await server.Execute(Owner, database, sql);
        foreach (var start in new Func<Task>[] { () => PostgresEventStore.Open(server.Connection(Application, database), default), () => PostgresSchema.Check(server.Connection(Application, database), default) })
        {
            var error = await Assert.ThrowsAsync<PostgresUnfitException>(start);
            Assert.Contains(said, error.Message, StringComparison.Ordinal);
            Assert.Contains("ppec-silo migrate-schema", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Migrating_twice_or_at_once_does_it_once_and_keeps_the_events()
    {
        var server = await one.Started();
        var database = await server.Database(empty: true);
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => PostgresSchema.Apply(server.Connection(Owner, database), Application, default)));
        Assert.Equal(PostgresSchema.Version, Assert.Single(applied, a => a.Count > 0).Count);
        await using (var store = await PostgresEventStore.Open(server.Connection(Application, database), default)) await new StreamAuthor(store, "kept-1").Append(5);
        Assert.Empty(await PostgresSchema.Apply(server.Connection(Owner, database), Application, default));
        await using var again = await PostgresEventStore.Open(server.Connection(Application, database), default);
        Assert.Equal(new LogPosition(5), await again.Verify(null, default));
    }

    [Fact]
    public async Task Migrating_takes_back_rights_that_were_granted_by_hand()
    {
        var (server, database) = await WithEvents(one);
        await server.Execute(Owner, database, "GRANT ALL ON ppec.events TO ppec_app");
        await PostgresSchema.Apply(server.Connection(Owner, database), Application, default);
        await (await PostgresEventStore.Open(server.Connection(Application, database), default)).DisposeAsync();
    }

    [Theory]
    [InlineData("INSERT INTO ppec.migrations(version, name, hash) VALUES (999, 'later', '')", Application, "start that one")]
    [InlineData("UPDATE ppec.migrations SET hash = '' WHERE version = 1", Application, "is not the one that was applied")]
    [InlineData("SELECT 1", Owner, "owns the tables")]
    [InlineData("SELECT 1", "nobody; DROP SCHEMA ppec", "CREATE ROLE")]
    public async Task A_migration_that_cannot_be_meant_is_refused_and_changes_nothing(string before, string role, string said)
    {
        var (server, database) = await WithEvents(one);
        await server.Execute(Owner, database, before);
        var error = await Assert.ThrowsAsync<PostgresUnfitException>(() => PostgresSchema.Apply(server.Connection(Owner, database), role, default));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Equal(5L, await server.Ask(Owner, database, "SELECT count(*) FROM ppec.events"));
    }

    [Fact]
    public async Task Orleans_finds_its_queries_and_may_use_them_as_the_applications_role()
    {
        var (server, database) = await WithEvents(one);
        await using var connection = new NpgsqlConnection(PostgresSchema.OrleansConnection(server.Connection(Application, database)) + ";Pooling=false");
        await connection.OpenAsync();
        async Task<object?> Ask(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection);
            return await command.ExecuteScalarAsync();
        }
        Assert.Equal(20L, await Ask("SELECT count(*) FROM OrleansQuery"));
        Assert.Equal(1, await Ask("SELECT * FROM insert_membership_version('test')"));
        Assert.Equal(1, await Ask("SELECT * FROM insert_membership('test', '127.0.0.1', 1, 1, 'a', 'a', 1, 1, now(), now(), 0)"));
        Assert.Equal(0, await Ask("SELECT * FROM update_membership('test', '127.0.0.1', 1, 1, 3, '', now(), 0)")); // another version is there by now
        Assert.Equal(1, await Ask("SELECT * FROM update_membership('test', '127.0.0.1', 1, 1, 3, '', now(), 1)"));
        Assert.Equal(0, await Ask("SELECT * FROM upsert_reminder_row('test', 'grain', 'tick', now(), 60000, 1)"));
        Assert.Equal(1, await Ask("SELECT * FROM delete_reminder_row('test', 'grain', 'tick', 0)"));
        Assert.Equal(1, await Ask("SELECT * FROM writetostorage(1, 1, 1, 1, 'type', NULL, 'test', NULL, 'x')"));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, (await Assert.ThrowsAsync<PostgresException>(() => Ask("UPDATE OrleansQuery SET QueryText = ''"))).SqlState);
    }

    [Fact]
    public async Task The_password_is_in_no_message()
    {
        var server = await one.Started();
        var database = await server.Database();
        var right = server.Connection(Application, database);
        const string secret = "tOpS3cret";
        string[] wrong =
        [
            new NpgsqlConnectionStringBuilder(right) { Password = secret }.ConnectionString,                    // refused by the server
            new NpgsqlConnectionStringBuilder(right) { Password = secret, Host = "/nowhere" }.ConnectionString, // nobody there
            new NpgsqlConnectionStringBuilder(right) { Password = secret, Database = "none" }.ConnectionString,
            $"Host=x;Username=u;Password=a;{secret}=1", $"Host=x;Password=a;{secret}", $"Password={secret}", $"Host=x;Password=\"{secret}", $"Host=x;Port={secret}", secret,
        ];
        foreach (var connection in wrong)
        {
            foreach (var use in new Func<Task>[]
            {
                () => PostgresEventStore.Open(connection, default), () => PostgresSchema.Apply(connection, Application, default), () => PostgresSchema.Check(connection, default),
            })
            {
                var error = await Assert.ThrowsAnyAsync<Exception>(use);
                Assert.True(error is ArgumentException or EventStoreUnavailableException, error.ToString());
                Assert.DoesNotContain(secret, error.ToString(), StringComparison.OrdinalIgnoreCase);
            }
        }
    }
}
