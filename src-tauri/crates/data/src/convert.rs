//! Values of one type as values of another, without rounding or cutting: DuckDB's own casts make
//! `2` of `1.5` and a date of a moment.

/// The SQL expression that gives the text expression `text` as a value of a DuckDB type, and null
/// where it does not say such a value.
pub(crate) fn fitting(text: &str, sql_type: &str) -> String {
    let tried = format!("TRY_CAST({text} AS {sql_type})");
    let word = sql_type.split(['(', ' ']).next().unwrap_or(sql_type);
    let condition = match word {
        "TINYINT" | "SMALLINT" | "INTEGER" | "BIGINT" | "HUGEINT" | "UTINYINT" | "USMALLINT"
        | "UINTEGER" | "UBIGINT" | "UHUGEINT" => {
            format!("regexp_full_match({text}, '\\s*[+-]?[0-9]+(\\.0*)?\\s*')")
        }
        "DECIMAL" => format!("CAST({tried} AS DOUBLE) = TRY_CAST({text} AS DOUBLE)"),
        "DATE" => {
            let moment = format!("TRY_CAST({text} AS TIMESTAMP)");
            format!("date_trunc('day', {moment}) = {moment}")
        }
        "JSON" => format!("json_valid({text})"),
        _ => return tried,
    };
    format!("CASE WHEN {condition} THEN {tried} END")
}

#[cfg(test)]
mod tests {
    use duckdb::Connection;

    use super::*;

    #[test]
    fn nothing_is_rounded_or_cut_to_fit() {
        let connection = Connection::open_in_memory().unwrap();
        for (text, sql_type, expected) in [
            ("12", "BIGINT", Some("12")),
            (" +7.0 ", "INTEGER", Some("7")),
            ("1.5", "BIGINT", None),
            ("1e3", "BIGINT", None),
            ("300", "UTINYINT", None),
            ("1.25", "DECIMAL(10,2)", Some("1.25")),
            ("1.255", "DECIMAL(10,2)", None),
            ("2024-02-29", "DATE", Some("2024-02-29")),
            ("2024-02-29 00:00:00", "DATE", Some("2024-02-29")),
            ("2024-02-29 12:30:00", "DATE", None),
            ("2024-02-30", "DATE", None),
            ("1.5", "DOUBLE", Some("1.5")),
            ("yes", "BOOLEAN", Some("true")),
            ("3.7", "BOOLEAN", None),
            ("{\"a\": 1}", "JSON", Some("{\"a\": 1}")),
            ("{a", "JSON", None),
        ] {
            let sql =
                format!("SELECT CAST({} AS VARCHAR) FROM (SELECT ? AS t)", fitting("t", sql_type));
            let found: Option<String> =
                connection.query_row(&sql, [text], |row| row.get(0)).unwrap();
            assert_eq!(found.as_deref(), expected, "{text} as {sql_type}");
        }
    }
}
