use duckdb::Connection;

/// The longest text or list that one call of a function may make out of nothing.
///
/// DuckDB's memory limit does not count what a single call makes, and nothing can interrupt it.
const LONGEST: &str = "100000";

/// Puts guards before the functions that make a long value of a short one: `repeat`, `lpad`,
/// `rpad`, `range`, `generate_series`. They guard the functions, not the table functions of the
/// same names, which make rows one after the other.
///
/// The guard is in an argument, not around the call, because DuckDB works constants out before
/// it looks at any condition.
pub(super) fn restrain(connection: &Connection) -> duckdb::Result<()> {
    let guarded = |size: &str, value: &str| {
        format!(
            "CASE WHEN {size} > {LONGEST} \
             THEN error('a value would get longer than {LONGEST} characters or items') \
             ELSE {value} END"
        )
    };
    let size = "length(CAST(value AS VARCHAR))::HUGEINT * times";
    let mut macros = vec![format!(
        "CREATE TEMP MACRO repeat(value, times) AS system.main.repeat(value, {})",
        guarded(size, "times")
    )];
    macros.extend(["lpad", "rpad"].map(|name| {
        format!(
            "CREATE TEMP MACRO {name}(value, size, filling) AS \
             system.main.{name}(value, {}, filling)",
            guarded("size", "size")
        )
    }));
    // Ranges of times have no number to compare; their steps are rarely small.
    let number = |name: &str| format!("TRY_CAST(CAST({name} AS VARCHAR) AS DOUBLE)");
    let span = format!("abs({} - {})", number("until"), number("since"));
    let steps = format!("{span} / abs({})", number("step"));
    macros.extend(["range", "generate_series"].map(|name| {
        format!(
            "CREATE TEMP MACRO {name}(until) AS system.main.{name}({}), \
             (since, until) AS system.main.{name}(since, {}), \
             (since, until, step) AS system.main.{name}(since, {}, step)",
            guarded("until", "until"),
            guarded(&span, "until"),
            guarded(&steps, "until"),
        )
    }));
    connection.execute_batch(&macros.join("; "))
}
