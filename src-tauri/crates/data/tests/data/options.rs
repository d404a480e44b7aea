//! What can be asked for when a file comes in, what is shown before, and text in place of a file.

use std::fs;
use std::sync::atomic::Ordering;

use braincells_core::DataType;
use braincells_core::{AppError, Code};
use braincells_data::{
    ClipboardKind, Encoding, PreviewRequest, Quote, RowSelection, import_text, preview_import,
    preview_text,
};
use serde_json::json;

use super::*;

fn options() -> ImportOptions {
    ImportOptions::default()
}

fn refused(source: &Path, format: Format, options: ImportOptions) -> String {
    let error = AppError::from(try_sheet_with(source, format, options).unwrap_err());
    assert_eq!(error.code, Code::BadInput, "{}", error.message);
    assert!(error.hint.is_some() && !error.message.contains('\n'), "{}", error.message);
    error.message
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2], mark: bool) -> Vec<u8> {
    let mark = mark.then_some(0xfeff);
    mark.into_iter().chain(text.encode_utf16()).flat_map(bytes).collect()
}

#[test]
fn text_in_any_of_the_encodings_comes_in_whole() {
    let folder = folder();
    let text = "id,name\n1,\"café, größe\"\n2,日本 😀\n";
    let expected = [[json!(1), json!("café, größe")], [json!(2), json!("日本 😀")]];
    let read = |bytes: &[u8], name: &str, encoding| {
        let path = write(folder.path(), name, bytes);
        let format = Format::from_path(&path).unwrap();
        try_sheet_with(&path, format, ImportOptions { encoding, ..options() }).unwrap()
    };
    for (bytes, encoding) in [
        (utf16(text, u16::to_le_bytes, true), None),
        (utf16(text, u16::to_be_bytes, true), None),
        (utf16(text, u16::to_be_bytes, true), Some(Encoding::Latin1)),
        (utf16(text, u16::to_le_bytes, false), Some(Encoding::Utf16)),
        (utf16(text, u16::to_be_bytes, false), Some(Encoding::Utf16)),
        (text.into(), Some(Encoding::Utf8)),
        (format!("\u{feff}{text}").into(), Some(Encoding::Latin1)),
    ] {
        assert_eq!(table(&read(&bytes, "t.csv", encoding)), expected, "{encoding:?}");
    }
    let latin = b"id;price\n1;5 \x80\n2;caf\xe9 \x93x\x94\n";
    let store = read(latin, "l.csv", Some(Encoding::Latin1));
    assert_eq!(table(&store)[0][1], json!("5 €"), "as Windows writes it");
    assert_eq!(table(&store)[1][1], json!("café “x”"));
    let json = utf16("[{\"a\":\"日\"}]", u16::to_le_bytes, true);
    assert_eq!(table(&read(&json, "j.json", None)), [[json!("日")]]);
    let long = format!("id,name\n{}", "1,日本語\n".repeat(200_000));
    let store = read(&utf16(&long, u16::to_be_bytes, true), "long.csv", None);
    assert_eq!(store.info().unwrap().row_count, 200_000);

    let path = write(folder.path(), "bad.csv", b"\xff\xfea\0\n\0\0\xd8");
    assert!(refused(&path, Format::Csv, options()).contains("not valid utf-16"));
    let path = write(folder.path(), "latin.csv", latin);
    let error = AppError::from(try_sheet(&path, Format::Csv).unwrap_err());
    assert!(error.hint.unwrap().contains("--encoding latin-1"));
    let left = file_names(folder.path());
    assert!(!left.iter().any(|name| name.contains("importing")), "{left:?}");
}

