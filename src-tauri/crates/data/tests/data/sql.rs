//! SQL by whoever gets to write one: it reads the sheet, and that is all it does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use braincells_core::{CellState, SqlLimits, SqlResult};
use serde_json::json;

use super::*;

fn run(store: &SheetStore, query: &str) -> Result<SqlResult, DataError> {
    store.sql(query, SqlLimits::default(), &never())
}

fn rows(store: &SheetStore, query: &str) -> Vec<Vec<Value>> {
    run(store, query).unwrap_or_else(|error| panic!("{query}: {error}")).rows
}

fn message(store: &SheetStore, query: &str) -> AppError {
    match run(store, query) {
        Ok(found) => panic!("{query} gave {found:?}"),
        Err(error) => error.into(),
    }
}

fn animals(folder: &Path) -> SheetStore {
    let text = "Name of it,legs,row_id\nowl,2,x\n\"cat \"\"Tom\"\"\",4,y\n";
    sheet(folder, "animals.csv", text)
}

#[test]
fn the_sheet_is_a_table_with_the_names_on_screen() {
    let folder = folder();
    let store = animals(folder.path());
    let found = run(&store, "SELECT * FROM sheet").unwrap();
    let columns: Vec<(&str, &str)> = found
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.sql_type.as_str()))
        .collect();
    assert_eq!(
        columns,
        [
            ("row_id_2", "BIGINT"),
            ("Name of it", "VARCHAR"),
            ("legs", "BIGINT"),
            ("row_id", "VARCHAR"),
        ]
    );
    assert_eq!(found.rows[1], [json!(2), json!("cat \"Tom\""), json!(4), json!("y")]);
    assert!(!found.truncated);
    for query in [
        "FROM rows SELECT legs ORDER BY legs DESC",
        "SELECT legs FROM main.rows ORDER BY \"Name of it\"",
        "WITH a AS (SELECT legs FROM sheet), sheets AS (FROM a) FROM sheets ORDER BY 1 DESC;",
        "SELECT s.legs FROM (FROM sheet) s ORDER BY s.legs DESC -- and a comment",
        "/* a; */ SELECT legs FROM SHEET ORDER BY legs DESC; -- ; done",
        "SELECT 4 UNION ALL SELECT 2",
        "VALUES (4), (2)",
        "SELECT unnest([4, 2])",
        "SELECT legs FROM sheet WHERE EXISTS (SELECT 1 FROM range(3)) ORDER BY legs DESC",
        "WITH RECURSIVE t(i) AS (SELECT 4 UNION ALL SELECT i - 2 FROM t WHERE i > 2) FROM t",
    ] {
        assert_eq!(rows(&store, query), [[json!(4)], [json!(2)]], "{query}");
    }
    assert_eq!(rows(&store, "SELECT column_name FROM (DESCRIBE sheet)").len(), 4);
    assert_eq!(rows(&store, "SELECT max FROM (SUMMARIZE SELECT legs FROM sheet)"), [[json!("4")]]);
    assert_eq!(rows(&store, "DESCRIBE sheet").len(), 4);
    assert_eq!(rows(&store, "SUMMARIZE sheet; -- all of it").len(), 4);
    assert!(rows(&store, "SHOW TABLES").contains(&vec![json!("sheet")]));
    let log = "SELECT name, kind FROM braincells.columns ORDER BY position";
    assert_eq!(rows(&store, log)[1], [json!("legs"), json!("data")]);
}

#[test]
fn values_come_as_the_sheet_shows_them_and_equal_names_are_told_apart() {
    let folder = folder();
    let store = animals(folder.path());
    let query = "SELECT 1 AS a, 2.50::DECIMAL(4,2) AS a, NULL, DATE '2024-02-29', [1, NULL], \
                 'nan'::DOUBLE, {'k': 'v'}, 'x'::BLOB, INTERVAL 1 DAY, 1::HUGEINT, '[1]'::JSON";
    let found = run(&store, query).unwrap();
    assert_eq!(
        found.rows,
        [[
            json!(1),
            json!("2.50"),
            Value::Null,
            json!("2024-02-29"),
            json!([1, null]),
            json!("nan"),
            json!({"k": "v"}),
            json!("eA=="),
            json!("1 day"),
            json!("1"),
            json!([1]),
        ]]
    );
    assert_ne!(found.columns[0].name, found.columns[1].name);
}

