using System.CommandLine;
using Ppec.Lab.Commands;

// `up` handles its signals itself: two seconds are too few to switch a lab off.
return await CommandLine.Root().Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