#[test]
fn the_header_is_found_or_decided() {
    let folder = folder();
    let with = |text: &str, header| {
        let path = write(folder.path(), "h.csv", text);
        let store =
            try_sheet_with(&path, Format::Csv, ImportOptions { header, ..options() }).unwrap();
        let columns = store.columns().unwrap();
        let names: Vec<String> = columns.into_iter().map(|column| column.name).collect();
        (names.join("|"), table(&store).len())
    };
    let is = |names: &str, rows| (names.to_owned(), rows);
    assert_eq!(with("id,name\n1,x\n", None), is("id|name", 1));
    assert_eq!(with("Ann,Rome\nBob,Oslo\n", None), is("Ann|Rome", 1), "text names columns");
    assert_eq!(with("1,2\n3,4\n", None), is("column|column_2", 2));
    assert_eq!(with("1,2\n3,4\n", Some(true)), is("1|2", 1));
    assert_eq!(with("id,name\n1,x\n", Some(false)), is("column|column_2", 2));
    assert_eq!(with("a,b\n1,x\r\n2,y\n", Some(false)), is("column|column_2", 3));
    let types = vec![("column_2".to_owned(), DataType::Text)];
    let path = write(folder.path(), "t.csv", "1,2\n3,4\n");
    let store = try_sheet_with(&path, Format::Csv, ImportOptions { types, ..options() }).unwrap();
    assert_eq!(types_of(&store), ["BIGINT", "VARCHAR"]);
}

fn types_of(store: &SheetStore) -> Vec<String> {
    types(store).into_iter().map(|(_, sql_type)| sql_type).collect()
}

#[test]
fn the_separator_can_be_named() {
    let folder = folder();
    let path = write(folder.path(), "s.csv", "a,b~c\n1,5~'x~y'\n2,5~z\n");
    let asked =
        ImportOptions { delimiter: Some('~'), quote: Some(Quote::Character('\'')), ..options() };
    let store = try_sheet_with(&path, Format::Csv, asked.clone()).unwrap();
    assert_eq!(names(&store.columns().unwrap()), ["a,b", "c"]);
    assert_eq!(table(&store), [[json!("1,5"), json!("x~y")], [json!("2,5"), json!("z")]]);
    let ragged = write(folder.path(), "r.csv", "a~b\n1~2~3\n");
    assert!(refused(&ragged, Format::Csv, asked.clone()).contains("line 2 has 3 values"));
    let message = refused(&path, Format::Tsv, asked);
    assert!(message.contains("option `delimiter` cannot be used"), "{message}");
}

#[test]
fn types_that_were_asked_for_hold_or_the_value_is_named() {
    let folder = folder();
    let text = "id,n,yes,day,when,j\n007,1,yes,31.12.2024,2024-01-02,\"{\"\"a\"\":1}\"\n\
                008,2,no,01.02.2024,2024-01-03,[1]\n";
    let path = write(folder.path(), "t.csv", text);
    let asked = |types: &[(&str, DataType)]| ImportOptions {
        types: types.iter().map(|(name, word)| ((*name).to_owned(), *word)).collect(),
        ..options()
    };
    let store = try_sheet_with(
        &path,
        Format::Csv,
        asked(&[
            ("id", DataType::Integer),
            ("n", DataType::Text),
            ("yes", DataType::Boolean),
            ("day", DataType::Text),
            ("when", DataType::Text),
            ("j", DataType::Json),
        ]),
    )
    .unwrap();
    assert_eq!(types_of(&store), ["BIGINT", "VARCHAR", "BOOLEAN", "VARCHAR", "VARCHAR", "JSON"]);
    assert_eq!(
        table(&store)[0],
        [
            json!(7),
            json!("1"),
            json!(true),
            json!("31.12.2024"),
            json!("2024-01-02"),
            json!({"a": 1})
        ]
    );
    let only = write(folder.path(), "d.csv", "n,day\n1,31.12.2024\n2,01.02.2024\n");
    let moments = try_sheet_with(&only, Format::Csv, asked(&[("day", DataType::Timestamp)]));
    let moments = moments.unwrap();
    assert_eq!(types_of(&moments), ["BIGINT", "TIMESTAMP"]);
    assert_eq!(table(&moments)[0][1], json!("2024-12-31 00:00:00"));

    let odd = write(
        folder.path(),
        "odd.csv",
        "a,b,c\n1,1,2024-01-02 00:00:00\n2.5,true,2024-01-02 10:00:00\n,,\n",
    );
    for (name, word, cause) in [
        ("a", DataType::Integer, "row 2 has `2.5` in column `a`, which is not of type integer"),
        ("b", DataType::Number, "row 2 has `true` in column `b`, which is not of type number"),
        ("c", DataType::Date, "row 2 has `2024-01-02 10:00:00` in column `c`"),
        ("c", DataType::Json, "row 1 has `2024-01-02 00:00:00`"),
        ("A", DataType::Text, "no column `A`; it has `a`, `b`, `c`"),
    ] {
        let message = refused(&odd, Format::Csv, asked(&[(name, word)]));
        assert!(message.contains(cause), "{message}");
    }
    let whole = try_sheet_with(&odd, Format::Csv, asked(&[("a", DataType::Number)])).unwrap();
    assert_eq!(table(&whole)[1][0], json!(2.5));
    let lines = write(folder.path(), "l.jsonl", "{\"a\":1,\"b\":{\"c\":2}}\n{\"a\":2.5}\n");
    let store = try_sheet_with(&lines, Format::Jsonl, asked(&[("b", DataType::Text)])).unwrap();
    assert_eq!(table(&store)[0][1], json!("{\"c\":2}"));
    let message = refused(&lines, Format::Jsonl, asked(&[("a", DataType::Integer)]));
    assert!(message.contains("row 2 has `2.5`"), "{message}");
}