#[test]
fn whatever_is_not_one_select_is_refused_and_changes_nothing() {
    let folder = folder();
    let store = animals(folder.path());
    let before = table(&store);
    for query in [
        "",
        " ; -- nothing",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE main.rows",
        "DROP TABLE sheet",
        "DELETE FROM main.rows",
        "UPDATE main.rows SET legs = 0",
        "INSERT INTO main.rows VALUES (9)",
        "WITH gone AS (DELETE FROM main.rows RETURNING *) SELECT * FROM gone",
        "CREATE TABLE t AS SELECT 1",
        "CREATE MACRO m() AS 1",
        "ALTER TABLE main.rows ADD COLUMN x INTEGER",
        "BEGIN",
        "COMMIT",
        "ROLLBACK; DROP TABLE main.rows",
        "SELECT 1 -- \n; DROP TABLE main.rows",
        "SELECT 1) AS x; DROP TABLE main.rows; --",
        "CHECKPOINT",
        "VACUUM",
        "EXPLAIN ANALYZE SELECT 1",
        "CALL pragma_version()",
        "PRAGMA database_list",
        "SET memory_limit = '64GB'",
        "RESET memory_limit",
        "SET VARIABLE x = 1",
        "ATTACH ':memory:' AS x",
        "DETACH x",
        "USE memory",
        "INSTALL httpfs",
        "LOAD httpfs",
        "EXPORT DATABASE 'x'",
        "IMPORT DATABASE 'x'",
        "COPY main.rows TO 'x.csv'",
        "PREPARE p AS SELECT 1",
        "EXECUTE p",
        "SELECT $1",
        "SELECT ?",
        "SELEC 1",
        "SELECT 'unclosed",
        "SELECT \"unclosed",
        "SELECT /* unclosed",
        "SELECT nothing FROM sheet",
        "SELECT legs FROM sheet WHERE legs = 'many'::INTEGER",
        "\0",
        "SELECT 1\0; DROP TABLE main.rows",
    ] {
        let error = message(&store, query);
        assert!(!error.message.contains('\n'), "{query}: {}", error.message);
        assert!(error.hint.is_some(), "{query}: {}", error.message);
        assert_eq!(error.code, Code::BadInput, "{query}: {}", error.message);
    }
    assert_eq!(table(&store), before);
    assert_eq!(table(&reopen(store)), before);
}

