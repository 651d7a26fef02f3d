using System.Net.Http.Json;
using System.Text.Json;
using Ppec.Lab.Machines;
using Ppec.Lab.Plan;

namespace Ppec.Lab.Commands;

/// <summary>Asks the running lab; of one that is down it tells what it would be.</summary>
public static class StatusCommand
{
    static readonly JsonSerializerOptions json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static async Task<int> Run(LabFolder folder, bool asJson, CancellationToken cancellation)
    {
        var (running, machines) = await Read(folder, cancellation);
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { running, machines }, json));
            return 0;
        }

        if (!running) await Console.Error.WriteLineAsync("The lab is not running.");
        Console.WriteLine($"{"NAME",-16} {"KIND",-5} {"SERIAL",-20} {"BMC",-26} {"POWER",-6} {"PHASE",-24} FAULTS");
        foreach (var m in machines) Console.WriteLine($"{m.Name,-16} {m.Kind,-5} {m.Serial,-20} {m.Bmc,-26} {m.Power,-6} {m.Phase,-24} {string.Join(",", m.Faults)}");
        return 0;
    }

    static async Task<(bool Running, List<MachineStatus> Machines)> Read(LabFolder folder, CancellationToken cancellation)
    {
        if (folder.Notes.StatusPort is var port && port > 0)
        {
            try
            {
                using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
                return (true, await http.GetFromJsonAsync<List<MachineStatus>>(new Uri($"http://127.0.0.1:{port}/status"), json, cancellation) ?? []);
            }
            catch (HttpRequestException)
            {
                // not running
            }
        }

        return (false, RackSheet.Read(folder).ConvertAll(r => new MachineStatus(r.Name, r.Kind, r.Serial, r.BmcAddress, "off", "lab down", [])));
    }
}
