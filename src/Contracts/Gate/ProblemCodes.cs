namespace Ppec.Contracts.Gate;

/// <summary>Every problem code. Codes are for ever; <c>Api/Problems.cs</c> maps them to HTTP and <c>Cli/ExitCodes.cs</c> to exit statuses.</summary>
public static class ProblemCodes
{
    // the request itself
    public const string Malformed = "malformed";
    public const string Invalid = "invalid";
    public const string TooLarge = "too-large";
    public const string UnsupportedMediaType = "unsupported-media-type";
    public const string Unauthenticated = "unauthenticated";
    public const string Forbidden = "forbidden";
    public const string NotFound = "not-found";
    public const string MethodNotAllowed = "method-not-allowed";
    public const string VersionStale = "version-stale";
    public const string TooManyRequests = "too-many-requests";
    public const string VersionRequired = "version-required";
    public const string PlanStale = "plan-stale";
    public const string KeyReused = "idempotency-key-reused";
    public const string OutcomeUnknown = "outcome-unknown";
    public const string Unavailable = "unavailable";
    public const string Unexpected = "unexpected";
    public const string ObserveOnly = "observe-only";
    public const string NoCapacity = "no-capacity";
    public const string QuotaExceeded = "quota-exceeded";
    public const string NothingChosen = "nothing-chosen";

    // machines
    public const string MachineUnknown = "machine-unknown";
    public const string MachineExists = "machine-exists";
    public const string MachineWrongStage = "machine-wrong-stage";
    public const string MachineHeld = "machine-held";
    public const string MachineBusy = "machine-busy";
    public const string MachineNoBmc = "machine-no-bmc";
    public const string MachineEvaluationFailed = "machine-evaluation-failed";
    public const string MachineReportTooOld = "machine-report-too-old";
    public const string MachineNotAccepted = "machine-not-accepted";
    public const string MachineNotDirty = "machine-not-dirty";
    public const string MachineDisksUnseen = "machine-disks-unseen";
    public const string MachineDiskUnknown = "machine-disk-unknown";
    public const string MachineDiskTooSmall = "machine-disk-too-small";
    public const string MachineBootModeMismatch = "machine-boot-mode-mismatch";
    public const string MachineHoldUnknown = "machine-hold-unknown";
    public const string MachineGapUnknown = "machine-gap-unknown";
    public const string MachineInMaintenance = "machine-in-maintenance";
    public const string MachineNotInMaintenance = "machine-not-in-maintenance";
    public const string MachineBoots = "machine-boots";
    public const string MachineHasVms = "machine-has-vms";
    public const string MachineStillRacked = "machine-still-racked";
    public const string MachineSerialRefused = "machine-serial-refused";
    public const string MachineBmcFailed = "machine-bmc-failed";
    public const string MachineIdentityMismatch = "machine-identity-mismatch";

    // operations and agents
    public const string OperationUnknown = "operation-unknown";
    public const string OperationEnded = "operation-ended";
    public const string OperationStale = "operation-stale";
    public const string OperationNotFailed = "operation-not-failed";
    public const string BootTokenRefused = "boot-token-refused";

    // places, profiles, images, names
    public const string RegionUnknown = "region-unknown";
    public const string RegionExists = "region-exists";
    public const string RackUnknown = "rack-unknown";
    public const string RackExists = "rack-exists";
    public const string RackUnitTaken = "rack-unit-taken";
    public const string RackUnitOutside = "rack-unit-outside";
    public const string RackNotEmpty = "rack-not-empty";
    public const string ProfileUnknown = "profile-unknown";
    public const string ProfileUnchanged = "profile-unchanged";
    public const string ImageUnknown = "image-unknown";
    public const string ImageContentMissing = "image-content-missing";
    public const string ImageContentAltered = "image-content-altered";
    public const string ImageSignatureRefused = "image-signature-refused";
    public const string ImageDeprecated = "image-deprecated";
    public const string AlertResolved = "alert-resolved";
    public const string NameTaken = "name-taken";
    public const string TagRequired = "tag-required";
    public const string TagValueRefused = "tag-value-refused";
    public const string CredentialExists = "credential-exists";
    public const string CredentialEnded = "credential-ended";

    // who may do what
    public const string Escalation = "escalation";
    public const string InUse = "in-use";
    public const string BuiltIn = "built-in";
    public const string LastAdministrator = "last-administrator";
    public const string TooFewApprovers = "too-few-approvers";
    public const string PasswordWrong = "password-wrong";
    public const string PasswordMustChange = "password-must-change";
    public const string TooManyAttempts = "too-many-attempts";

    // the second person
    public const string ChangeUnknown = "change-unknown";
    public const string UndoMoved = "undo-moved";
    public const string UndoImpossible = "undo-impossible";
    public const string ChangeEnded = "change-ended";
    public const string ChangeNotYours = "change-not-yours";
    public const string ChangeOwn = "change-own";
    public const string ChangePlanMoved = "change-plan-moved";
    public const string SignInAgain = "sign-in-again";
    public const string MachineReserved = "machine-reserved";
}
