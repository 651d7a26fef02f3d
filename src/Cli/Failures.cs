using Ppec.Cli.Changes;
using Ppec.Contracts.Audit;
using Ppec.Contracts.Gate;
using Ppec.Sdk;

namespace Ppec.Cli;

/// <summary>Says what went wrong and what to do next.</summary>
static class Failures
{
    public static int Report(Exception failure, Call call)
    {
        var screen = call.Screen;
        switch (failure)
        {
            case PlannedException planned:
                return call.Show(planned.Plan, (plan, wide) => PlanSheets.Of(plan, wide), plan => [plan.Hash]);
            case AwaitingApprovalException waiting:
                ChangeSheets.Show(call, waiting.Change);
                screen.Say(waiting.Message);
                screen.Say($"next: ppec change show {waiting.Change.Value.Id}");
                break;
            case PpecException problem:
                screen.Say($"error: {problem.Message} [{problem.Code}]");
                foreach (var field in problem.Fields)
                {
                    if (problem.Fields.Length > 1 || field.Message != problem.Message) screen.Say($"  {field.Field}: {field.Message}");
                }
                if (Next(problem.Code) is { } next) screen.Say($"next: {next}");
                break;
            case OutcomeUnknownException unknown:
                screen.Say($"error: {unknown.Message}");
                screen.Say($"next: run the same command again with --idempotency-key {unknown.IdempotencyKey}: it takes effect once.");
                break;
            case ServerUnreachableException away:
                screen.Say($"error: {away.Message}");
                screen.Say("next: check the address (ppec context list), and whether the server is ready: GET /health/ready.");
                break;
            case OperationCanceledException when call.SentKey is { } key:
                screen.Say($"Interrupted. Whether it was done is unknown: run the same command again with --idempotency-key {key}, and it takes effect once.");
                break;
            case OperationCanceledException:
                screen.Say("Interrupted.");
                break;
            case LogFaultException fault:
                screen.Say($"error: {fault.Message}");
                screen.Say("next: touch nothing, keep a copy of the log and of the heads kept elsewhere, and find out who could write either.");
                break;
            case UsageException or ArgumentException or IOException or UnauthorizedAccessException:
                screen.Say($"error: {failure.Message}");
                break;
            default:
                screen.Say($"error: {failure.GetType().Name}: {failure.Message}");
                screen.Say("This is a fault of ppec itself. Run it again with PPEC_TRACE=1 for the details.");
                if (call.Io.Variable("PPEC_TRACE") is { Length: > 0 }) foreach (var line in failure.ToString().Split('\n')) screen.Say(line);
                break;
        }
        return ExitCodes.Of(failure);
    }

    /// <summary>The command that usually helps; the server's sentence says the rest.</summary>
    static string? Next(string code) => code switch
    {
        ProblemCodes.Unauthenticated => "see which credential is used with ppec context list, or name one with --credential-file FILE.",
        ProblemCodes.MachineUnknown or ProblemCodes.NotFound => "look at what there is: ppec NOUN list.",
        ProblemCodes.VersionStale => "look at it again (ppec NOUN show ID -o json has the version), then repeat with that --if-match.",
        ProblemCodes.PlanStale => "look at the new plan with --plan, then apply it with its --plan-hash.",
        ProblemCodes.KeyReused => "leave --idempotency-key out, or take a new key: this one was used for another command.",
        ProblemCodes.MachineHeld => "see the holds with ppec machine show ID, lift one with ppec machine unhold ID --source SOURCE.",
        ProblemCodes.MachineBusy => "follow what is under way with ppec op watch ID, or stop it with ppec op cancel ID.",
        ProblemCodes.PasswordMustChange => "set a password of your own: ppec user password NAME, or sign in again with ppec login.",
        ProblemCodes.SignInAgain => "sign in again with ppec login: this takes a person who did so within five minutes.",
        ProblemCodes.ImageContentMissing => "name the image's file with --content FILE, and it is uploaded first.",
        ProblemCodes.OutcomeUnknown or ProblemCodes.Unavailable => "run the same command again in a moment.",
        _ => null,
    };
}
