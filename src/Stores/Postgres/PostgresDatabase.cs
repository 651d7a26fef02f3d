using Npgsql;

namespace Ppec.Stores.Postgres;

/// <summary>The connections of one node to the database of the log, with this store's own bounds on how long anything may take.</summary>
sealed class PostgresDatabase : IAsyncDisposable
{
    const int ConnectSeconds = 5;
    const int CommandSeconds = 10;
    const int Connections = 20; // a writer, a listener, and readers that hold one for a page

    // A node that dies or is stopped while it holds the head's lock would stop all others: the server ends such a session.
    // Waiting for that lock ends before the command's time does, so that the connection need not be broken to stop waiting.
    // Every query here is a look-up by an index; one planned while the table was small must not stay a scan when it is large.
    // (A scan of the one-row head is then so dear on paper that it would be compiled first, for 60 ms: no JIT.)
    const string Session = "-c idle_in_transaction_session_timeout=2000 -c lock_timeout=8000 -c enable_seqscan=off -c jit=off";

    readonly NpgsqlDataSource _source;

    /// <exception cref="ArgumentException">The connection string cannot be read. Its text is not repeated: it holds a password.</exception>
    public PostgresDatabase(string connectionString)
    {
        var settings = Parse(connectionString);
        settings.ApplicationName ??= "ppec";
        settings.Timeout = ConnectSeconds;
        settings.CommandTimeout = CommandSeconds;
        settings.MaxPoolSize = Math.Min(settings.MaxPoolSize, Connections);
        settings.MaxAutoPrepare = Math.Max(settings.MaxAutoPrepare, 20);
        settings.AutoPrepareMinUsages = 2;
        settings.Options = $"{settings.Options} {Session}".TrimStart();
        settings.IncludeErrorDetail = false; // it quotes rows
        Where = Name(settings);
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    /// <summary>Server, database and role, for messages.</summary>
    public string Where { get; }

    public ValueTask<NpgsqlConnection> Open(CancellationToken cancellation) => _source.OpenConnectionAsync(cancellation);

    public Exception Translate(Exception error, string doing) => PostgresErrors.Translate(error, Where, doing);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    public static string Name(NpgsqlConnectionStringBuilder settings) => $"PostgreSQL at {settings.Host}:{settings.Port}, database {settings.Database ?? settings.Username}, role {settings.Username}";

    public static NpgsqlConnectionStringBuilder Parse(string connectionString)
    {
        try
        {
            var settings = new NpgsqlConnectionStringBuilder(connectionString);
            return string.IsNullOrEmpty(settings.Host) ? throw new ArgumentException("No host.", nameof(connectionString)) : settings;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
#pragma warning disable MA0054 // Without the cause: it names the keyword that is not known, and in a badly quoted password that is a part of it.
            throw new ArgumentException("The PostgreSQL connection string cannot be read. It is a list such as Host=db1;Database=ppec;Username=ppec_app;Password=…; a value with ; or = in it stands in double quotes.", nameof(connectionString));
#pragma warning restore MA0054
        }
    }
}
