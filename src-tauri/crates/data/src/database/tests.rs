//! What a statement cannot do, whoever gets to write one.

use std::fs;

use super::*;

const LIMITS: Limits = Limits { memory_bytes: 256 << 20, threads: 1 };

#[test]
fn no_statement_reaches_a_file_the_network_an_extension_or_the_settings() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let inside = folder.path().join("s.duckdb.export");
    fs::create_dir(&inside).unwrap();
    fs::write(folder.path().join("x.csv"), "a\n1\n").unwrap();
    let connection =
        open(&folder.path().join("s.duckdb"), LIMITS, &Allowed::Folder(inside)).unwrap();
    connection.execute_batch("CREATE TABLE t AS SELECT 1 AS i").unwrap();
    for statement in [
        format!("SELECT * FROM read_csv('{}')", at("x.csv")),
        format!("SELECT * FROM '{}'", at("x.csv")),
        format!("SELECT * FROM read_text('{}')", at("x.csv")),
        format!("SELECT * FROM glob('{}')", at("*")),
        format!("ATTACH '{}'", at("other.duckdb")),
        format!("COPY t TO '{}'", at("out.csv")),
        format!("COPY t TO '{}'", at("s.duckdb.export/../out.csv")),
        format!("COPY t FROM '{}'", at("x.csv")),
        format!("EXPORT DATABASE '{}'", at("dump")),
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')".to_owned(),
        "INSTALL httpfs".to_owned(),
        "LOAD httpfs".to_owned(),
        "SET memory_limit = '64GB'".to_owned(),
        "SET enable_external_access = true".to_owned(),
        "SET autoload_known_extensions = true".to_owned(),
        "SET lock_configuration = false".to_owned(),
        "RESET enable_external_access".to_owned(),
        "SET allowed_directories = ['/']".to_owned(),
    ] {
        let error = connection.execute_batch(&statement).expect_err(&statement).to_string();
        assert!(
            error.contains("disabled") || error.contains("locked") || error.contains("Permission"),
            "{statement} failed for another reason: {error}"
        );
    }
    for name in ["out.csv", "other.duckdb", "dump"] {
        assert!(!folder.path().join(name).exists(), "{name} was written");
    }
    connection
        .execute_batch(&format!("COPY t TO '{}'", at("s.duckdb.export/fine.csv")))
        .expect("the export folder is the one place to write to");
}

#[test]
fn an_import_reads_its_file_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    for name in ["x.csv", "y.csv"] {
        fs::write(folder.path().join(name), "a\n1\n").unwrap();
    }
    let allowed = Allowed::Files(vec![at("x.csv")]);
    let connection = open(&folder.path().join("s.duckdb"), LIMITS, &allowed).unwrap();
    let read = |name: &str| {
        let sql = format!("SELECT a FROM read_csv('{}')", at(name));
        connection.query_row(&sql, [], |row| row.get::<_, i64>(0))
    };
    assert_eq!(read("x.csv").unwrap(), 1);
    assert!(read("y.csv").unwrap_err().to_string().contains("disabled by configuration"));
}

#[test]
fn what_is_opened_to_be_read_refuses_every_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.duckdb");
    let allowed = Allowed::Files(Vec::new());
    open(&path, LIMITS, &allowed)
        .unwrap()
        .execute_batch("CREATE TABLE t AS SELECT 1 AS i")
        .unwrap();
    let connection = open_as(Manner::Read, &path, LIMITS, &allowed).unwrap();
    for statement in ["INSERT INTO t VALUES (2)", "UPDATE t SET i = 2", "DROP TABLE t"] {
        let error = connection.execute_batch(statement).map_err(during("change")).unwrap_err();
        assert!(matches!(error, DataError::ReadOnly { holder: None }), "{statement}: {error}");
    }
    let count: i64 = connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 1);
}

#[test]
fn the_memory_limit_holds_from_the_opening_on_and_spilling_still_works() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { memory_bytes: 64 << 20, threads: 2 };
    let connection =
        open(&folder.path().join("s.duckdb"), limits, &Allowed::Files(Vec::new())).unwrap();
    let limit: String = connection
        .query_row("SELECT current_setting('memory_limit')", [], |row| row.get(0))
        .unwrap();
    assert_eq!(limit, "64.0 MiB");
    let sorted: i64 = connection
        .query_row(
            "SELECT count(*) FROM (SELECT hash(range) AS h, range::VARCHAR || repeat('x', 60) AS t \
             FROM range(2000000) ORDER BY h LIMIT 1900000) WHERE t IS NOT NULL",
            [],
            |row| row.get(0),
        )
        .expect("a sort of 150 MB spills");
    assert_eq!(sorted, 1_900_000);
}
