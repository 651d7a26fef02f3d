using System.Security.Cryptography;
using Ppec.Cli.Output;
using Ppec.Contracts.Gate;
using Ppec.Contracts.Images;
using Ppec.Sdk;

namespace Ppec.Cli.Images;

/// <summary><c>ppec image</c>.</summary>
static class ImageVerbs
{
    public static Verb Build(Shell shell) => new Verb("image", "Images: operating systems to install, signed, by version.", "ppec image list").Under(List(shell), Show(shell), Register(shell), Deprecate(shell)).Under(PastVerbs.Of(shell, "image", "debian-12-hardened@3", call => call.Client.Images));

    static Verb List(Shell shell) => new Verb("list", "List images.", "ppec image list")
        .With(shell.Options.Listing).Does(shell, call => call.ShowListAsync(call.Client.Images, Table, image => image.Id));

    static Verb Show(Shell shell)
    {
        var verb = new Verb("show", "Show one version of an image.", "ppec image show debian-12-hardened@3");
        var id = verb.Takes("image", "The image's id, NAME@VERSION.");
        return verb.With(shell.Options.Reading).Does(shell, async call =>
            call.Show(await call.Client.Images.GetAsync(call.Get(id), null, call.Cancellation), (image, _) => [Detail(image)], image => [image.Id]));
    }

    static Verb Register(Shell shell)
    {
        var verb = new Verb("register", "Register the next version of an image, from the image.yaml that its build left. With --content its file is uploaded first, if the server lacks it.",
            "ppec image register -f image.yaml --content debian-12.raw.gz");
        var file = new System.CommandLine.Option<string>("--file", "-f") { Description = "The image.yaml.", HelpName = "FILE", Required = true };
        var content = verb.Has<string?>("--content", "FILE", "The image's file.");
        return verb.With(file).With(shell.Options.Recording).With(shell.Options.Reading).Does(shell, async call =>
        {
            var body = FileBodies.Read(call.Get(file)!, FileBodies.Default.ImageBody);
            var mutation = call.Mutation();
            Answer<ImageView> answer;
            try { answer = await call.Client.Images.RegisterAsync(body, mutation, call.Cancellation); }
            catch (PpecException e) when (e.Code is ProblemCodes.ImageContentMissing or ProblemCodes.ImageContentAltered && call.Get(content) is not null)
            {
                await UploadAsync(call, body, call.Get(content)!);
                answer = await call.Client.Images.RegisterAsync(body, mutation, call.Cancellation); // a refusal is not remembered, so the key still serves
            }
            return call.Show(answer, (image, wide) => [Table([image], wide)], image => [image.Id]);
        });
    }

    static Verb Deprecate(Shell shell)
    {
        var verb = new Verb("deprecate", "Install one version of an image nowhere any more. Machines that have it keep it.", "ppec image deprecate debian-12-hardened@3 --reason CVE-2026-1234");
        var id = verb.Takes("image", "The image's id, NAME@VERSION.");
        return verb.With(shell.Options.Changing).Does(shell, async call =>
            call.Show(await call.Client.Images.DeprecateAsync(call.Get(id), call.Mutation(), call.Cancellation), (image, wide) => [Table([image], wide)], image => [image.Id]));
    }

    /// <summary>Checked here first: a wrong file is better found before it has been sent.</summary>
    static async Task UploadAsync(Call call, ImageBody body, string path)
    {
        await using var file = new FileStream(path, new FileStreamOptions { Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 128 * 1024 });
        if (file.Length != body.SizeBytes) throw new UsageException($"{path} has {file.Length} bytes; the image says {body.SizeBytes}.");
        var digest = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, call.Cancellation));
        if (digest != body.Sha256) throw new UsageException($"{path} has SHA-256 {digest}; the image says {body.Sha256}.");
        file.Position = 0;
        call.Screen.Say($"Uploading {path}, {Words.Size(file.Length)}…");
        var stored = await call.Client.Images.UploadAsync(body.Sha256, file, call.Cancellation);
        call.Screen.Say(stored ? "Uploaded." : "The server had it already.");
    }

    static Sheet Table(IEnumerable<ImageView> images, bool wide)
    {
        string[] columns = ["ID", "FORMAT", "SIZE", "DISK", "BOOT", "REGISTERED", "STATUS"];
        var sheet = new Sheet(null, wide ? [.. columns, "SHA256", "SIGNED BY"] : columns);
        foreach (var i in images)
        {
            Cell[] row = [i.Id, i.Format, Words.Size(i.SizeBytes), Words.Size(i.DiskSizeBytes), i.BootMode, Words.Time(i.RegisteredAt), i.Deprecated ? new Cell("deprecated", Tone.Busy) : ""];
            sheet.Add(wide ? [.. row, i.Sha256, i.SignedBy] : row);
        }
        return sheet;
    }

    static Sheet Detail(ImageView i) => new Sheet(null)
        .Fact("Image", i.Id).Fact("Format", i.Format).Fact("Boot mode", i.BootMode)
        .Fact("File", $"{Words.Size(i.SizeBytes)}, SHA-256 {i.Sha256}").Fact("Disk", $"{Words.Size(i.DiskSizeBytes)}, SHA-256 {i.DiskSha256}")
        .Fact("Signed by", i.SignedBy).Fact("Registered", Words.Time(i.RegisteredAt)).Fact("Deprecated", i.Deprecated ? "yes" : "");
}
