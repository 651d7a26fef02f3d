using Ppec.Api.Tests;

[assembly: AssemblyFixture(typeof(SharedNode))]
