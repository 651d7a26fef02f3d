using System.Security.Cryptography;

namespace Ppec.Grains.Operations;

/// <summary>A password for a BMC: 16 characters, which every one takes (IPMI 1.5 takes no more), of every class that some insist on; over 90 bits.</summary>
static class RandomPassword
{
    const string Small = "abcdefghijkmnopqrstuvwxyz";
    const string Large = "ABCDEFGHJKLMNPQRSTUVWXYZ";
    const string Digits = "23456789";
    const string Others = "-_";

    public static string New()
    {
        char[] password = [One(Small), One(Large), One(Digits), One(Others), .. RandomNumberGenerator.GetItems<char>(Small + Large + Digits, 12)];
        RandomNumberGenerator.Shuffle(password.AsSpan());
        return new(password);
    }

    static char One(string of) => of[RandomNumberGenerator.GetInt32(of.Length)];
}
