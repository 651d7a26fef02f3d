using Ppec.Stores.Conformance;

return args is ["--rate", .. var rest] ? await Rate.Run(rest)
    : await Xunit.Runner.InProc.SystemConsole.ConsoleRunner.Run(args);
