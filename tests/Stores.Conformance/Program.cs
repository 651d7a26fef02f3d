using Ppec.Stores.Conformance;
using Ppec.Stores.Conformance.Sqlite;

return args switch
{
    ["--rate", .. var rest] => await Rate.Run(rest),
    [Node.WriteForEver, var path] => await Node.Write(path),
    [Node.WriteToPostgresForEver, _] => await Node.WriteToPostgres(),
    [Node.FillTheDisk, var path] => await Node.Fill(path),
    [Node.FailToFlush, var path] => await Node.Flush(path),
    _ => await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args),
};
