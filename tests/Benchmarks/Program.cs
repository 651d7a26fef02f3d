using System.Globalization;
using Ppec.Benchmarks;

// Measures and prints; asserts nothing. `--quick` takes less than four minutes; `gate`, `gate-access`, `audit`, `lives`, `starts`, `stores`, `cluster`, `fleet`, `storm`, `grains`, `queries`, `verify` and `import` run one part;
// `import 5000` imports so many; `fleet 13500` racks and inspects so many machines instead of a thousand at each of four windows; `queries`, `audit` and `verify` read the log in the directory that PPEC_BENCH_LOG names instead of writing one.
var quick = args.Contains("--quick");
var parts = args.Where(a => !a.StartsWith("--", StringComparison.Ordinal)).ToList();
var model = File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim() ?? "unknown CPU";
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{model}, {Environment.ProcessorCount} cores, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, .NET {Environment.Version}{(quick ? ", quick" : "")}"));
Console.WriteLine();
Row.Head();
if (Wanted("gate")) await GateRate.Run(TimeSpan.FromSeconds(quick ? 2 : 8), rounds: quick ? 1 : 2);
if (Wanted("gate-access")) await GateAccess.Run(TimeSpan.FromSeconds(quick ? 2 : 8), rounds: quick ? 1 : 4);
if (Wanted("audit")) await AuditRates.Run(machines: quick ? 10_000 : 100_000, requests: quick ? 100 : 500);
if (Wanted("lives")) await Lives.Run(count: quick ? 30 : 150, warmUp: quick ? 10 : 50);
if (Wanted("starts")) await Starts.Run();
if (Wanted("stores")) await StoreRates.Run(TimeSpan.FromSeconds(quick ? 1 : 5), rounds: quick ? 1 : 2);
if (Wanted("fleet")) await Fleet.Run(parts.Select(p => int.TryParse(p, out var count) ? count : 0).DefaultIfEmpty().Max(), quick);
if (Wanted("storm")) await Storm.Run();
if (Wanted("grains")) await GrainMemory.Run(resting: quick ? 10_000 : 100_000, working: quick ? 200 : 2000);
if (Wanted("import")) await Imports.Run(parts.Select(p => int.TryParse(p, out var count) ? count : 0).DefaultIfEmpty().Max(), quick);
if (Wanted("verify")) await Verification.Run(machines: quick ? 10_000 : 100_000);
if (Wanted("cluster")) await ClusterRates.Run(TimeSpan.FromSeconds(quick ? 3 : 15), faults: quick ? 1 : 3);
if (Wanted("queries")) await Queries.Run(machines: quick ? 10_000 : 100_000, requests: quick ? 100 : 500);
return 0;

bool Wanted(string part) => parts.Count == 0 || parts.Contains(part);
