namespace Ppec.Api.Tests.Access;

/// <summary>A node of its own: here there are people, and PPEC's own rules wake.</summary>
public sealed class AccessNode : IAsyncLifetime
{
    public TestNode Node { get; } = new();

    public Calls Admin => Node.Api;

    public async ValueTask InitializeAsync() => await Node.Up();

    public ValueTask DisposeAsync() => Node.DisposeAsync();

    /// <summary>A person with a role on a scope, signed in with a password of her own; and her id.</summary>
    public async Task<(Calls Api, string Id)> Person(string? role = null, string scope = "global", Calls? by = null)
    {
        by ??= Admin;
        var id = Things.New("p");
        (await by.Post("/api/v1/users", new { id })).Is(201);
        (await by.Post($"/api/v1/users/{id}/password", new { password = "first-password-1" })).Is(200);
        var first = await SignIn(id, "first-password-1");
        (await first.Post($"/api/v1/users/{id}/password", new { password = "second-password-2", current = "first-password-1" })).Is(200);
        if (role is not null) (await by.Post("/api/v1/grants", new { subject = $"user:{id}", role, scope })).Is(201);
        return (await SignIn(id, "second-password-2"), id);
    }

    public async Task<Calls> SignIn(string user, string password) =>
        Node.As((string)(await Node.As(null).Post("/api/v1/sign-in", new { user, password })).Is(200).Json["token"]!);
}
