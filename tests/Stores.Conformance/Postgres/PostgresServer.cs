using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Ppec.Stores.Postgres;
using Xunit;

namespace Ppec.Stores.Conformance.Postgres;

/// <summary>
/// A PostgreSQL of the tests' own, in a directory that is gone afterwards, reached by a socket in it. It dies with the test program, however that dies:
/// the shell between them waits for the end of its input. Three roles: the superuser, the owner of the log, and the application's.
/// </summary>
sealed class PostgresServer : IAsyncDisposable
{
    public const string SuperUser = "postgres", Owner = "ppec_owner", Application = "ppec_app";
    public const string Password = "s3cr;t=\"of' the tests";
    const string Template = "log_template";
    const string User = "postgres"; // Debian's; the server refuses to run as root
    static readonly string[] Places = ["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin"];
    static readonly string? Programs = Places.FirstOrDefault(place => File.Exists(Path.Combine(place, "postgres")));

    readonly Scratch _scratch = new();
    readonly string[] _settings;
    Process? _process;
    int _databases;

    PostgresServer(string[] settings) => _settings = settings;

    string Data => Path.Combine(_scratch.Path, "pg");

    public static bool IsInstalled => Programs is not null;

    /// <summary>Makes a cluster with an empty log as the template of databases, and starts it. Skips the test where there is no PostgreSQL.</summary>
    public static async Task<PostgresServer> Start(params string[] settings)
    {
        if (Programs is null) Assert.Skip("needs PostgreSQL 15 or later: ops/packages test");
        var server = new PostgresServer(settings);
        try
        {
            await server.Initialise();
            await server.Resume();
            await server.Prepare();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    async Task Initialise()
    {
        var password = Path.Combine(_scratch.Path, "password");
        await File.WriteAllTextAsync(password, Password);
        if (Environment.IsPrivilegedProcess) await Run("chown", "-R", User, _scratch.Path);
        await Run([.. AsUser(), Path.Combine(Programs!, "initdb"), "-D", Data, "-U", SuperUser, "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "--locale", "C.UTF-8", "--no-instructions", "--no-sync"]);
    }

    /// <summary>Starts the server, again after a <see cref="Kill"/>, and waits until it answers.</summary>
    public async Task Resume()
    {
        string[] command = [.. AsUser(), Path.Combine(Programs!, "postgres"), "-D", Data, "-k", _scratch.Path, "-c", "listen_addresses=", "-c", "max_connections=200", .. _settings.SelectMany(s => new[] { "-c", s })];
        _process = Process.Start(new ProcessStartInfo("sh", ["-c", "cd \"$0\"; \"$@\" </dev/null >>server.log 2>&1 & { read -r end; kill -QUIT $(head -n 1 pg/postmaster.pid); } 2>/dev/null; wait", _scratch.Path, .. command])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
        })!;
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                await using var connection = await Session(SuperUser, "postgres");
                return;
            }
            catch (NpgsqlException) when (Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(30)) { await Task.Delay(20); }
            catch (NpgsqlException e) { throw new TimeoutException($"PostgreSQL never answered. {Log}", e); }
        }
    }

    async Task Prepare()
    {
        await Execute(SuperUser, "postgres", $"CREATE ROLE {Owner} LOGIN PASSWORD '{Password.Replace("'", "''", StringComparison.Ordinal)}'");
        await Execute(SuperUser, "postgres", $"CREATE ROLE {Application} LOGIN PASSWORD '{Password.Replace("'", "''", StringComparison.Ordinal)}'");
        await Execute(SuperUser, "postgres", $"CREATE DATABASE {Template} OWNER {Owner}");
        await PostgresSchema.Apply(Connection(Owner, Template), Application, default);
    }

    /// <summary>A new database with an empty log in it, or with nothing.</summary>
    public async Task<string> Database(bool empty = false)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"log_{Interlocked.Increment(ref _databases)}");
        await Execute(SuperUser, "postgres", empty ? $"CREATE DATABASE {name} OWNER {Owner}" : $"CREATE DATABASE {name} OWNER {Owner} TEMPLATE {Template}");
        return name;
    }

    public string Connection(string role, string database) => new NpgsqlConnectionStringBuilder
    {
        Host = _scratch.Path, Username = role, Password = Password, Database = database,
    }.ConnectionString;

    /// <summary>A session of its own: one from a pool keeps the settings it began with.</summary>
    async Task<NpgsqlConnection> Session(string role, string database)
    {
        var connection = new NpgsqlConnection(Connection(role, database) + ";Pooling=false");
        try { await connection.OpenAsync(); }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
        return connection;
    }

    public async Task<object?> Ask(string role, string database, string sql)
    {
        await using var connection = await Session(role, database);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }

    public async Task Execute(string role, string database, string sql)
    {
        await using var connection = await Session(role, database);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// kill -9 of the postmaster and at once of its children, which would otherwise finish what they are at, a commit too.
    /// A server started before they have ended would refuse.
    /// </summary>
    public async Task Kill()
    {
        var pid = (await File.ReadAllLinesAsync(Path.Combine(Data, "postmaster.pid")))[0];
        var children = (await File.ReadAllTextAsync($"/proc/{pid}/task/{pid}/children")).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (var process in children.Prepend(pid))
        {
            try { using var one = Process.GetProcessById(int.Parse(process, CultureInfo.InvariantCulture)); one.Kill(); }
            catch (ArgumentException) { } // a session that has ended by itself
        }
        var since = Stopwatch.GetTimestamp();
        while (children.Any(child => Path.Exists($"/proc/{child}/exe")))
        {
            if (Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(30)) throw new TimeoutException("The killed server's children never ended.");
            await Task.Delay(5);
        }
        File.Delete(Path.Combine(Data, "postmaster.pid")); // the number may soon be another process's
        await Ended();
    }

    public string Log => File.Exists(Path.Combine(_scratch.Path, "server.log")) ? File.ReadAllText(Path.Combine(_scratch.Path, "server.log")) : "";

    async Task Ended()
    {
        if (_process is not { } process) return;
        _process = null;
        process.StandardInput.Close();
        await process.WaitForExitAsync().Within("the end of PostgreSQL");
        process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await Ended();
        _scratch.Dispose();
    }

    static string[] AsUser() => Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", User, "--regid", User, "--clear-groups"] : [];

    static async Task Run(params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (said, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().Within($"the end of {command[0]}");
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', command)}: {await said}{await error}");
    }
}
