using System.Text;

namespace Ppec.Api.Tests;

/// <summary>What nodes log goes to standard error; here it can be read back.</summary>
public static class NodeLog
{
    static readonly Lock Gate = new();
    static Copy? _copy;

    public static string Text => _copy?.Text ?? "";

    public static void Capture()
    {
        lock (Gate)
        {
            if (_copy is not null) return;
            Console.SetError(_copy = new Copy());
        }
    }

    sealed class Copy : TextWriter
    {
        readonly StringBuilder _text = new();

        public override Encoding Encoding => Encoding.UTF8;

        public string Text { get { lock (_text) return _text.ToString(); } }

        public override void Write(char value) { lock (_text) _text.Append(value); }

        public override void Write(string? value) { lock (_text) _text.Append(value); }
    }
}
