using System.Buffers.Text;
using System.Collections.Immutable;
using System.Text.Json;
using Ppec.Contracts.Queries;
using Ppec.Domain.Filters;

namespace Ppec.Projections;

/// <summary>
/// Answers one list. It asks each term's index how many it finds, begins with the fewest, and checks the others one by one;
/// where even that is more than totals are exact to, it walks in the order that was asked for until the page is full.
/// </summary>
sealed class Lister(Reader reader, string noun, ImmutableArray<Term> terms, ListQuery query)
{
    /// <summary>What a page is ordered by; what lacks it comes last either way.</summary>
    sealed record Order(string Name, bool Descending)
    {
        public bool ById => Name == "id";
        public bool IsColumn => Name is "time" or "updated";
        public bool IsNumber => FilterKeys.Number.Contains(Name);
        public string Way => Descending ? "DESC" : "ASC";
        public string Past => Descending ? "<" : ">";
        public string Text => Descending ? $"-{Name}" : Name;
    }

    readonly Order _order = OrderOf(noun, query.Sort);

    public Page Answer()
    {
        var cursor = query.Cursor is null ? default((object? Value, string Id)?) : ReadCursor(query.Cursor);
        var first = Rarest(out var rows);
        // The one term's index has counted them already.
        var total = terms.Length == 1 && first is not null ? rows : Count(first);
        var found = total > ListSql.Most ? Walk(cursor) : _order.ById && (first is null || new ListSql(noun).Source(first)!.Value.InOrder) ? InOrder(first, cursor) : Sorted(first, cursor);
        var page = found.Take(query.Limit).ToImmutableArray();
        return new([.. page.Select(r => r.Body)], found.Count > query.Limit ? WriteCursor(page[^1]) : null, (int)Math.Min(total, ListSql.Most), total > ListSql.Most);
    }

    sealed record Row(string Id, object? Value, ReadOnlyMemory<byte> Body);

    /// <summary>The term whose index finds the fewest, and how many; null when no term has one.</summary>
    Term? Rarest(out long rows)
    {
        Term? rarest = null;
        rows = long.MaxValue;
        foreach (var term in terms)
        {
            var sql = new ListSql(noun);
            if (sql.Source(term) is not { } source) continue;
            var count = reader.Number($"SELECT COUNT(*) FROM ({source.Sql} LIMIT {ListSql.Most + 1})", sql.Values);
            if (count < rows) (rarest, rows) = (term, count);
            if (rows == 0) break;
        }
        return rarest;
    }

    /// <summary>How many there are, up to one more than totals are exact to.</summary>
    long Count(Term? first)
    {
        var sql = new ListSql(noun);
        return reader.Number($"SELECT COUNT(*) FROM (SELECT 1 FROM ({From(sql, first)}) x WHERE {Where(sql, "x.id", first)} LIMIT {ListSql.Most + 1})", sql.Values);
    }

    /// <summary>The index has them in the order of ids: the page is its beginning.</summary>
    List<Row> InOrder(Term? first, (object? Value, string Id)? cursor)
    {
        var sql = new ListSql(noun);
        var from = From(sql, first);
        var after = cursor is { } c ? $" AND x.id {_order.Past} {sql.Bind(c.Id)}" : "";
        return Rows(sql, $"SELECT x.id, NULL, d.body FROM ({from}) x CROSS JOIN document d ON d.noun = {sql.Noun} AND d.id = x.id WHERE {Where(sql, "x.id", first)}{after} ORDER BY x.id {_order.Way} LIMIT {query.Limit + 1}");
    }

    /// <summary>All of them are few enough to be sorted.</summary>
    List<Row> Sorted(Term? first, (object? Value, string Id)? cursor)
    {
        var sql = new ListSql(noun);
        var value = _order switch
        {
            { ById: true } => "NULL",
            { IsColumn: true } => $"(SELECT v.{_order.Name} FROM document v WHERE v.noun = {sql.Noun} AND v.id = x.id)",
            _ => $"(SELECT v.value FROM {(_order.IsNumber ? "number" : "attribute")} v WHERE v.noun = {sql.Noun} AND v.id = x.id AND v.key = {sql.Bind(_order.Name)})",
        };
        var all = $"SELECT x.id AS id, {value} AS v FROM ({From(sql, first)}) x WHERE {Where(sql, "x.id", first)}";
        var after = cursor switch
        {
            null => "",
            { Value: null } c => $" WHERE y.v IS NULL AND y.id {_order.Past} {sql.Bind(c.Id)}",
            { } c => sql.Bind(c.Value!) is var at ? $" WHERE y.v IS NULL OR y.v {_order.Past} {at} OR (y.v = {at} AND y.id {_order.Past} {sql.Bind(c.Id)})" : "",
        };
        var order = $"v IS NULL, v {_order.Way}, id {_order.Way}";
        return Rows(sql, $"SELECT p.id, p.v, d.body FROM (SELECT y.id AS id, y.v AS v FROM ({all}) y{after} ORDER BY {order} LIMIT {query.Limit + 1}) p CROSS JOIN document d ON d.noun = {sql.Noun} AND d.id = p.id ORDER BY p.v IS NULL, p.v {_order.Way}, p.id {_order.Way}");
    }

