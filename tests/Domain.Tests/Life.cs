using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts.Machines;
using Ppec.Domain.Machines;
using Xunit;
using static Ppec.Domain.Tests.Samples;

namespace Ppec.Domain.Tests;

/// <summary>The past of one machine, made by deciding: no test can start from a state that no commands lead to.</summary>
public sealed record Life(MachineState State, ImmutableArray<MachineEvent> Past, DateTimeOffset Now)
{
    public static readonly Life None = new(Machine.Initial, [], Start);

    public Dossier About => ((MachineState.Known)State).About;

    /// <summary>Decides and remembers; fails the test when the machine refuses.</summary>
    public Life Do(MachineCommand command)
    {
        var decision = Machine.Decide(State, command with { At = Now });
        Assert.True(decision.Problem is null, $"{command.GetType().Name} was refused: {decision.Problem}");
        return this with { State = decision.Events.Aggregate(State, Machine.Evolve), Past = [.. Past, .. decision.Events] };
    }

    public Life Later(TimeSpan time) => this with { Now = Now + time };

    public Life Later(int minutes = 1) => Later(TimeSpan.FromMinutes(minutes));

    public Outcome When(MachineCommand command) => new(this, command with { At = Now });
}

/// <summary>What one command led to.</summary>
public sealed class Outcome(Life given, MachineCommand command)
{
    readonly Decision<MachineEvent> _decision = Machine.Decide(given.State, command);

    public Contracts.Gate.Problem? Problem => _decision.Problem;

    public ImmutableArray<MachineEvent> Events => _decision.Events;

    /// <summary>Just these events, in this order, each stamped with the command's time.</summary>
    public Life Then(params MachineEvent[] expected)
    {
        Assert.True(_decision.Problem is null, $"Refused: {_decision.Problem}");
        Assert.Equal(
            string.Join('\n', expected.Select(e => Facts.Text(e with { At = command.At }))),
            string.Join('\n', _decision.Events.Select(Facts.Text)));
        return given.Do(command);
    }

    public Life ThenNothing() => Then();

    /// <summary>Accepted, whatever the events; for tests about the stage that follows.</summary>
    public Life ThenStage(string stage)
    {
        var after = given.Do(command);
        Assert.Equal(stage, after.State.Stage);
        return after;
    }

    public void ThenRefused(string code, string sentence = "")
    {
        Assert.Equal(code, _decision.Problem?.Code);
        Assert.Contains(sentence, _decision.Problem!.Message, StringComparison.Ordinal);
        Assert.Empty(_decision.Events);
    }
}

public static class Facts
{
    /// <summary>An event or a state as text: immutable arrays compare by reference, their JSON by content.</summary>
    public static string Text(object fact) => $"{fact.GetType().Name} {JsonSerializer.Serialize(fact, fact.GetType())}";

    public static Life Given(Life life) => life;
}
