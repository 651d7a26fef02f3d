using System.Globalization;
using Ppec.Benchmarks;

// Measures and prints; asserts nothing. `--quick` takes less than half a minute; `gate`, `lives` and `starts` run one part.
var quick = args.Contains("--quick");
var parts = args.Where(a => !a.StartsWith("--", StringComparison.Ordinal)).ToList();
var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown CPU";
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model}, {Environment.ProcessorCount} cores, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, .NET {Environment.Version}{(quick ? ", quick" : "")}"));
Console.WriteLine();
Console.WriteLine($"{"what",-58} {"measured",16} {"target",12}");
if (Wanted("gate")) await GateRate.Run(TimeSpan.FromSeconds(quick ? 2 : 8), rounds: quick ? 1 : 2);
if (Wanted("lives")) await Lives.Run(count: quick ? 30 : 150, warmUp: quick ? 10 : 50);
if (Wanted("starts")) await Starts.Run();
return 0;

bool Wanted(string part) => parts.Count == 0 || parts.Contains(part);
