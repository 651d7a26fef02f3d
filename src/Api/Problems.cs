using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using Ppec.Contracts.Gate;

namespace Ppec.Api;

/// <summary>RFC 9457. The one place that turns a problem code into an HTTP status.</summary>
public sealed record ProblemDocument(string Type, string Title, int Status, string Detail, string Code, IReadOnlyList<FieldProblem>? Errors, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Retryable = false);

public static class Problems
{
    public const string ContentType = "application/problem+json";

    /// <summary>By who reacts how; every code not named is a conflict with the state of things.</summary>
    public static int Status(string code) => code switch
    {
        ProblemCodes.Malformed or ProblemCodes.Invalid => 400,
        ProblemCodes.MachineSerialRefused or ProblemCodes.ImageSignatureRefused or ProblemCodes.TagValueRefused => 400,
        ProblemCodes.Unauthenticated => 401,
        ProblemCodes.Forbidden or ProblemCodes.Escalation or ProblemCodes.PasswordWrong or ProblemCodes.PasswordMustChange or ProblemCodes.ChangeOwn or ProblemCodes.ChangeNotYours or ProblemCodes.SignInAgain or ProblemCodes.BootTokenRefused or ProblemCodes.MachineIdentityMismatch or ProblemCodes.MachineNotAccepted => 403,
        ProblemCodes.TooManyAttempts => 429,
        ProblemCodes.NotFound or ProblemCodes.ChangeUnknown or ProblemCodes.MachineUnknown or ProblemCodes.OperationUnknown => 404,
        ProblemCodes.MethodNotAllowed => 405,
        ProblemCodes.VersionStale or ProblemCodes.PlanStale => 412,
        ProblemCodes.TooLarge => 413,
        ProblemCodes.UnsupportedMediaType => 415,
        ProblemCodes.KeyReused => 422,
        ProblemCodes.VersionRequired => 428,
        ProblemCodes.TooManyRequests => 429,
        ProblemCodes.Unexpected => 500,
        ProblemCodes.OutcomeUnknown or ProblemCodes.Unavailable => 503,
        ProblemCodes.NoCapacity => 507,
        ProblemCodes.QuotaExceeded => 403,
        _ => 409,
    };

    public static IResult Of(Problem problem) => new ProblemResult(problem);

    public static IResult NotFound(string what) => Of(new(ProblemCodes.NotFound, $"There is no {what}."));

    public static ProblemDocument Document(Problem problem) => new(
        $"urn:ppec:problem:{problem.Code}", problem.Code.Replace('-', ' '), Status(problem.Code), problem.Message, problem.Code,
        problem.Fields.IsDefaultOrEmpty ? null : problem.Fields, Status(problem.Code) is 429 or 503);

    sealed class ProblemResult(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var document = Document(problem);
            httpContext.Response.StatusCode = document.Status;
            if (document.Status == 401) httpContext.Response.Headers.WWWAuthenticate = "Bearer";
            if (document.Status is 429 or 503) httpContext.Response.Headers.RetryAfter = "1";
            return httpContext.Response.WriteAsJsonAsync(document, Contracts.PpecJson.Options, ContentType, httpContext.RequestAborted);
        }
    }
}