#[test]
fn no_query_reads_or_writes_a_file_or_what_is_outside_the_sheet() {
    let folder = folder();
    let store = animals(folder.path());
    let allowed = PathBuf::from(format!("{}.export", store.path().display()));
    fs::create_dir_all(&allowed).unwrap();
    let secret = write(&allowed, "secret.csv", "a\nsecret\n");
    let outside = write(folder.path(), "secret.csv", "a\nsecret\n");
    let mut queries: Vec<String> = Vec::new();
    for path in [&secret, &outside] {
        let path = path.display();
        for function in [
            "read_csv",
            "read_csv_auto",
            "read_text",
            "read_blob",
            "read_json",
            "read_json_auto",
            "read_ndjson",
            "read_parquet",
            "parquet_scan",
            "parquet_metadata",
            "sniff_csv",
            "glob",
            "read_duckdb",
            "query_table",
            "parquet_schema",
            "READ_CSV",
            "system.main.read_text",
        ] {
            queries.push(format!("SELECT * FROM {function}('{path}')"));
        }
        queries.extend([
            format!("SELECT * FROM '{path}'"),
            format!("SELECT * FROM \"{path}\""),
            format!("FROM (FROM '{path}')"),
            format!("DESCRIBE '{path}'"),
            format!("SUMMARIZE '{path}'"),
            format!("SUMMARIZE SELECT * FROM read_csv('{path}')"),
            format!("PIVOT '{path}' ON a IN ('x')"),
            format!("UNPIVOT '{path}' ON a"),
            format!("SELECT * FROM sheet POSITIONAL JOIN '{path}'"),
            format!("SELECT list_transform([1], lambda x: (SELECT a FROM '{path}'))"),
            format!("SELECT (SELECT a FROM '{path}')"),
            format!("WITH x AS (FROM '{path}') FROM x"),
            format!("SELECT * FROM query('FROM ''{path}''')"),
            format!(
                "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM ''{path}'''))"
            ),
            format!("SELECT * FROM sheet WHERE legs IN (SELECT 1 FROM read_text('{path}'))"),
            format!("SELECT * FROM sheet, LATERAL (FROM read_text('{path}'))"),
        ]);
    }
    for query in [
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM duckdb_settings()",
        "SELECT * FROM duckdb_logs()",
        "SELECT * FROM arrow_scan(1, 2, 3)",
        "SELECT * FROM seq_scan('rows')",
        "SELECT * FROM checkpoint()",
        "SELECT * FROM force_checkpoint()",
        "SELECT * FROM enable_logging()",
        "SELECT * FROM enable_profiling()",
        "SELECT * FROM truncate_duckdb_logs()",
        "SELECT getenv('HOME')",
        "SELECT nextval('x')",
        "SELECT pg_sleep(100)",
        "SELECT sleep_ms(100000)",
        "SELECT write_log('x')",
        "SELECT system.main.repeat('x', 3)",
        "SELECT * FROM a.csv",
        "SELECT * FROM 'https://example.com/x.csv'",
        "SELECT * FROM 's3://bucket/x.parquet'",
        "SELECT * FROM elsewhere.main.sheet",
    ] {
        queries.push(query.to_owned());
    }
    for query in queries {
        let error = message(&store, &query);
        assert!(!error.message.contains("secret\n") && !error.message.contains('\n'), "{query}");
        assert!(error.hint.is_some(), "{query}: {}", error.message);
    }
    assert!(store.sql_to_file(&format!("FROM '{}'", secret.display()), &never()).is_err());
    assert_eq!(file_names(&allowed), ["secret.csv"]);
}

#[test]
fn results_are_cut_by_rows_and_by_bytes_and_say_so() {
    let folder = folder();
    let store = animals(folder.path());
    let limited = |query: &str, rows, bytes| {
        let found = store.sql(query, SqlLimits { rows, bytes }, &never()).unwrap();
        (found.rows.len(), found.truncated)
    };
    assert_eq!(limited("FROM range(5)", 5, 1 << 20), (5, false));
    assert_eq!(limited("FROM range(6)", 5, 1 << 20), (5, true));
    assert_eq!(limited("FROM range(5)", 0, 1 << 20), (0, true));
    assert_eq!(limited("SELECT 1 WHERE false", 0, 0), (0, false));
    assert_eq!(limited("SELECT repeat('x', 1000) FROM range(100)", 100, 10_000), (10, true));
    assert_eq!(limited("FROM range(1000000000000)", 3, 1 << 20), (3, true));
    assert_eq!(limited("FROM range(3)", u64::MAX, u64::MAX), (3, false));
    let order = store
        .sql(
            "SELECT * FROM range(100) t(i) ORDER BY i DESC",
            SqlLimits { rows: 2, bytes: 1000 },
            &never(),
        )
        .unwrap();
    assert_eq!(order.rows, [[json!(99)], [json!(98)]]);
}

#[test]
fn a_query_for_ever_ends_soon_after_the_wish() {
    let folder = folder();
    let store = animals(folder.path());
    for query in [
        "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t) SELECT count(*) FROM t",
        "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000000) c",
        "SELECT sum(range * 1.5) FROM range(1000000000000)",
        "SELECT max(md5(i::VARCHAR)) FROM generate_series(1, 1000000000000) t(i)",
        "SELECT i FROM range(100000000000) t(i) ORDER BY hash(i) LIMIT 1",
    ] {
        let stop = Arc::new(AtomicBool::new(false));
        std::thread::scope(|scope| {
            let running = scope.spawn(|| store.sql(query, SqlLimits::default(), &stop));
            // Another query of the same sheet is answered meanwhile.
            assert_eq!(rows(&store, "SELECT count(*) FROM sheet"), [[json!(2)]]);
            stop.store(true, Ordering::Relaxed);
            let asked = std::time::Instant::now();
            let error = running.join().unwrap().unwrap_err();
            assert!(matches!(error, DataError::Cancelled), "{query}: {error}");
            // Far above what it takes, because a test machine may be busy.
            assert!(asked.elapsed().as_secs() < 10, "{query}: {:?}", asked.elapsed());
        });
    }
    assert_eq!(rows(&store, "SELECT 1"), [[json!(1)]]);
}

