using System.Collections.Immutable;
using Ppec.Domain.Operations;
using static Ppec.Domain.Operations.OnCancel;
using static Ppec.Domain.Operations.StepKind;

namespace Ppec.Domain.Machines;

/// <summary>The operations on a machine, as lists of steps. <c>tests/Domain.Tests/tables/workflows.txt</c> prints them with what a cancel does at each.</summary>
public static class Workflows
{
    public const string Inspect = "inspect";
    public const string Provision = "provision";
    public const string Reimage = "reimage";
    public const string Release = "release";
    public const string Retire = "retire";

    /// <summary>The errands: short work by the BMC that leaves the machine's stage as it is.</summary>
    public const string RotateBmc = "rotate-bmc";
    public const string PowerOn = "power-on";
    public const string PowerOff = "power-off";
    public const string LocateOn = "locate-on";
    public const string LocateOff = "locate-off";

    public static class Steps
    {
        public const string VerifyImage = "verify-image";
        public const string BootPious = "boot-pious";
        public const string AwaitPious = "await-pious";
        public const string CheckHardware = "check-hardware";
        public const string BeginWriting = "begin-writing";
        public const string Install = "install";
        public const string Wipe = "wipe";
        public const string RecordWipes = "record-wipes";
        public const string RecheckHardware = "recheck-hardware";
        public const string Inventory = "inventory";
        public const string Health = "health";
        public const string BootDisk = "boot-disk";
        public const string AwaitFirstBoot = "await-first-boot";
        public const string PowerOff = "power-off";
        public const string Record = "record";
        public const string StorePassword = "store-password";
        public const string ChangePassword = "change-password";
        public const string SwitchOn = "switch-on";
        public const string SwitchOff = "switch-off";
        public const string Light = "light";
    }

    /// <summary>The one compensation: whatever PIOUS was doing on the machine ends, and its power is as its stage wants it.</summary>
    public const string RestorePower = "restore-power";

    static readonly TimeSpan Short = TimeSpan.FromMinutes(5);
    static readonly TimeSpan Boot = TimeSpan.FromMinutes(10);
    static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    static readonly TimeSpan Day = TimeSpan.FromHours(24);
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    static readonly Step VerifyImage = new(Steps.VerifyImage, Act, Short, 2, Soon, Lands);
    static readonly Step BootPious = new(Steps.BootPious, Act, Boot, 4, Soon, Lands, Undo: RestorePower, SafePoint: true);
    static readonly Step AwaitPious = new(Steps.AwaitPious, Await, Boot, 3, Soon, Lands, RetryFrom: Steps.BootPious);
    static readonly Step CheckHardware = new(Steps.CheckHardware, Agent, Short, 2, Soon, Lands, RetryFrom: Steps.BootPious);
    static readonly Step BeginWriting = new(Steps.BeginWriting, Act, Short, 5, Soon, Lands, SafePoint: true, PointOfNoReturn: true);
    static readonly Step Install = new(Steps.Install, Agent, Hour, 2, Soon, Lands, RetryFrom: Steps.BootPious);
    static readonly Step Wipe = new(Steps.Wipe, Agent, Day, 2, Soon, Waits, RetryFrom: Steps.BootPious);
    static readonly Step RecordWipes = new(Steps.RecordWipes, Act, Short, 5, Soon, Waits);
    static readonly Step RecheckHardware = new(Steps.RecheckHardware, Agent, Short, 2, Soon, Lands, RetryFrom: Steps.BootPious);
    static readonly Step TakeInventory = new(Steps.Inventory, Agent, Short, 2, Soon, Lands, RetryFrom: Steps.BootPious);
    static readonly Step CheckHealth = new(Steps.Health, Agent, Hour, 2, Soon, Lands, RetryFrom: Steps.BootPious);
    static readonly Step BootDisk = new(Steps.BootDisk, Act, Boot, 4, Soon, Lands, SafePoint: true);
    static readonly Step AwaitFirstBoot = new(Steps.AwaitFirstBoot, Await, Boot, 2, Soon, Lands, RetryFrom: Steps.BootDisk);
    static readonly Step StorePassword = new(Steps.StorePassword, Act, Short, 5, Soon, Lands);
    static readonly Step ChangePassword = new(Steps.ChangePassword, Act, Short, 5, Soon, Waits);
    static readonly Step RecordPassword = new(Steps.Record, Act, Short, 5, Soon, Waits);
    static readonly Step SwitchOn = new(Steps.SwitchOn, Act, Boot, 4, Soon, Lands);
    static readonly Step SwitchOff = new(Steps.SwitchOff, Act, Boot, 4, Soon, Lands);
    static readonly Step Light = new(Steps.Light, Act, Short, 3, Soon, Lands);
    static readonly Step TurnOff = new(Steps.PowerOff, Act, Boot, 4, Soon, Lands);
    static readonly Step Record = new(Steps.Record, Act, Short, 5, Soon, Refused);

    static readonly ImmutableArray<Step> ToBaremetal =
        [VerifyImage, BootPious, AwaitPious, CheckHardware, BeginWriting, Install, RecheckHardware, BootDisk, AwaitFirstBoot, Record];

    static readonly ImmutableDictionary<string, Workflow> All = new Workflow[]
    {
        new(Inspect, [BootPious, AwaitPious, TakeInventory, CheckHealth, TurnOff, Record]),
        new(Provision, ToBaremetal),
        new(Reimage, ToBaremetal),
        new(Release, [BootPious, AwaitPious, CheckHardware, BeginWriting, Wipe, RecordWipes, TakeInventory, CheckHealth, TurnOff, Record]),
        new(Retire, [BootPious, AwaitPious, CheckHardware, BeginWriting, Wipe, RecordWipes, TurnOff, Record]),
        new(RotateBmc, [StorePassword, ChangePassword, RecordPassword]),
        new(PowerOn, [SwitchOn, Record]),
        new(PowerOff, [SwitchOff, Record]),
        new(LocateOn, [Light, Record]),
        new(LocateOff, [Light, Record]),
    }.ToImmutableDictionary(w => w.Kind);

    public static IEnumerable<Workflow> List => All.Values.OrderBy(w => w.Kind, StringComparer.Ordinal);

    public static Workflow Named(string kind) => All[kind];

    public static bool IsErrand(string kind) => kind is RotateBmc or PowerOn or PowerOff or LocateOn or LocateOff;

    /// <summary>A light that does not shine says nothing of the machine; every other failure holds it.</summary>
    public static bool HoldsWhenFailed(string kind) => kind is not (LocateOn or LocateOff);

    public static bool Exists(string kind) => All.ContainsKey(kind);
}