#[test]
fn a_late_surprise_costs_one_column_its_type_and_no_other() {
    let folder = folder();
    let path = write(folder.path(), "d.csv", "n,day,k\n1,2024-01-02,2\n2,31.12.2024,3\n");
    let store = try_sheet(&path, Format::Csv).unwrap();
    assert_eq!(types_of(&store), ["BIGINT", "VARCHAR", "BIGINT"]);
    assert_eq!(table(&store)[1], [json!(2), json!("31.12.2024"), json!(3)]);
}

#[test]
fn what_comes_late_in_a_large_file_decides_as_much_as_what_comes_first() {
    const EARLY_ROWS: usize = 200_000;
    const TYPES: [&str; 8] =
        ["BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "VARCHAR", "VARCHAR", "BIGINT"];
    let folder = folder();
    let early = "1,1.5,true,2024-01-02,2024-01-02 10:00:00,text,,-3\n";
    // A late value of the column at a position, what the column becomes, how the value is shown.
    for (at, late, expected, shown) in [
        (0, "1.5", "DOUBLE", "1.5"),
        (0, "007", "VARCHAR", "007"),
        (0, "none", "VARCHAR", "none"),
        (0, "12345678901234567890", "HUGEINT", "12345678901234567890"),
        (1, "x", "VARCHAR", "x"),
        (1, "2", "DOUBLE", "2"),
        (2, "yes", "VARCHAR", "yes"),
        (2, "FALSE", "BOOLEAN", "false"),
        (3, "2024-01-02 11:12:13", "TIMESTAMP", "2024-01-02 11:12:13"),
        (3, "31.12.2024", "VARCHAR", "31.12.2024"),
        (4, "soon", "VARCHAR", "soon"),
        (4, "2024-01-02", "TIMESTAMP", "2024-01-02 00:00:00"),
        (6, "5", "BIGINT", "5"),
        (7, "+4", "VARCHAR", "+4"),
    ] {
        let mut values: Vec<&str> = early.trim_end().split(',').collect();
        values[at] = late;
        let header = "a,b,c,d,e,f,g,h\n";
        let rows = format!("{header}{}{}\n", early.repeat(EARLY_ROWS), values.join(","));
        let large = sheet(folder.path(), "large.csv", rows);
        assert_eq!(types_of(&large).swap_remove(at), expected, "{late}");
        let last = table_row(&large, EARLY_ROWS as u64).swap_remove(at);
        let last = last.as_str().map_or_else(|| last.to_string(), str::to_owned);
        assert_eq!(last, shown, "{late}");
        let others = types_of(&large).into_iter().enumerate().filter(|(index, _)| *index != at);
        for (index, sql_type) in others {
            assert_eq!(sql_type, TYPES[index], "column {index} beside {late}");
        }
        fs::remove_file(large.path()).unwrap();
    }
}

fn table_row(store: &SheetStore, position: u64) -> Vec<Value> {
    let window = store.window(&ids(store), position, 1).unwrap();
    window.rows[0].cells.iter().map(|cell| cell.value.clone()).collect()
}

#[test]
fn the_first_rows_or_a_random_choice_of_them_come_in_the_order_of_the_file() {
    let folder = folder();
    let rows: String = (0..20_000).map(|row| format!("{row},{}\n", row % 7)).collect();
    let lines: String = (0..20_000).map(|row| format!("{{\"n\":{row}}}\n")).collect();
    let csv = write(folder.path(), "n.csv", format!("n,position\n{rows}"));
    let jsonl = write(folder.path(), "n.jsonl", lines);
    for (path, format) in [(&csv, Format::Csv), (&jsonl, Format::Jsonl)] {
        let take = |rows| {
            let asked = ImportOptions { rows, ..options() };
            let store = try_sheet_with(path, format, asked).unwrap();
            let rows = table(&store);
            let window = store.window(&ids(&store), 0, 1).unwrap();
            assert!(window.rows.first().is_none_or(|row| row.row == RowId(1)), "ids begin at 1");
            rows.into_iter().map(|row| row[0].as_i64().unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(take(RowSelection::First { count: 3 }), [0, 1, 2]);
        assert_eq!(take(RowSelection::First { count: 30_000 }).len(), 20_000);
        let sample = take(RowSelection::Random { count: 500, seed: 1 });
        assert_eq!(sample.len(), 500);
        assert!(sample.windows(2).all(|pair| pair[0] < pair[1]), "{sample:?}");
        assert!(sample[0] < 400 && sample[499] > 19_600, "from the whole file: {sample:?}");
        assert_eq!(sample, take(RowSelection::Random { count: 500, seed: 1 }));
        assert_ne!(sample, take(RowSelection::Random { count: 500, seed: 2 }));
        assert_eq!(take(RowSelection::Random { count: 50_000, seed: 1 }).len(), 20_000);
    }
    // What lies behind the rows that were asked for does not matter.
    let path = write(folder.path(), "late.csv", format!("n\n{}\"", "1\n".repeat(100_000)));
    let first = ImportOptions { rows: RowSelection::First { count: 2 }, ..options() };
    assert_eq!(table(&try_sheet_with(&path, Format::Csv, first).unwrap()).len(), 2);
}

fn look(path: &Path, options: ImportOptions, rows: u64) -> PreviewRequest {
    PreviewRequest {
        source: path.to_path_buf(),
        format: Format::from_path(path).unwrap(),
        options,
        rows,
        scratch: path.parent().unwrap().to_path_buf(),
        limits: LIMITS,
    }
}

#[test]
fn a_preview_shows_what_an_import_would_find_and_keeps_nothing() {
    let folder = folder();
    let never = AtomicBool::new(false);
    let csv = write(folder.path(), "p.csv", b"id;name;'=x\n007;caf\xe9;'=1\n008;\"b;c\";d\n9;;e\n");
    let asked = ImportOptions { encoding: Some(Encoding::Latin1), ..options() };
    let found = preview_import(&look(&csv, asked, 2), &never).unwrap();
    let columns: Vec<String> =
        found.columns.iter().map(|column| format!("{} {}", column.name, column.sql_type)).collect();
    assert_eq!(columns, ["id VARCHAR", "name VARCHAR", "=x VARCHAR"]);
    assert_eq!(
        found.rows,
        [[json!("007"), json!("café"), json!("=1")], [json!("008"), json!("b;c"), json!("d")]]
    );
    let dialect = found.dialect.unwrap();
    assert_eq!((dialect.delimiter, dialect.quote, dialect.header), (Some(';'), Some('"'), true));
    assert_eq!((dialect.encoding, found.size_bytes), (Encoding::Latin1, 42));
    assert!(found.warnings.is_empty(), "{:?}", found.warnings);

    let rows: String = (0..900_000).map(|row| format!("{row},some text of row {row}\n")).collect();
    let large = write(folder.path(), "large.csv", format!("n,t\n{rows}late,x\n"));
    let found = preview_import(&look(&large, options(), 3), &never).unwrap();
    assert_eq!((found.rows.len(), found.columns[0].sql_type.as_str()), (3, "BIGINT"));
    assert!(found.warnings[0].contains("first 20480 rows"), "{:?}", found.warnings);
    let wide = utf16(&format!("n,t\n{rows}"), u16::to_le_bytes, true);
    let wide = write(folder.path(), "wide.csv", wide);
    let found = preview_import(&look(&wide, options(), 3), &never).unwrap();
    assert_eq!(found.rows[2], [json!(2), json!("some text of row 2")]);

    let missing = preview_import(&look(&folder.path().join("no.csv"), options(), 3), &never);
    assert_eq!(AppError::from(missing.unwrap_err()).code, Code::NotFound);
    let stopped = AtomicBool::new(true);
    let error = preview_import(&look(&large, options(), 3), &stopped).unwrap_err();
    assert!(matches!(error, DataError::Cancelled), "{error}");
    never.store(false, Ordering::Relaxed);
    assert_eq!(file_names(folder.path()), ["large.csv", "p.csv", "wide.csv"]);
}

#[test]
fn a_preview_of_a_text_shows_what_its_import_would_find() {
    let folder = folder();
    let never = AtomicBool::new(false);
    let look_at = |text: &str, kind, options: ImportOptions, rows| {
        let source = PathBuf::from("the clipboard");
        let scratch = folder.path().to_path_buf();
        let format = Format::Csv;
        let request = PreviewRequest { source, format, options, rows, scratch, limits: LIMITS };
        preview_text(text, kind, &request, &never)
    };
    let detect = ClipboardKind::Detect;
    let text = "id\tnote\n007\t\"two\nlines\"\n8\t'=1;x\n9\t\n";
    let found = look_at(text, detect, options(), 2).unwrap();
    let columns: Vec<&str> = found.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(columns, ["id", "note"]);
    assert_eq!(found.rows.len(), 2);
    assert_eq!(found.rows[0][1], "two\nlines");
    assert_eq!(found.rows[1][1], "'=1;x");
    let dialect = found.dialect.unwrap();
    assert_eq!((dialect.delimiter, dialect.quote, dialect.header), (None, None, true));
    assert_eq!((found.size_bytes, found.tables.len()), (text.len() as u64, 0));
    let page = "<table><tr><td>a</td></tr><tr><td>1.5</td></tr></table>";
    let headless = ImportOptions { header: Some(false), ..options() };
    let found = look_at(page, detect, headless, 9).unwrap();
    assert_eq!(found.rows, [[json!("a")], [json!("1.5")]]);
    assert!(!found.dialect.unwrap().header);
    let error = AppError::from(look_at(" ", ClipboardKind::Html, options(), 9).unwrap_err());
    assert!(error.message.starts_with("`the clipboard` cannot be imported"), "{}", error.message);
    let asked = ImportOptions { table: Some("x".to_owned()), ..options() };
    assert_eq!(AppError::from(look_at("a", detect, asked, 9).unwrap_err()).code, Code::BadInput);
    assert_eq!(file_names(folder.path()), [""; 0]);
}

#[test]
fn text_of_a_clipboard_becomes_a_sheet() {
    let folder = folder();
    let from = |text: &str, kind, options| {
        let target = folder.path().join(format!("{}.duckdb", SheetId::random()));
        let source = PathBuf::from("the clipboard");
        let request = ImportRequest { source, options, ..request(&target, Format::Csv, &target) };
        import_text(text, kind, &request, NOW_MS, &|_| {}, &AtomicBool::new(false))?;
        SheetStore::open(&target, LIMITS, NOW_MS)
    };
    let detect = ClipboardKind::Detect;
    let store = from("id\tnote\n1\t\"two\nlines\"\n2\t'=1\n", detect, options()).unwrap();
    assert_eq!(types_of(&store), ["BIGINT", "VARCHAR"]);
    assert_eq!(table(&store), [[json!(1), json!("two\nlines")], [json!(2), json!("'=1")]]);
    let page = "<table><tr><th>a</th><th>b</th></tr><tr><td>1.5</td></tr></table>";
    let store = from(page, detect, options()).unwrap();
    assert_eq!(table(&store), [[json!(1.5), json!(null)]]);
    let headless = ImportOptions { header: Some(false), ..options() };
    let store = from("x\n\ny", detect, headless).unwrap();
    assert_eq!(table(&store), [[json!("x")], [json!(null)], [json!("y")]]);
    let error = AppError::from(from("", detect, options()).unwrap_err());
    assert_eq!(error.message, "`the clipboard` cannot be imported: there is nothing in it");
    let asked = ImportOptions { delimiter: Some(';'), ..options() };
    let error = AppError::from(from("a;b", detect, asked).unwrap_err());
    assert!(error.message.contains("option `delimiter`"), "{}", error.message);
    let left = file_names(folder.path());
    assert!(left.iter().all(|name| name.ends_with(".duckdb")), "{left:?}");
}
