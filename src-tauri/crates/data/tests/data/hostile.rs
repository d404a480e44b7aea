//! Text files that are not as they should be: each ends in data or in a cause and a hint.

use std::fs;

use braincells_core::{AppError, Code};
use braincells_data::Quote;
use serde_json::json;

use super::*;

fn refused(source: &Path, options: ImportOptions) -> AppError {
    let format = Format::from_path(source).unwrap();
    let error = AppError::from(try_sheet_with(source, format, options).unwrap_err());
    assert!(error.hint.is_some() && !error.message.contains('\n'), "{}", error.message);
    error
}

/// The error or the values of a CSV file.
fn outcome(folder: &Path, bytes: &[u8]) -> Result<Vec<Vec<Value>>, AppError> {
    let source = write(folder, "x.csv", bytes);
    match try_sheet(&source, Format::Csv) {
        Ok(store) => Ok(table(&store)),
        Err(error) => {
            let error = AppError::from(error);
            assert!(error.hint.is_some() && !error.message.contains('\n'), "{}", error.message);
            assert_eq!(error.code, Code::BadInput, "{}", error.message);
            Err(error)
        }
    }
}

/// What is odd about a file, the file, and what comes of it: a part of its rows as JSON, or of
/// the error.
type Case = (&'static str, &'static [u8], Result<&'static str, &'static str>);