    /// <summary>There are many: an index in the right order is walked until the page is full; then those that lack what it is ordered by.</summary>
    List<Row> Walk((object? Value, string Id)? cursor)
    {
        var found = new List<Row>();
        if (_order.ById) return Walk("SELECT d.id, NULL, d.body FROM document d WHERE d.noun = {0}", "d.id", null, cursor is { } at ? (null, at.Id) : null, query.Limit + 1);
        if (_order.IsColumn) return Walk($"SELECT d.id, d.{_order.Name}, d.body FROM document d WHERE d.noun = {{0}}", "d.id", $"d.{_order.Name}", cursor, query.Limit + 1);
        var table = _order.IsNumber ? "number" : "attribute";
        if (cursor is not { Value: null })
            found = Walk($"SELECT s.id, s.value, d.body FROM {table} s CROSS JOIN document d ON d.noun = s.noun AND d.id = s.id WHERE s.noun = {{0}} AND s.key = '{_order.Name}'", "s.id", "s.value", cursor, query.Limit + 1);
        if (found.Count > query.Limit) return found;
        var lacking = $"SELECT d.id, NULL, d.body FROM document d WHERE d.noun = {{0}} AND NOT EXISTS (SELECT 1 FROM {table} s WHERE s.noun = d.noun AND s.id = d.id AND s.key = '{_order.Name}')";
        return [.. found, .. Walk(lacking, "d.id", null, cursor is { Value: null } c ? (null, c.Id) : null, query.Limit + 1 - found.Count)];
    }

    List<Row> Walk(string select, string id, string? value, (object? Value, string Id)? cursor, int limit)
    {
        var sql = new ListSql(noun);
        var after = cursor is not { } c ? "" : value is null ? $" AND {id} {_order.Past} {sql.Bind(c.Id)}" : $" AND ({value}, {id}) {_order.Past} ({sql.Bind(c.Value!)}, {sql.Bind(c.Id)})";
        var order = value is null ? $"{id} {_order.Way}" : $"{value} {_order.Way}, {id} {_order.Way}";
        return Rows(sql, $"{select.Replace("{0}", sql.Noun, StringComparison.Ordinal)} AND {Where(sql, id, null)}{after} ORDER BY {order} LIMIT {limit}");
    }

    List<Row> Rows(ListSql sql, string text) =>
        reader.Rows(text, sql.Values, row => new Row(row.GetString(0), row.IsDBNull(1) ? null : row.GetValue(1), row.GetFieldValue<byte[]>(2)));

    static string From(ListSql sql, Term? first) => first is null ? $"SELECT id FROM document WHERE noun = {sql.Noun}" : sql.Source(first)!.Value.Sql;

    /// <summary>Every term but the one that the rows come from.</summary>
    string Where(ListSql sql, string id, Term? but) =>
        string.Join(" AND ", terms.Where(t => !ReferenceEquals(t, but)).Select(t => sql.Condition(t, id)).DefaultIfEmpty("1"));

    static Order OrderOf(string noun, string? sort)
    {
        if (string.IsNullOrEmpty(sort)) return noun == "operation" ? new("time", true) : new("id", false);
        var (name, descending) = sort[0] == '-' ? (sort[1..], true) : (sort, false);
        return FilterKeys.Sort.Contains(name)
            ? new(name == "created" ? "time" : name, descending)
            : throw new QueryException("sort", $"Sort by {string.Join(", ", FilterKeys.Sort)}, with - before it for descending, not '{sort}'.");
    }

    string WriteCursor(Row last) =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes((string?[])[_order.Text, Convert.ToString(last.Value, System.Globalization.CultureInfo.InvariantCulture) is { Length: > 0 } v ? v : null, last.Id]));

    (object? Value, string Id) ReadCursor(string cursor)
    {
        try
        {
            if (JsonSerializer.Deserialize<string?[]>(Base64Url.DecodeFromChars(cursor)) is [{ } by, var value, { } id] && by == _order.Text && (value is not null || !_order.IsColumn))
                return value is null || _order.ById ? (null, id) : _order.IsNumber ? (long.Parse(value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture), id) : (value, id);
        }
        catch (Exception e) when (e is FormatException or JsonException or OverflowException) { /* said below */ }
        throw new QueryException("cursor", "The cursor is not from a page of this list with this sort: start again without one.");
    }
}
