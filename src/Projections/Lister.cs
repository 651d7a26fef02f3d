using System.Buffers.Text;
using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Ppec.Contracts.Access;
using Ppec.Contracts.Queries;
using Ppec.Domain.Filters;
using Ppec.Stores.Sqlite;

namespace Ppec.Projections;

/// <summary>
/// Answers one list: the set that the filter finds, then the rows of its page in the order that was asked for. A small set is fetched and sorted;
/// for a large one an index in the right order is walked until the page is full.
/// </summary>
sealed class Lister(Reader reader, Postings postings, string noun, ImmutableArray<Term> terms, ListQuery query, Sight? sight)
{
    /// <summary>Totals are exact to this.</summary>
    public const int MostCounted = 10_000;

    /// <summary>A set that is fetched and sorted whatever the index would cost.</summary>
    const int Few = 2000;

    /// <summary>What a page is ordered by; what lacks it comes last either way.</summary>
    sealed record Order(string Name, bool Descending) : IComparer<Row>
    {
        public bool ById => Name == "id";
        public bool IsColumn => Name is "id" or "time" or "updated";
        public bool IsNumber => FilterKeys.Number.Contains(Name);
        public string Way => Descending ? "DESC" : "ASC";
        public string Past => Descending ? "<" : ">";
        public string Text => Descending ? $"-{Name}" : Name;

        public int Compare(Row? x, Row? y)
        {
            if (x!.Value is null != y!.Value is null) return x.Value is null ? 1 : -1;
            var order = (x.Value, y.Value) switch
            {
                (long a, long b)     => a.CompareTo(b),
                (string a, string b) => Bytewise(a, b),
                _                    => 0,
            };
            if (order == 0) order = Bytewise(x.Id, y.Id);
            return Descending ? -order : order;
        }

        /// <summary>As SQLite compares texts, by their UTF-8: that is by code points, while a char of a pair is less than some that stand alone.</summary>
        static int Bytewise(string a, string b)
        {
            for (var i = 0; i < Math.Min(a.Length, b.Length); i++)
                if (a[i] != b[i])
                    return char.IsSurrogate(a[i]) != char.IsSurrogate(b[i]) ? (char.IsSurrogate(a[i]) ? 1 : -1) : a[i] - b[i];
            return a.Length - b.Length;
        }
    }

    sealed record Row(long Number, string Id, object? Value);

    readonly Order _order = OrderOf(noun, query.Sort);

    public Page Answer()
    {
        var after = query.Cursor is null ? null : ReadCursor(query.Cursor);
        return reader.AtOneMoment(() =>
        {
            var matching = new Matching(reader, postings, noun);
            var found = matching.Of(terms);
            if (sight is { IsWhole: false } && !Sights.Placeless(noun)) found = found.And(matching.Seen(sight));
            var rows = _order.IsColumn ? ByColumn(_order, found, after, query.Limit + 1) : ByFact(matching, found, after);
            ImmutableArray<Row> page = [.. rows.Take(query.Limit)];
            return new Page([.. page.SelectMany(Body)], rows.Count > query.Limit ? WriteCursor(page[^1]) : null, Math.Min(found.Count, MostCounted), found.Count > MostCounted);
        });
    }

    IEnumerable<ReadOnlyMemory<byte>> Body(Row row) => reader.Rows("SELECT json FROM body WHERE n = ?1", [row.Number], r => (ReadOnlyMemory<byte>)r.Blob(0).ToArray());

    /// <summary>The first rows of the set by its ids, or by a time they have.</summary>
    List<Row> ByColumn(Order order, Bits set, Row? after, int most)
    {
        if (set.Count == 0 || most == 0) return [];
        // By the index, one in (Bound / Count) rows is of the set, and a row costs an eighth of one that is fetched by its number.
        if (8L * set.Count * set.Count <= most * set.Bound)
            return First(order, set, after, most, $"SELECT id, {order.Name} FROM document WHERE n = ?1", []);
        var rows = new List<Row>();
        var (past, values) = (after, order.ById) switch
        {
            (null, _)      => ("", (object[])[noun]),
            ({ } a, true)  => ($"AND id {order.Past} ?2", [noun, a.Id]),
            ({ } a, false) => ($"AND ({order.Name}, id) {order.Past} (?2, ?3)", [noun, a.Value!, a.Id]),
        };
        reader.Each($"SELECT n, id, {order.Name} FROM document WHERE noun = ?1 {past} ORDER BY {(order.ById ? "" : $"{order.Name} {order.Way},")} id {order.Way}", values, row =>
        {
            if (set.Contains(row.Int64(0))) rows.Add(new(row.Int64(0), row.Text(1), order.ById ? null : row.Text(2)));
            return rows.Count < most;
        });
        return rows;
    }