#[test]
fn a_query_that_wants_too_much_memory_is_told_so() {
    let folder = folder();
    let store = animals(folder.path());
    for query in [
        "SELECT repeat('x', 3000000000)",
        "SELECT repeat(repeat('x', 100000), 100000)",
        "SELECT len(repeat(\"Name of it\", 4000000000)) FROM sheet",
        "SELECT repeat([1], 1000000000)",
        "SELECT lpad('x', 2000000000, 'y')",
        "SELECT rpad('x', 2000000000, 'y')",
        "SELECT range(4000000000)",
        "SELECT range(0, 4000000000)",
        "SELECT generate_series(4000000000, 0, -1)",
        "SELECT list(i) FROM range(1000000000) t(i)",
        "SELECT string_agg(i::VARCHAR, ',') FROM range(1000000000) t(i)",
        "SELECT len(list(md5(i::VARCHAR))) FROM range(1000000000) t(i)",
    ] {
        let error = message(&store, query);
        assert_eq!(error.code, Code::BadInput, "{query}: {}", error.message);
        assert!(error.hint.is_some() && !error.message.contains('\n'), "{query}");
    }
    let query =
        "SELECT repeat('ab', 2), range(2), lpad('x', 3, 'y'), repeat([1], 2), range(0, 4, 2)";
    let small = [json!("abab"), json!([0, 1]), json!("yyx"), json!([1, 1]), json!([0, 2])];
    assert_eq!(rows(&store, query), [small]);
    let days = "SELECT len(range(DATE '2024-01-01', DATE '2024-01-04', INTERVAL 1 DAY))";
    assert_eq!(rows(&store, days), [[json!(3)]]);
}

#[test]
fn a_result_becomes_a_file_that_imports_as_a_sheet() {
    let folder = folder();
    let store = animals(folder.path());
    let query = "SELECT \"Name of it\" AS n, legs::HUGEINT AS h, [legs] AS l, NULL AS nothing, \
                 legs AS n FROM sheet ORDER BY legs DESC";
    let file = store.sql_to_file(query, &never()).unwrap();
    assert_eq!(file.row_count(), 2);
    let path = file.path().to_path_buf();
    let copy = write(folder.path(), "result.parquet", fs::read(&path).unwrap());
    let made = try_sheet(&copy, Format::Parquet).unwrap();
    assert_eq!(
        table(&made)[0],
        [json!("cat \"Tom\""), json!("4"), json!([4]), Value::Null, json!(4),]
    );
    drop(file);
    assert!(!path.exists() && !path.parent().unwrap().exists(), "nothing is left beside the sheet");
    assert!(store.sql_to_file("SELECT error('no')", &never()).is_err());
    assert!(!path.parent().unwrap().exists(), "nor after an error");
}

#[test]
fn a_query_sees_all_commits_of_before_and_does_not_hold_up_later_ones() {
    let folder = folder();
    let store = animals(folder.path());
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    store.commit_cells(column, None, &[record(1, CellState::Edited, "one")], NOW_MS).unwrap();
    let query = "SELECT answer FROM sheet ORDER BY legs";
    assert_eq!(rows(&store, query), [[json!("one")], [Value::Null]]);
    store.commit_cells(column, None, &[record(2, CellState::Edited, "two")], NOW_MS).unwrap();
    assert_eq!(rows(&store, query)[1], [json!("two")]);
    let log = "SELECT state, value FROM braincells.cell_log ORDER BY seq";
    assert_eq!(
        rows(&store, log),
        [[json!("edited"), json!("one")], [json!("edited"), json!("two")]]
    );
}
