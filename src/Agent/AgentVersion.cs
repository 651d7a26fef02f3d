namespace Ppec.Agent;

internal static class AgentVersion
{
    internal static string Text { get; } = $"ppec-agent/{typeof(AgentVersion).Assembly.GetName().Version?.ToString(3)}";
}