/// Files as people have them.
const CASES: &[Case] = &[
    ("only a header", b"a,b\n", Ok("[]")),
    ("one column", b"text\nx\ny\n", Ok(r#"[["x"],["y"]]"#)),
    ("one column with a blank line", b"text\nx\n\ny\n", Ok(r#"[["x"],[null],["y"]]"#)),
    ("one value", b"x", Ok("[]")),
    ("trailing separators", b"a,b,\n1,2,\n3,4,\n", Ok("[[1,2,null],[3,4,null]]")),
    (
        "quotes inside unquoted values",
        b"a,b\nhe said \"hi\",1\n5\" x,2\n",
        Ok(r#"[["he said \"hi\"",1],["5\" x",2]]"#),
    ),
    ("CRLF inside quotes", b"a,b\r\n\"x\r\ny\",1\r\nz,2\r\n", Ok(r#"[["x\r\ny",1],["z",2]]"#)),
    ("mixed line ends", b"a,b\n1,x\r\n2,y\n3,z\r\n", Ok(r#"[[1,"x"],[2,"y"],[3,"z"]]"#)),
    ("old Mac line ends", b"a,b\r1,x\r2,y\r", Ok(r#"[[1,"x"],[2,"y"]]"#)),
    ("no end of the last line", b"a,b\n1,2", Ok("[[1,2]]")),
    (
        "leading zeros",
        b"id,zip\n007,01234\n008,99999\n",
        Ok(r#"[["007","01234"],["008","99999"]]"#),
    ),
    (
        "plus signs and phones",
        b"phone\n+491701234567\n+4930123456\n",
        Ok(r#"[["+491701234567"],["+4930123456"]]"#),
    ),
    (
        "long integers",
        b"n\n12345678901234567890123456789012345678901\n1\n",
        Ok(r#"[["12345678901234567890123456789012345678901"]"#),
    ),
    ("dates in ISO", b"d\n2024-01-02\n2024-12-31\n", Ok(r#"[["2024-01-02"],["2024-12-31"]]"#)),
    (
        "dates as in Germany",
        b"n,d\n1,02.01.2024\n2,31.12.2024\n",
        Ok(r#"[[1,"2024-01-02"],[2,"2024-12-31"]]"#),
    ),
    (
        "dates as in America",
        b"n,d\n1,01/02/2024\n2,12/31/2024\n",
        Ok(r#"[[1,"2024-01-02"],[2,"2024-12-31"]]"#),
    ),
    (
        "dates of two styles",
        b"n,d\n1,2024-01-02\n2,31.12.2024\n",
        Ok(r#"[[1,"2024-01-02"],[2,"31.12.2024"]]"#),
    ),
    (
        "a day that is none",
        b"n,d\n1,2024-02-28\n2,2024-02-30\n",
        Ok(r#"[[1,"2024-02-28"],[2,"2024-02-30"]]"#),
    ),
    (
        "numbers with thousands",
        b"n,m\n\"1,234\",1\n\"5,678\",2\n",
        Ok(r#"[["1,234",1],["5,678",2]]"#),
    ),
    ("currency", b"p\n$1.50\n$2\n", Ok(r#"[["$1.50"],["$2"]]"#)),
    ("duplicate headers", b"a,a,A\n1,2,3\n", Ok("[[1,2,3]]")),
    ("no header at all", b"1,2.5\n3,4.5\n", Ok("[[1,2.5],[3,4.5]]")),
    ("a first line like all others", b"2019,name\n5,x\n", Ok(r#"[[2019,"name"],[5,"x"]]"#)),
    ("blanks around values", b"a,b\n 1 , x \n", Ok(" x ")),
    ("quoted empties", b"a,b\n\"\",x\n,y\n", Ok(r#"[[null,"x"],[null,"y"]]"#)),
    ("doubled quotes only", b"a,b\n\"\"\"\"\"\",1\n", Ok(r#"[["\"\"",1]]"#)),
    ("backslashes", b"a,b\n\"x\\y\",1\nC:\\temp,2\n", Ok(r#"[["x\\y",1],["C:\\temp",2]]"#)),
    ("a separator in quotes", b"a;b\n\"1;2\";x\n3;y\n", Ok(r#"[["1;2","x"],["3","y"]]"#)),
    ("bars", b"a|b\n1|x\n", Ok(r#"[[1,"x"]]"#)),
    ("hash signs", b"a,b\n#1,x\n#2,y\n", Ok(r##"[["#1","x"],["#2","y"]]"##)),
    (
        "words for nothing",
        b"a,b\nNULL,1\nnan,2\nN/A,3\n",
        Ok(r#"[["NULL",1],["nan",2],["N/A",3]]"#),
    ),
    (
        "emoji and scripts",
        "a,b\n😀,日本\nשלום,é\n".as_bytes(),
        Ok(r#"[["😀","日本"],["שלום","é"]]"#),
    ),
    ("a byte order mark before a quote", b"\xef\xbb\xbf\"a,x\",b\n1,2\n", Ok("[[1,2]]")),
    ("template marks", b"a,b\n{{b}},%s\n", Ok(r#"[["{{b}}","%s"]]"#)),
    ("a zero byte", b"a,b\n1,x\0y\n", Err("binary")),
    ("only line breaks", b"\n\n\n", Err("empty")),
    ("only zero bytes", b"\0\0\0\0", Err("empty")),
    (
        "UTF-16 without a mark",
        b"a\0,\0b\0\n\x001\0,\x002\0\n\0",
        Err("UTF-16 without a byte order mark"),
    ),
    ("more values", b"a,b\n1,2\n1,2,3\n4,5\n", Err("line 3 has 3 values")),
    ("fewer values", b"a,b,c\n1,2,3\n1,2\n4,5,6\n", Err("line 3 has 2 values")),
    ("a quote that is not closed", b"a,b\n1,\"x\n2,y\n3,z\n", Ok(r#"[[1,"\"x"],[2,"y"],[3,"z"]]"#)),
    ("text after a quote", b"a,b\n1,\"x\" y\n2,z\n", Ok(r#"[[1,"\"x\" y"],[2,"z"]]"#)),
    ("Latin-1", b"a,b\n1,caf\xe9\n", Err("UTF-8")),
    ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Err("binary")),
    ("a page", b"<!DOCTYPE html><html><body>no</body></html>", Ok("[]")),
];

#[test]
fn difficult_files_give_what_a_person_sees_or_say_why_not() {
    let folder = folder();
    let mut wrong = Vec::new();
    for (name, bytes, expected) in CASES {
        let found = outcome(folder.path(), bytes).map(|rows| json!(rows).to_string());
        let fine = match (&found, expected) {
            (Ok(rows), Ok(part)) => rows.contains(part),
            (Err(error), Err(part)) => error.message.contains(part),
            _ => false,
        };
        if !fine {
            wrong.push(format!("{name}: {:?}", found.map_err(|error| error.message)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn large_cells_long_lines_and_many_columns_come_in_whole() {
    let folder = folder();
    let large = "x".repeat(50 << 20);
    let store = sheet(folder.path(), "large.csv", format!("id,text\n1,{large}\n2,b\n"));
    assert_eq!(table(&store)[0][1].as_str().map(str::len), Some(50 << 20));
    assert_eq!(table(&store)[1], [json!(2), json!("b")]);
    drop(store);

    let names: Vec<String> = (0..10_000).map(|column| format!("c{column}")).collect();
    let values: Vec<String> = (0..10_000).map(|column| column.to_string()).collect();
    let text = format!("{}\n{}\n{}\n", names.join(","), values.join(","), values.join(","));
    let source = write(folder.path(), "wide.csv", text);
    // A row of them takes half a megabyte, and rows are read by the thousand.
    let limits = Limits { memory_bytes: 2 << 30, ..LIMITS };
    let target = folder.path().join("wide.duckdb");
    let request = ImportRequest { limits, ..request(&source, Format::Csv, &target) };
    run_import(&request, NOW_MS, &|_| {}, &AtomicBool::new(false)).unwrap();
    let store = SheetStore::open(&target, limits, NOW_MS).unwrap();
    let columns = ids(&store);
    assert_eq!(columns.len(), 10_000);
    let last = store.window(&columns[9_998..], 1, 1).unwrap();
    assert_eq!(last.rows[0].cells[1].value, json!(9999));
    drop(store);
    fs::remove_file(&target).unwrap();
    let little = Limits { memory_bytes: 256 << 20, ..LIMITS };
    let request = ImportRequest { limits: little, ..request };
    let error = run_import(&request, NOW_MS, &|_| {}, &AtomicBool::new(false)).unwrap_err();
    let error = AppError::from(error);
    assert_eq!(error.hint.as_deref(), Some("allow more memory in the settings"), "{error}");
}

#[test]
fn names_that_are_odd_survive_every_format() {
    let folder = folder();
    let odd = ["a.b", "q\"x", "{{br}}", "new\nline", "😀", "row_id", "it's", "a", "A", " x "];
    let quoted: Vec<String> =
        odd.iter().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
    let text = format!("{}\n{}\n", quoted.join(","), "v,".repeat(odd.len() - 1) + "v");
    let store = sheet(folder.path(), "odd.csv", text);
    let given = store.columns().unwrap();
    let given: Vec<String> = given.into_iter().map(|column| column.name).collect();
    assert_eq!(given[..8], odd[..8]);
    for format in ["csv", "tsv", "jsonl", "json", "parquet", "arrow", "xlsx"] {
        let path = folder.path().join(format!("out.{format}"));
        let request = braincells_data::ExportRequest {
            path: path.clone(),
            format: Format::parse(format).unwrap(),
            columns: None,
            rows: None,
            neutralise_formulas: true,
        };
        store.export(&request, &never()).unwrap();
        let back = try_sheet(&path, request.format).unwrap();
        assert_eq!(names(&back.columns().unwrap()), given, "{format}");
        assert_eq!(table(&back), table(&store), "{format}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_data_or_an_error() {
    let folder = folder();
    let text = "id,name,note\n1,\"Bob, \"\"the\"\" builder\",\"two\nlines\"\n2,Käse,x\n";
    for length in 0..text.len() {
        let bytes = &text.as_bytes()[..length];
        if let Err(error) = outcome(folder.path(), bytes) {
            assert!(error.message.contains("x.csv"), "{}", error.message);
        }
        fs::remove_file(folder.path().join("x.csv")).unwrap();
    }
    let left = file_names(folder.path());
    assert!(left.iter().all(|name| name.ends_with(".duckdb")), "{left:?}");
}

#[test]
fn quotes_can_be_turned_off_or_be_another_character() {
    let folder = folder();
    let path = write(folder.path(), "q.csv", "a,b\n'1,2',\"x\n3,y\n");
    assert!(refused(&path, ImportOptions::default()).message.contains("line 2"));
    let single = ImportOptions { quote: Some(Quote::Character('\'')), ..ImportOptions::default() };
    let store = try_sheet_with(&path, Format::Csv, single).unwrap();
    assert_eq!(table(&store), [[json!("1,2"), json!("\"x")], [json!("3"), json!("y")]]);
    let path = write(folder.path(), "n.csv", "a,b\n\"1,\"x\n3,y\n");
    let none = ImportOptions { quote: Some(Quote::None), ..ImportOptions::default() };
    let store = try_sheet_with(&path, Format::Csv, none).unwrap();
    assert_eq!(table(&store)[0], [json!("\"1"), json!("\"x")]);
}
