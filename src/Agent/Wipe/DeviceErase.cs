namespace Ppec.Agent.Wipe;

/// <summary>
/// One way a disk can erase itself. <paramref name="Method"/> and <paramref name="SanitizationClass"/> are the words of the certificate.
/// <paramref name="LeavesNoise"/>: afterwards the disk reads as noise, not as zeroes (its key is gone): zeroes are then written, so that
/// sampling can tell erased from untouched. <paramref name="Run"/> throws <see cref="IOException"/> with the disk's answer.
/// </summary>
public sealed record DeviceErase(string Method, string SanitizationClass, bool LeavesNoise, Action Run);
