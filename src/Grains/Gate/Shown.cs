using System.Text.Json;
using Ppec.Contracts;

namespace Ppec.Grains.Gate;

/// <summary>Documents of the read model, read back: what is null was left out of them.</summary>
static class Shown
{
    public static readonly JsonSerializerOptions Options = new(PpecJson.Options) { RespectRequiredConstructorParameters = false };
}
