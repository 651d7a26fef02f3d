using System.Net;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Commands;

/// <summary>Breaks and mends machines of a running lab.</summary>
public static class FaultCommand
{
    public static async Task<int> Run(LabFolder folder, string machine, IReadOnlyList<string> faults, CancellationToken cancellation)
    {
        var query = string.Join('&', faults.Select(f => $"fault={Uri.EscapeDataString(f)}").Prepend($"machine={Uri.EscapeDataString(machine)}"));
        try
        {
            using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
            using var answer = await http.PostAsync(new Uri($"http://127.0.0.1:{folder.Notes.StatusPort}/?{query}"), null, cancellation);
            if (answer.StatusCode == HttpStatusCode.BadRequest) throw new PlanException(await answer.Content.ReadAsStringAsync(cancellation));
            answer.EnsureSuccessStatusCode();
            return 0;
        }
        catch (HttpRequestException e)
        {
            throw new InvalidOperationException($"The lab on {folder.Root} does not answer: is it up?", e);
        }
    }
}
