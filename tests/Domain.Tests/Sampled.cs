using CsCheck;

namespace Ppec.Domain.Tests;

/// <summary>Properties over the same samples at every run: sample i is drawn from stream i. One that fails is shrunk before it is shown.</summary>
public static class Sampled
{
    public static void Each<T>(Gen<T> gen, uint count, Action<T> check, Func<T, string> print)
    {
        for (uint i = 0; i < count; i++)
        {
            var random = new PCG(i, 2026);
            var seed = random.ToString();
            var sample = gen.Generate(random, null, out _);
            try
            {
                check(sample);
            }
            catch (Exception)
            {
                gen.Sample(check, seed: seed, iter: 3000, threads: 1, print: print); // throws what it shrank to
                throw;
            }
        }
    }
}
