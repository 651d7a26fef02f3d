using System.Globalization;
using Ppec.Api.Tests.Webhooks;
using Ppec.Silo;

namespace Ppec.Api.Tests.Access;

/// <summary>Whose word counts hears of it: by mail over a real server, and by webhook.</summary>
public sealed class NoticeTests
{
    const string Secret = "a-secret-of-the-receivers";

    static NodeOptions Options(params string[] flags) => NodeOptions.Read(["--data", "/nowhere", .. flags], new Dictionary<string, string>());

    [Fact]
    public async Task Checkers_are_told_when_a_change_is_opened_and_how_it_was_decided()
    {
        if (!MailServer.IsThere) Assert.Skip("aiosmtpd is not installed: ops/packages test.");
        using var mail = new MailServer();
        using var to = new Receiver(Secret);
        var people = new AccessNode();
        await using var _ = people.Node;
        people.Node.Mail = Options("--smtp", $"127.0.0.1:{mail.Port}", "--smtp-from", "ppec@cloud.example", "--smtp-tls", "none").Mail;
        await people.InitializeAsync();
        await Contract.Load(people.Node.Url);
        var (checker, checkerId) = await people.Person("administrator");
        var (_, bystander) = await people.Person("viewer");
        (await people.Admin.Post("/api/v1/users/admin/mail", new { address = "the.admin@cloud.example" })).Is(200);
        (await people.Admin.Post($"/api/v1/users/{bystander}/mail", new { address = "nobody@cloud.example" })).Is(200);
        var told = (await checker.Post($"/api/v1/users/{checkerId}/mail", new { address = "checker@cloud.example" })).Is(200);
        Assert.DoesNotContain("cloud.example", told.Text, StringComparison.Ordinal);
        Assert.True((int)told.Json["mailVersion"]! > 0);
        (await people.Admin.Post("/api/v1/webhooks", new { id = "changes", url = to.Url, secret = Secret, kind = "changes" })).Is(201);

        // The mail server is away when it is opened, and is asked again.
        var change = (await people.Admin.Post("/api/v1/policies", new { id = "prod", permissions = new[] { "machine.hold" }, scope = "tag:env=prod" }, "Ppec-Reason", "production%20is%20precious", "Ppec-Ticket", "OPS-7")).Is(202).Json;
        var (id, hash) = ((string)change["id"]!, (string)change["plan"]!["hash"]!);
        await Things.Eventually("it was tried", () => Task.FromResult(to.Taken.Any(d => (string?)d.Body["what"] == "opened")));
        await mail.Start();
        var opened = await mail.Comes("checker@cloud.example", $"Change {id}", "asks for policy.set", "production is precious", "OPS-7", hash);
        Assert.Contains("From: ppec@cloud.example", opened, StringComparison.Ordinal);
        Assert.Contains($".{checkerId}@cloud.example>", opened, StringComparison.Ordinal); // its Message-Id: the same if it comes again

        (await checker.Post($"/api/v1/changes/{id}/approve", new { hash })).Is(200);
        await mail.Comes("checker@cloud.example", $"Change {id}", "It is executed.");
        await mail.Comes("the.admin@cloud.example", $"Change {id}", "It is approved.");
        Assert.DoesNotContain(mail.Mails, m => m.Contains("nobody@cloud.example", StringComparison.Ordinal));
        Assert.DoesNotContain(mail.Mails, m => m.Contains("To: the.admin@cloud.example", StringComparison.Ordinal) && m.Contains("asks for", StringComparison.Ordinal)); // one's own word does not count

        var hook = (await to.Comes("how it ended", d => (string?)d.Body["what"] == "executed")).Body;
        Assert.Equal((id, "policy.set", "admin", hash), ((string?)hook["change"], (string?)hook["permission"], (string?)hook["maker"], (string?)hook["planHash"]));
        Assert.Equal([checkerId], to.Taken.First(d => (string?)d.Body["what"] == "opened").Body["checkers"]!.AsArray().Select(c => (string?)c));

        (await checker.Post($"/api/v1/users/{checkerId}/mail", new { })).Is(200); // nobody knows it any more
        Assert.DoesNotContain("cloud.example", (await people.Admin.Get("/api/v1/events?limit=1000")).Is(200).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_is_one_and_anothers_is_not_ours_to_say()
    {
        var people = new AccessNode();
        await using var _ = people.Node;
        await people.InitializeAsync();
        var (viewer, viewerId) = await people.Person("viewer");
        foreach (var address in (string[])["", "nobody", "a@b@c", "a b@c.example", "a@c.example\r\nBcc: all@c.example", "@c.example", new string('a', 250) + "@c.example"])
            Assert.Equal(["address"], (await viewer.Post($"/api/v1/users/{viewerId}/mail", new { address })).Is(400, "invalid").Fields);
        (await viewer.Post("/api/v1/users/admin/mail", new { address = "a@c.example" })).Is(403, "forbidden");
        (await people.Admin.Post("/api/v1/users/nobody/mail", new { address = "a@c.example" })).Is(404);
        var version = (long)(await viewer.Post($"/api/v1/users/{viewerId}/mail", new { address = "a@c.example" })).Is(200).Json["version"]!;
        Assert.Equal(version, (long)(await viewer.Post($"/api/v1/users/{viewerId}/mail", new { address = "a@c.example" })).Is(200).Json["version"]!);
    }

    [Fact]
    public void What_a_mail_server_needs_is_said_at_the_start()
    {
        var file = Path.GetTempFileName();
        File.WriteAllText(file, "hush\n");
        var mail = Options("--smtp", "mail.example:587", "--smtp-from", "ppec@c.example", "--smtp-user", "ppec", "--smtp-password-file", file).Mail!;
        Assert.Equal(("mail.example", 587, "starttls", "ppec", "hush"), (mail.Host, mail.Port, mail.Tls, mail.User, mail.Password));
        Assert.DoesNotContain("hush", string.Create(CultureInfo.InvariantCulture, $"{mail}"), StringComparison.Ordinal);
        File.Delete(file);
        Assert.Null(Options().Mail);
        foreach (var (wrong, says) in ((string[], string)[])[(["--smtp", "mail.example:587"], "--smtp-from"), (["--smtp", "mail.example", "--smtp-from", "a@b"], "--smtp is HOST:PORT"), (["--smtp-user", "x"], "--smtp-user"),
            (["--smtp", "m:25", "--smtp-from", "a@b", "--smtp-tls", "perhaps"], "--smtp-tls"), (["--smtp", "m:25", "--smtp-from", "a@b", "--smtp-password-file", "/no/such"], "--smtp-password-file")])
            Assert.Contains(says, Assert.Throws<OptionException>(() => Options(wrong)).Message, StringComparison.Ordinal);
    }
}
