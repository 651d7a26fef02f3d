using System.Collections.Immutable;

namespace Ppec.Contracts.Gate;

/// <summary>
/// Why something was not done. <paramref name="Code"/> is public and permanent (kebab-case); <paramref name="Message"/> says what is wrong and what to do.
/// <see cref="ProblemCodes"/> lists every code with its HTTP status.
/// </summary>
[GenerateSerializer, Immutable]
public sealed record Problem(string Code, string Message, ImmutableArray<FieldProblem> Fields = default)
{
    public static Problem Invalid(string field, string message) => new(ProblemCodes.Invalid, message, [new(field, message)]);
}

/// <summary>One wrong field, named as in the request body (JSON pointer without the leading slash).</summary>
[GenerateSerializer, Immutable]
public sealed record FieldProblem(string Field, string Message);