    /// <summary>The first rows of the set by a key of which each has at most one value; then those that have none, by their ids.</summary>
    List<Row> ByFact(Matching matching, Bits set, Row? after)
    {
        var most = query.Limit + 1;
        if (set.Count <= Few)
            return First(_order, set, after, most, "SELECT d.id, f.value FROM document d LEFT JOIN fact f ON f.n = d.n AND f.k = (SELECT k FROM key WHERE noun = ?2 AND name = ?3) WHERE d.n = ?1", [noun, _order.Name]);
        var byId = new Order("id", _order.Descending);
        var rows = new List<Row>();
        if (after is not { Value: null }) Walk(byId, set, after, most, rows);
        if (rows.Count < most)
            rows.AddRange(ByColumn(byId, set.Except(matching.Having(_order.Name)), after is { Value: null } ? after : null, most - rows.Count));
        return rows;
    }

    /// <summary>Value by value in the order of the index; those of one value by their ids.</summary>
    void Walk(Order byId, Bits set, Row? after, int most, List<Row> rows)
    {
        var (value, group) = (default(object), new Bits());
        void Close()
        {
            rows.AddRange(ByColumn(byId, group, Equals(value, after?.Value) ? after! with { Value = null } : null, most - rows.Count).Select(r => r with { Value = value }));
            group = new();
        }
        object[] values = after is null ? [noun, _order.Name] : [noun, _order.Name, after.Value!];
        reader.Each($"SELECT n, value FROM fact WHERE k = (SELECT k FROM key WHERE noun = ?1 AND name = ?2) {(after is null ? "" : $"AND value {_order.Past}= ?3")} ORDER BY value {_order.Way}", values, row =>
        {
            if (!set.Contains(row.Int64(0))) return true;
            if (value is null || !Same(row, value))
            {
                if (value is not null) Close();
                value = Value(row, 1);
            }
            group.Add(row.Int64(0));
            return rows.Count < most;
        });
        if (value is not null && rows.Count < most) Close();
    }

    /// <summary>Fetches all of the set, sorts them and takes the first that come after.</summary>
    List<Row> First(Order order, Bits set, Row? after, int most, string one, ReadOnlySpan<object> values)
    {
        var rows = new List<Row>(set.Count);
        object[] parameters = [0L, .. values];
        foreach (var number in set.Numbers())
        {
            parameters[0] = number;
            reader.Each(one, parameters, row =>
            {
                var found = new Row(number, row.Text(0), order.ById ? null : Value(row, 1));
                if (after is null || order.Compare(found, after) > 0) rows.Add(found);
                return true;
            });
        }
        rows.Sort(order);
        return rows.Count > most ? rows[..most] : rows;
    }

    object? Value(Statement row, int column) => row.IsNull(column) ? null : _order.IsNumber ? row.Int64(column) : row.Text(column);

    static bool Same(Statement row, object value) => value is long number ? row.Int64(1) == number : row.Text(1) == (string)value;

    static Order OrderOf(string noun, string? sort)
    {
        if (string.IsNullOrEmpty(sort)) return noun == "operation" ? new("time", true) : new("id", false);
        var (name, descending) = sort[0] == '-' ? (sort[1..], true) : (sort, false);
        return FilterKeys.Sort.Contains(name)
            ? new(name == "created" ? "time" : name, descending)
            : throw new QueryException("sort", $"Sort by {string.Join(", ", FilterKeys.Sort)}, with - before it for descending, not '{sort}'.");
    }

    string WriteCursor(Row last) =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes((string?[])[_order.Text, Convert.ToString(last.Value, CultureInfo.InvariantCulture) is { Length: > 0 } v ? v : null, last.Id]));

    Row ReadCursor(string cursor)
    {
        try
        {
            if (JsonSerializer.Deserialize<string?[]>(Base64Url.DecodeFromChars(cursor)) is [{ } by, var value, { } id] && by == _order.Text && (value is not null || _order.ById || !_order.IsColumn))
                return new(0, id, value is null || _order.ById ? null : _order.IsNumber ? long.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture) : value);
        }
        catch (Exception e) when (e is FormatException or JsonException or OverflowException) { /* said below */ }
        throw new QueryException("cursor", "The cursor is not from a page of this list with this sort: start again without one.");
    }
}
