using System.Reflection;
using System.Text.RegularExpressions;
using Ppec.Contracts.Events;
using Ppec.Contracts.Gate;
using Ppec.Domain.Machines;
using Ppec.Stores.Codec;

namespace Ppec.House.Tests;

public static class SurfaceTests
{
    static readonly Assembly Contracts = typeof(Command).Assembly;
    static readonly Assembly Domain = typeof(Machine).Assembly;

    [Fact]
    public static void Nothing_in_the_domain_is_a_task() =>
        Assert.Empty(Domain.GetTypes().SelectMany(t => t.GetMethods((BindingFlags)60 | BindingFlags.DeclaredOnly))
            .Where(m => m.ReturnType.FullName?.Contains("System.Threading.Tasks", StringComparison.Ordinal) == true).Select(m => $"{m.DeclaringType}.{m.Name}"));

    [Fact]
    public static void The_domain_sees_contracts_and_no_other_project() =>
        Assert.Equal(["Ppec.Contracts"], Domain.GetReferencedAssemblies().Select(a => a.Name!).Where(a => a.StartsWith("Ppec", StringComparison.Ordinal) || a.StartsWith("Orleans.Runtime", StringComparison.Ordinal)));

    [Fact]
    public static void Event_names_are_the_reviewed_list() => House.Golden("EventNames.txt", EventNames.Codec().Names);

    [Fact]
    public static void Every_event_has_a_name()
    {
        var registered = Regex.Matches(File.ReadAllText(Path.Combine(House.Root, "src/Stores/Codec/EventNames.cs")), @"\.Add<(?<type>\w+)>", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(5)).Select(m => m.Groups["type"].Value);
        Assert.Empty(Domain.GetTypes().Where(t => !t.IsAbstract && typeof(IDomainEvent).IsAssignableFrom(t)).Select(t => t.Name).Except(registered));
    }

    [Fact]
    public static void The_grain_surface_is_the_reviewed_one() => House.Golden("OrleansContracts.txt",
        Contracts.GetTypes().Where(t => t.IsPublic && (t.GetInterfaces().Any(i => i.Name == "IGrain") || typeof(Command).IsAssignableFrom(t)))
            .OrderBy(t => t.FullName, StringComparer.Ordinal).SelectMany(Describe));

    static IEnumerable<string> Describe(Type type) => type.IsInterface
        ? [type.FullName!, .. type.GetMethods().Select(m => $"  {m.ReturnType} {m.Name}({string.Join(", ", m.GetParameters().Select(p => $"{p.ParameterType} {p.Name}"))})").Order(StringComparer.Ordinal)]
        : [type.FullName!, .. type.GetProperties(BindingFlags.Instance | BindingFlags.Public | BindingFlags.DeclaredOnly).Where(p => p.CanWrite).Select(p => $"  {p.PropertyType} {p.Name}").Order(StringComparer.Ordinal)];

    /// <summary>Codes are for ever: one whose feature is still to come waits here, and leaves this list the day it is answered.</summary>
    static readonly string[] ToCome = ["MachineHoldUnknown", "MachineHasVms"];

    [Fact]
    public static void Every_problem_code_is_used()
    {
        var codes = typeof(ProblemCodes).GetFields().Select(f => f.Name).ToList();
        var source = string.Join('\n', House.Sources("src").Where(f => Path.GetFileName(f) is not ("ProblemCodes.cs" or "Problems.cs" or "ExitCodes.cs")).Select(File.ReadAllText));
        Assert.Empty(codes.Except(ToCome).Where(c => !Regex.IsMatch(source, $@"\b{c}\b", RegexOptions.None, TimeSpan.FromSeconds(5))).Select(c => $"nobody answers {c}"));
        Assert.Empty(ToCome.Where(c => Regex.IsMatch(source, $@"\b{c}\b", RegexOptions.None, TimeSpan.FromSeconds(5))).Select(c => $"{c} is answered now: take it off the list"));
    }
}
