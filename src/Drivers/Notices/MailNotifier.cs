using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Ppec.Drivers.Notices;

/// <summary>Where mail is handed over. <paramref name="Tls"/>: <c>starttls</c> (or nothing is sent), <c>tls</c> from the first byte, or <c>none</c>.</summary>
public sealed record MailOptions(string Host, int Port, string From, string Tls, string? User, string? Password)
{
    public override string ToString() => $"{Host}:{Port} as {From}";
}

/// <summary>Notices by mail, over SMTP: one message to one reader, of plain text. Each has its own connection; they are few.</summary>
public sealed class MailNotifier(MailOptions options) : INotifier
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task<Sent> Send(Notice notice, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        try
        {
            using var message = Message(notice);
            using var client = new SmtpClient();
            await client.ConnectAsync(options.Host, options.Port, options.Tls switch { "none" => SecureSocketOptions.None, "tls" => SecureSocketOptions.SslOnConnect, _ => SecureSocketOptions.StartTls }, limit.Token);
            if (options.User is { } user) await client.AuthenticateAsync(user, options.Password ?? "", limit.Token);
            await client.SendAsync(message, limit.Token);
            await client.DisconnectAsync(quit: true, limit.Token);
            return new(250, null);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested) { return new(null, $"No answer within {Patience.TotalSeconds:0} s."); }
        catch (SmtpCommandException e) { return new((int)e.StatusCode, $"The server answered {(int)e.StatusCode}: {e.Message}"); }
        // What is wrong between us and the server is ours to mend, and the mail is still to be sent.
        catch (Exception e) when (e is SocketException or IOException or ProtocolException or AuthenticationException or SslHandshakeException or NotSupportedException or ServiceNotConnectedException) { return new(null, e.Message); }
    }

    MimeMessage Message(Notice notice)
    {
        var from = MailboxAddress.Parse(options.From);
        var message = new MimeMessage { Subject = notice.Subject, Body = new TextPart("plain") { Text = notice.Body }, MessageId = $"{notice.Id}@{from.Domain}" };
        message.From.Add(from);
        message.To.Add(MailboxAddress.Parse(notice.To));
        message.Headers.Add("Auto-Submitted", "auto-generated");
        return message;
    }
}
