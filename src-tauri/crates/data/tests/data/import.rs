use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use braincells_core::{AppError, Code, ValueType};
use braincells_data::{DataError, Format, import, remove_leftovers, remove_sheet};
use serde_json::json;

use super::*;

const PEOPLE: &str = "id,name,score,member,born,seen\n\
    3,Ann,1.5,true,1990-02-03,2024-01-02 10:11:12\n\
    1,\"Bob, \"\"the\"\" builder\",-2,false,1985-12-31,2024-01-02 10:11:13\n\
    2,,,,,\n";

fn typed(store: &SheetStore) -> Vec<String> {
    types(store).into_iter().map(|(name, sql_type)| format!("{name} {sql_type}")).collect()
}

#[test]
fn csv_gets_native_types_and_keeps_the_order_of_the_file() {
    let folder = folder();
    let store = sheet(folder.path(), "people.csv", PEOPLE);
    assert_eq!(
        typed(&store),
        [
            "id BIGINT",
            "name VARCHAR",
            "score DOUBLE",
            "member BOOLEAN",
            "born DATE",
            "seen TIMESTAMP"
        ]
    );
    assert_eq!(
        table(&store),
        [
            vec![
                json!(3),
                json!("Ann"),
                json!(1.5),
                json!(true),
                json!("1990-02-03"),
                json!("2024-01-02 10:11:12")
            ],
            vec![
                json!(1),
                json!("Bob, \"the\" builder"),
                json!(-2),
                json!(false),
                json!("1985-12-31"),
                json!("2024-01-02 10:11:13")
            ],
            vec![json!(2), json!(null), json!(null), json!(null), json!(null), json!(null)],
        ]
    );
    let info = store.info().unwrap();
    assert_eq!((info.row_count, info.column_count, info.name.as_str()), (3, 6, "tiny"));
    assert_eq!((info.created_at_ms, info.changed_at_ms), (NOW_MS, NOW_MS));
    let kinds: Vec<ValueType> =
        store.columns().unwrap().iter().map(|column| column.value_type).collect();
    let expected = [
        ValueType::Number,
        ValueType::Text,
        ValueType::Number,
        ValueType::Boolean,
        ValueType::Time,
        ValueType::Time,
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn a_value_in_the_last_line_decides_the_type_as_much_as_one_in_the_first() {
    let folder = folder();
    let mut text = "n,code\n".to_owned();
    for row in 0..60_000 {
        text.push_str(&format!("{row},007\n"));
    }
    text.push_str("none,8\n");
    let store = sheet(folder.path(), "late.csv", text);
    assert_eq!(typed(&store), ["n VARCHAR", "code VARCHAR"], "007 must not become 7");
    let last = store.window(&ids(&store), 60_000, 5).unwrap();
    assert_eq!(last.rows.len(), 1);
    assert_eq!(last.rows[0].cells[0].value, "none");
    assert_eq!(last.rows[0].row, RowId(60_001));
}

#[test]
fn the_separator_is_found_and_the_decimal_comma_stays_text() {
    let folder = folder();
    let semicolons = sheet(folder.path(), "eu.csv", "a;b\n1,5;x\n2,5;y\n");
    assert_eq!(table(&semicolons), [[json!("1,5"), json!("x")], [json!("2,5"), json!("y")]]);
    let one = sheet(folder.path(), "one.csv", "text\n\"hello, you\"\nworld, too\n");
    assert_eq!(table(&one), [[json!("hello, you")], [json!("world, too")]]);
    let tabs = sheet(folder.path(), "t.tsv", "a\tb\n\"half a quote\t1\n5\" pipe, long\t2\n");
    assert_eq!(
        table(&tabs),
        [[json!("\"half a quote"), json!(1)], [json!("5\" pipe, long"), json!(2)]],
        "quotes in tab-separated text are text where they cannot be quotes"
    );
    let mixed = sheet(folder.path(), "ends.csv", "a,b\r\n1,x\n2,y\r\n3,\"z\nz\"\n");
    assert_eq!(typed(&mixed), ["a BIGINT", "b VARCHAR"]);
    assert_eq!(table(&mixed).len(), 3);
    let header = sheet(folder.path(), "header.csv", "a,b");
    assert_eq!((names(&header.columns().unwrap()), table(&header).len()), (vec!["a", "b"], 0));
}

#[test]
fn only_true_and_false_are_booleans_and_other_words_stay_words() {
    let folder = folder();
    let store = sheet(folder.path(), "b.csv", "a,b,c\ntrue,yes,T\nFALSE,no,F\n,,\n");
    assert_eq!(typed(&store), ["a BOOLEAN", "b VARCHAR", "c VARCHAR"]);
    let last = [json!(null), json!(null), json!(null)];
    assert_eq!(
        table(&store),
        [[json!(true), json!("yes"), json!("T")], [json!(false), json!("no"), json!("F")], last]
    );
}

#[test]
fn text_in_utf_16_and_with_a_byte_order_mark_is_read() {
    let folder = folder();
    let utf16: Vec<u8> = std::iter::once(0xfeff_u16)
        .chain("id,name\n1,café\n2,日本\n".encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let store = sheet(folder.path(), "utf16.csv", utf16);
    assert_eq!(table(&store), [[json!(1), json!("café")], [json!(2), json!("日本")]]);
    let store = sheet(folder.path(), "bom.csv", "\u{feff}id,name\n1,é\n");
    assert_eq!(names(&store.columns().unwrap()), ["id", "name"]);
}

#[test]
fn hostile_names_survive() {
    let folder = folder();
    let text = "row_id,ROW_ORDER,a,A,,\"q\"\"x\",d.o,{{br}},\"new\nline\",😀,'; DROP TABLE rows; --\n\
                9,8,1,2,3,4,5,6,7,10,11\n";
    let store = sheet(folder.path(), "names.csv", text);
    let columns = store.columns().unwrap();
    let names = names(&columns);
    for name in ["row_id", "ROW_ORDER", "a", "q\"x", "d.o", "{{br}}", "new\nline", "😀"] {
        assert!(names.contains(&name), "{name:?} is missing from {names:?}");
    }
    let mut lowercase: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    lowercase.sort();
    lowercase.dedup();
    assert_eq!(lowercase.len(), 11, "names must differ whatever their case: {names:?}");
    assert!(names.iter().all(|name| !name.trim().is_empty()));
    let expected: Vec<_> = [9, 8, 1, 2, 3, 4, 5, 6, 7, 10, 11].map(|number| json!(number)).into();
    assert_eq!(table(&store), [expected]);
    assert_eq!(store.window(&ids(&store), 0, 1).unwrap().rows[0].row, RowId(1));
}

#[test]
fn json_in_both_shapes_gives_one_column_for_each_key() {
    let folder = folder();
    let expected = [
        vec![json!(1), json!("x"), json!(null), json!(null)],
        vec![json!(2.5), json!(null), json!([1, 2]), json!({"k": "v"})],
    ];
    let array = r#"[{"a":1,"b":"x"},{"a":2.5,"c":[1,2],"d":{"k":"v"}}]"#;
    let lines = "{\"a\":1,\"b\":\"x\"}\n\n{\"a\":2.5,\"c\":[1,2],\"d\":{\"k\":\"v\"}}\n";
    for (name, text) in [("a.json", array), ("b.jsonl", lines), ("lines.json", lines)] {
        let store = sheet(folder.path(), name, text);
        assert_eq!(table(&store), expected, "{name}");
        assert_eq!(typed(&store)[2..], ["c BIGINT[]", "d STRUCT(k VARCHAR)"], "{name}");
    }
    let mixed = sheet(folder.path(), "m.jsonl", "{\"a\":1}\n{\"a\":\"x\"}\n{\"a\":{\"b\":null}}\n");
    assert_eq!(typed(&mixed), ["a JSON"]);
    assert_eq!(table(&mixed), [[json!(1)], [json!("x")], [json!({"b": null})]]);
    let sparse: String = (0..300).map(|key| format!("{{\"k{key}\":{key}}}\n")).collect();
    let sparse = sheet(folder.path(), "sparse.jsonl", sparse);
    assert_eq!(sparse.columns().unwrap().len(), 300, "rare keys are columns too");
}

#[test]
fn parquet_keeps_its_types_bytes_included() {
    let folder = folder();
    let path = folder.path().join("all.parquet");
    duckdb::Connection::open_in_memory()
        .unwrap()
        .execute_batch(&format!(
            "COPY (SELECT 7::UTINYINT AS small, 12.50::DECIMAL(10,2) AS price, \
             '\\xAA\\x00'::BLOB AS bytes, [1, NULL] AS list, {{'a': 'x'}} AS nested, \
             TIMESTAMPTZ '2024-01-02 10:00:00+00' AS moment, 0.1::FLOAT AS float) \
             TO '{}' (FORMAT parquet)",
            path.display()
        ))
        .unwrap();
    let store = try_sheet(&path, Format::Parquet).unwrap();
    assert_eq!(
        typed(&store),
        [
            "small UTINYINT",
            "price DECIMAL(10,2)",
            "bytes BLOB",
            "list INTEGER[]",
            "nested STRUCT(a VARCHAR)",
            "moment TIMESTAMP WITH TIME ZONE",
            "float FLOAT"
        ]
    );
    let values = store.values(&ids(&store), &[RowId(1)]).unwrap();
    let expected = [
        json!(7),
        json!("12.50"),
        json!("qgA="),
        json!([1, null]),
        json!({"a": "x"}),
        json!("2024-01-02 10:00:00+00"),
        json!(0.1),
    ];
    assert_eq!(values, [expected]);
    assert_eq!(table(&store)[0][2], json!({"bytes": 2}), "a grid gets the size of bytes");
}

#[test]
fn a_cell_of_five_megabytes_comes_in_whole() {
    let folder = folder();
    let large = "x".repeat(5_000_000);
    for (name, text) in [
        ("l.csv", format!("id,text\n1,{large}\n2,b\n")),
        ("l.jsonl", format!("{{\"id\":1,\"text\":\"{large}\"}}\n{{\"id\":2,\"text\":\"b\"}}\n")),
    ] {
        let store = sheet(folder.path(), name, text);
        assert_eq!(table(&store)[0][1].as_str().map(str::len), Some(5_000_000), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_name_with_wildcards_means_that_file_and_no_other() {
    let folder = folder();
    let odd = folder.path().join("k=v [1]");
    fs::create_dir(&odd).unwrap();
    write(&odd, "a1x.csv", "z\n0\n");
    for name in ["a[1]*.csv", "it's?.csv"] {
        let store = sheet(&odd, name, "a,b\n1,2\n");
        assert_eq!(table(&store), [[json!(1), json!(2)]], "{name}");
    }
}

#[test]
fn what_cannot_be_imported_is_said_in_one_line_and_leaves_nothing() {
    let folder = folder();
    let path = folder.path();
    let mut cut = fs::read({
        let file = path.join("whole.parquet");
        duckdb::Connection::open_in_memory()
            .unwrap()
            .execute_batch(&format!("COPY (SELECT 1 AS a) TO '{}'", file.display()))
            .unwrap();
        file
    })
    .unwrap();
    cut.truncate(cut.len() - 9);
    fs::remove_file(path.join("whole.parquet")).unwrap();
    let long = format!("a,b,c\n{}1,2\n4,5,6\n", "1,2,3\n".repeat(30_000));
    let files: [(&str, Vec<u8>, &str); 15] = [
        ("empty.csv", b"".into(), "empty"),
        ("blank.csv", b"\n \n".into(), "empty"),
        ("binary.csv", b"PK\x03\x04\x00\x00rest".into(), "binary"),
        ("more.csv", b"a,b\n1,2\n1,2,3\n4,5\n".into(), "line 3 has 3 values"),
        ("less.csv", b"a,b,c\n1,2,3\n1,2\n4,5,6\n".into(), "line 3 has 2 values"),
        ("long.csv", long.into(), "line 30002 has 2 values"),
        ("title.csv", b"My report, 2024\n\na,b,c\n1,2,3\n".into(), "line 3 has 3 values"),
        ("latin.csv", b"id,text\n1,caf\xe9\n".into(), "UTF-8"),
        ("broken.json", b"[{\"a\":1},{\"a\":".into(), "Malformed JSON"),
        ("broken.jsonl", b"{\"a\":1}\n{\"a\":2\n{\"a\":3}\n".into(), "line 3"),
        ("none.json", b"[]".into(), "no rows"),
        ("words.json", b"hello there".into(), "JSON"),
        ("not.parquet", b"PARIS is not parquet".into(), "not a Parquet file"),
        ("cut.parquet", cut, "end of the Parquet file"),
        ("utf16.json", b"\xff\xfe[\x00]\x00".into(), "no rows"),
    ];
    for (name, bytes, expected) in files {
        let source = write(path, name, bytes);
        let error = try_sheet(&source, Format::from_path(&source).unwrap()).unwrap_err();
        let error = AppError::from(error);
        assert!(error.message.contains(expected), "{name}: {}", error.message);
        assert!(error.message.contains(name), "{name}: {}", error.message);
        assert!(!error.message.contains('\n'), "{name}: {}", error.message);
        assert_eq!(error.code, Code::BadInput, "{name}");
        assert!(error.hint.is_some(), "{name}: {}", error.message);
        fs::remove_file(&source).unwrap();
        assert_eq!(file_names(path), [""; 0], "{name} left something behind");
    }
    let missing = AppError::from(try_sheet(&path.join("no.csv"), Format::Csv).unwrap_err());
    assert_eq!(missing.code, Code::NotFound);
    let folder = AppError::from(try_sheet(path, Format::Csv).unwrap_err());
    assert!(folder.message.contains("it is a folder"), "{}", folder.message);
}

#[test]
fn an_existing_target_is_left_alone() {
    let folder = folder();
    let source = write(folder.path(), "a.csv", "a\n1\n");
    let target = write(folder.path(), "a.duckdb", "precious");
    let error =
        import(&request(&source, Format::Csv, &target), NOW_MS, &|_| {}, &AtomicBool::new(false))
            .unwrap_err();
    assert!(matches!(error, DataError::AlreadyExists { .. }), "{error}");
    assert_eq!(fs::read(&target).unwrap(), b"precious");
}

#[test]
fn an_import_reports_bytes_and_stops_when_told() {
    let folder = folder();
    let mut text = "id,text\n".to_owned();
    for row in 0..400_000 {
        text.push_str(&format!("{row},row number {row} has text of its own\n"));
    }
    let source = write(folder.path(), "big.csv", text);
    let target = folder.path().join("big.duckdb");
    let (largest, cancelled) = (AtomicU64::new(0), AtomicBool::new(false));
    let stop_at_once = |_| cancelled.store(true, Ordering::Relaxed);
    let request = request(&source, Format::Csv, &target);
    let error = import(&request, NOW_MS, &stop_at_once, &cancelled).unwrap_err();
    assert!(matches!(error, DataError::Cancelled), "{error}");
    assert_eq!(file_names(folder.path()), ["big.csv"]);

    let keep_largest = |bytes| {
        largest.fetch_max(bytes, Ordering::Relaxed);
    };
    let rows = import(&request, NOW_MS, &keep_largest, &AtomicBool::new(false)).unwrap();
    assert_eq!(rows, 400_000);
    assert_eq!(largest.load(Ordering::Relaxed), fs::metadata(&target).unwrap().len());
    let store = SheetStore::open(&target, LIMITS, NOW_MS).unwrap();
    assert_eq!(store.id(), request.id);
    for start in [0, 123_456, 399_999] {
        let window = store.window(&ids(&store), start, 1).unwrap();
        assert_eq!(window.rows[0].cells[0].value, json!(start), "row order at {start}");
        assert_eq!(window.rows[0].row, RowId(start as i64 + 1));
    }
}

#[test]
fn leftovers_of_killed_processes_go_and_what_is_in_use_stays() {
    let folder = folder();
    let path = folder.path();
    let store = sheet(path, "a.csv", "a\n1\n");
    let name = store.path().file_name().unwrap().to_str().unwrap().to_owned();
    fs::create_dir(path.join(format!("{name}.export"))).unwrap();
    for name in ["dead.duckdb.importing", "dead.duckdb.importing.wal", "dead.duckdb.lock"] {
        write(path, name, "x");
    }
    write(path, ".out.csv.0a1b.braincells-part", "half");
    fs::create_dir(path.join("mine.tmp")).unwrap();

    assert_eq!(remove_leftovers(path).unwrap(), 4);
    let kept = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let export = format!("{name}.export");
    let expected = kept(vec!["a.csv".into(), name.clone(), export, "mine.tmp".into()]);
    assert_eq!(file_names(path), expected);
    let file = store.path().to_path_buf();
    let error = remove_sheet(&file).unwrap_err();
    assert!(matches!(error, DataError::InUse { .. }), "{error}");
    drop(store);
    assert_eq!(remove_leftovers(path).unwrap(), 1, "the export folder, now that its sheet is shut");
    assert_eq!(file_names(path), kept(vec!["a.csv".into(), name, "mine.tmp".into()]));
    remove_sheet(&file).unwrap();
    assert_eq!(file_names(path), ["a.csv", "mine.tmp"]);
    assert!(matches!(remove_sheet(&file), Err(DataError::SheetMissing { .. })));
}
