using System.Globalization;

namespace Ppec.Lab.Bmcs;

/// <summary>How a BMC misbehaves. May be changed while it runs.</summary>
public sealed class BmcFaults
{
    /// <summary>Accepts every action and does nothing.</summary>
    public bool Liar { get; set; }

    /// <summary>Hangs up on everybody.</summary>
    public bool Dead { get; set; }

    /// <summary>Takes the request and never answers.</summary>
    public bool Hang { get; set; }

    /// <summary>Answers 200 with something that is not JSON.</summary>
    public bool Garbage { get; set; }

    /// <summary>Answers 500 to everything.</summary>
    public bool InternalErrors { get; set; }

    /// <summary>Answers with eight mebibytes.</summary>
    public bool Oversize { get; set; }

    /// <summary>Carries an action out, then hangs up without an answer.</summary>
    public bool DropAfterActing { get; set; }

    /// <summary>Is away for two of every six seconds.</summary>
    public bool Flaps { get; set; }

    /// <summary>Says that the machine is on, whatever it is.</summary>
    public bool SaysOn { get; set; }

    /// <summary>Answers actions with 202 and a task to follow.</summary>
    public bool Tasks { get; set; }

    /// <summary>As <see cref="Tasks"/>, and the task fails.</summary>
    public bool FailingTasks { get; set; }

    /// <summary>After an action, this many reads still show the way there (<c>PoweringOn</c>).</summary>
    public int LagReads { get; set; }

    /// <summary>Before each answer.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Further sessions are refused, as real BMCs do.</summary>
    public int MaxSessions { get; set; } = 8;

    /// <summary>Healthy again.</summary>
    public void Clear()
    {
        Liar = Dead = Hang = Garbage = InternalErrors = Oversize = DropAfterActing = Flaps = SaysOn = Tasks = FailingTasks = false;
        (LagReads, Delay, MaxSessions) = (0, TimeSpan.Zero, new BmcFaults().MaxSessions);
    }

    /// <summary>Applies a fault by its name in <c>lab.yaml</c>; false for a name that is none of ours. <c>bmc-slow=8</c> answers after 8 s.</summary>
    public bool Apply(string name)
    {
        switch (name)
        {
            case ['b', 'm', 'c', '-', 's', 'l', 'o', 'w', '=', .. var seconds] when int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var late) && late <= 3600:
                Delay = TimeSpan.FromSeconds(late);
                break;
            case "bmc-liar": Liar = true; break;
            case "bmc-dead": Dead = true; break;
            case "bmc-hang": Hang = true; break;
            case "bmc-garbage": Garbage = true; break;
            case "bmc-500": InternalErrors = true; break;
            case "bmc-oversize": Oversize = true; break;
            case "bmc-drops": DropAfterActing = true; break;
            case "bmc-flap": Flaps = true; break;
            case "bmc-wrong-state": SaysOn = true; break;
            case "bmc-tasks": Tasks = true; break;
            case "bmc-failing-tasks": Tasks = FailingTasks = true; break;
            case "bmc-lag": LagReads = 3; break;
            case "bmc-slow": Delay = TimeSpan.FromSeconds(5); break;
            case "bmc-one-session": MaxSessions = 1; break;
            default: return false;
        }

        return true;
    }
}
