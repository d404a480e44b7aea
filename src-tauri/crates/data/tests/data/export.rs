use std::fs;
use std::process::Command;
use std::sync::atomic::Ordering;

use braincells_core::{AppError, Code, Value};
use braincells_data::{DataError, ExportRequest, Format, ImportOptions};
use serde_json::json;

use super::*;

const FORMATS: [Format; 7] = [
    Format::Csv,
    Format::Tsv,
    Format::Jsonl,
    Format::Json,
    Format::Parquet,
    Format::Arrow,
    Format::Xlsx,
];

fn to(path: &Path, format: Format) -> ExportRequest {
    let path = path.to_path_buf();
    ExportRequest { path, format, columns: None, rows: None, neutralise_formulas: false }
}

fn exported(store: &SheetStore, folder: &Path, format: Format) -> PathBuf {
    let path = folder.join(format!("out.{}", format.extension()));
    store.export(&to(&path, format), &never()).unwrap();
    path
}

#[test]
fn what_goes_out_comes_back_in_with_types_and_order() {
    let folder = folder();
    let path = folder.path();
    let text = "{\"row_id\":5,\"text\":\"a, \\\"b\\\"\\n\\tc; 'd' 😀\",\"n\":-1.5,\"ok\":true,\
                \"day\":\"2024-02-29\",\"list\":[1,2],\"obj\":{\"k\":\"it's\"}}\n\
                {\"row_id\":4,\"text\":\"=1+1\",\"n\":2,\"ok\":null,\"day\":null,\"list\":null,\
                \"obj\":null}\n";
    let store = sheet(path, "in.jsonl", text);
    let column = store.add_ai_column("label {{x}}", &recipe(Output::Text), NOW_MS).unwrap().id;
    let cells = [record(1, CellState::Edited, "yes"), record(2, CellState::Edited, "no")];
    store.commit_cells(column, None, &cells, NOW_MS).unwrap();
    for format in FORMATS {
        let file = exported(&store, path, format);
        let back = try_sheet(&file, format).unwrap();
        if matches!(format, Format::Csv | Format::Tsv | Format::Xlsx) {
            // Nested values are text there.
            let mut flat = table(&store);
            for row in &mut flat {
                for value in row {
                    if value.is_array() || value.is_object() {
                        *value = json!(value.to_string());
                    }
                }
            }
            assert_eq!(table(&back), flat, "{format:?}");
        } else {
            assert_eq!(types(&back), types(&store), "{format:?}");
            assert_eq!(table(&back), table(&store), "{format:?}");
        }
        assert_eq!(names(&back.columns().unwrap()), names(&store.columns().unwrap()), "{format:?}");
    }
}

#[test]
fn many_rows_keep_their_order_in_every_format() {
    let folder = folder();
    let mut text = "n,shuffled\n".to_owned();
    for row in 0..150_000_u64 {
        text.push_str(&format!("{row},{}\n", row.wrapping_mul(7919) % 150_000));
    }
    let store = sheet(folder.path(), "many.csv", text);
    for format in FORMATS {
        let file = exported(&store, folder.path(), format);
        let back = try_sheet(&file, format).unwrap();
        let column = ids(&back)[0];
        let all = back.window(&[column], 0, u64::MAX).unwrap();
        assert_eq!(all.rows.len(), 150_000, "{format:?}");
        for (position, row) in all.rows.iter().enumerate() {
            assert_eq!(row.cells[0].value, json!(position), "{format:?}");
        }
    }
}

#[test]
fn only_the_columns_asked_for_are_written_in_that_order() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a,b,c\n1,x,true\n");
    let all = ids(&store);
    let path = folder.path().join("out.csv");
    let request = ExportRequest { columns: Some(vec![all[2], all[0]]), ..to(&path, Format::Csv) };
    assert_eq!(store.export(&request, &never()).unwrap(), 1);
    assert_eq!(fs::read_to_string(&path).unwrap(), "c,a\ntrue,1\n");
    let none = ExportRequest { columns: Some(Vec::new()), ..to(&path, Format::Csv) };
    assert!(matches!(store.export(&none, &never()), Err(DataError::TargetUnusable { .. })));
    assert_eq!(fs::read_to_string(&path).unwrap(), "c,a\ntrue,1\n", "the old file stays");
    let unknown = ExportRequest { columns: Some(vec![ColumnId(77)]), ..to(&path, Format::Csv) };
    assert!(matches!(store.export(&unknown, &never()), Err(DataError::ColumnMissing { .. })));
    assert_eq!(file_names(folder.path()).len(), 3, "{:?}", file_names(folder.path()));
}

#[test]
fn only_the_rows_asked_for_are_written_in_that_order() {
    let folder = folder();
    let text: String = (1..=5000).map(|row| format!("{row},x{row}\n")).collect();
    let store = sheet(folder.path(), "a.csv", format!("position,row_order\n{text}"));
    let rows: Vec<RowId> = (1..=5000).rev().step_by(2).map(RowId).collect();
    for format in FORMATS {
        let path = folder.path().join(format!("view.{}", format.extension()));
        let request = ExportRequest { rows: Some(rows.clone()), ..to(&path, format) };
        assert_eq!(store.export(&request, &never()).unwrap(), 2500, "{format:?}");
        let back = try_sheet(&path, format).unwrap();
        let found = table(&back);
        assert_eq!(found.len(), 2500, "{format:?}");
        assert_eq!(found[0], [json!(5000), json!("x5000")], "{format:?}");
        assert_eq!(found[2499], [json!(2), json!("x2")], "{format:?}");
    }
    let path = folder.path().join("out.csv");
    let some = |rows: &[i64]| {
        let rows = Some(rows.iter().copied().map(RowId).collect());
        store.export(&ExportRequest { rows, ..to(&path, Format::Csv) }, &never())
    };
    assert_eq!(some(&[]).unwrap(), 0);
    assert_eq!(some(&[3, 1, 3]).unwrap(), 3);
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, "position,row_order\n3,x3\n1,x1\n3,x3\n");
    let error = some(&[1, 7777]).unwrap_err();
    assert!(matches!(error, DataError::RowMissing { row: RowId(7777) }), "{error}");
    for format in [Format::Xls, Format::Ods] {
        let error = AppError::from(store.export(&to(&path, format), &never()).unwrap_err());
        assert!(error.message.contains("only read"), "{}", error.message);
    }
}

#[test]
fn formulas_are_made_harmless_in_text_and_only_there() {
    let folder = folder();
    let texts = ["=1+1", "+1", "-1", "@x", "\ttab", "\rreturn", "fine = 1", "'=x", "'quoted"];
    let lines: String = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let name = "=text";
            json!({name: text, "n": -(index as i64), "list": ["=1"]}).to_string() + "\n"
        })
        .collect();
    let store = sheet(folder.path(), "f.jsonl", lines);
    let column = |store: &SheetStore, at: usize| -> Vec<Value> {
        table(store).into_iter().map(|mut row| row.swap_remove(at)).collect()
    };
    for format in [Format::Csv, Format::Tsv] {
        let path = folder.path().join("safe");
        let request = ExportRequest { neutralise_formulas: true, ..to(&path, format) };
        store.export(&request, &never()).unwrap();
        let as_is = ImportOptions { keep_apostrophes: true, ..ImportOptions::default() };
        let written = try_sheet_with(&path, format, as_is).unwrap();
        assert_eq!(names(&written.columns().unwrap()), ["'=text", "n", "list"]);
        let expected =
            ["'=1+1", "'+1", "'-1", "'@x", "'\ttab", "'\rreturn", "fine = 1", "''=x", "'quoted"];
        assert_eq!(column(&written, 0), expected.map(|text| json!(text)), "{format:?}");
        assert_eq!(column(&written, 1)[3], json!(-3), "a number stays one");
        assert_eq!(types(&written)[1].1, "BIGINT");
        // What an export put there an import takes back.
        let back = try_sheet(&path, format).unwrap();
        assert_eq!(names(&back.columns().unwrap()), ["=text", "n", "list"]);
        assert_eq!(column(&back, 0), texts.map(|text| json!(text)), "{format:?}");
    }
    // In a workbook text is text.
    for neutralise_formulas in [true, false] {
        let path = folder.path().join("safe.xlsx");
        store
            .export(&ExportRequest { neutralise_formulas, ..to(&path, Format::Xlsx) }, &never())
            .unwrap();
        let back = try_sheet(&path, Format::Xlsx).unwrap();
        assert_eq!(names(&back.columns().unwrap()), ["=text", "n", "list"]);
        assert_eq!(column(&back, 0), texts.map(|text| json!(text)));
        assert_eq!(types(&back)[1].1, "BIGINT");
    }
    let plain = exported(&store, folder.path(), Format::Csv);
    assert!(fs::read_to_string(&plain).unwrap().starts_with("=text,n,list\n=1+1,0,"));
    // Text that a formula stands beside was not made by an export that neutralises.
    let back = try_sheet(&plain, Format::Csv).unwrap();
    assert_eq!(column(&back, 0), texts.map(|text| json!(text)), "as it was written");
}

#[test]
fn values_that_a_format_lacks_are_written_as_near_as_it_goes() {
    let folder = folder();
    let source = folder.path().join("odd.parquet");
    duckdb::Connection::open_in_memory()
        .unwrap()
        .execute_batch(&format!(
            "COPY (SELECT unnest(['nan'::DOUBLE, 'inf'::DOUBLE, 1.5]) AS d, '\\xFF'::BLOB AS b) \
             TO '{}' (FORMAT parquet)",
            source.display()
        ))
        .unwrap();
    let store = try_sheet(&source, Format::Parquet).unwrap();
    let jsonl = fs::read_to_string(exported(&store, folder.path(), Format::Jsonl)).unwrap();
    let lines: Vec<Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let line = |d: Value| json!({"d": d, "b": "/w=="});
    assert_eq!(lines, [line(Value::Null), line(Value::Null), line(json!(1.5))]);
    let parquet = exported(&store, folder.path(), Format::Parquet);
    assert_eq!(types(&try_sheet(&parquet, Format::Parquet).unwrap()), types(&store));

    let big = "n\n170141183460469231731\n-9223372036854775809\n";
    let store = sheet(folder.path(), "big.csv", big);
    assert_eq!(types(&store)[0].1, "HUGEINT");
    let back =
        try_sheet(&exported(&store, folder.path(), Format::Parquet), Format::Parquet).unwrap();
    assert_eq!(table(&back), [[json!("170141183460469231731")], [json!("-9223372036854775809")]]);
}

#[test]
fn a_target_that_cannot_be_written_is_named_and_nothing_is_left() {
    let folder = folder();
    let path = folder.path();
    let store = sheet(path, "a.csv", "a\n1\n");
    let before = file_names(path);
    fs::create_dir(path.join("dir")).unwrap();
    for (target, expected) in [
        (path.join("none/out.csv"), "folder does not exist"),
        (path.join("dir"), "it is a folder"),
        #[cfg(unix)]
        (PathBuf::from("/dev/null"), "it is not a file"),
    ] {
        let error = AppError::from(store.export(&to(&target, Format::Csv), &never()).unwrap_err());
        assert!(error.message.contains(expected), "{}", error.message);
        assert_eq!(error.code, Code::BadInput);
    }
    fs::remove_dir(path.join("dir")).unwrap();
    assert_eq!(file_names(path), before);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_file_is_written_through() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n1\n");
    let real = write(folder.path(), "real.csv", "old");
    let link = folder.path().join("link.csv");
    std::os::unix::fs::symlink(&real, &link).unwrap();
    store.export(&to(&link, Format::Csv), &never()).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), "a\n1\n");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

/// A file system of 8 MB that is taken away again.
struct SmallDisk {
    path: PathBuf,
}

impl SmallDisk {
    /// `None` where mounting is not permitted.
    fn new(path: PathBuf) -> Option<Self> {
        fs::create_dir(&path).unwrap();
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(&path)
            .status();
        status.is_ok_and(|status| status.success()).then_some(Self { path })
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let status = Command::new("umount").arg("-l").arg(&self.path).status();
        assert!(status.is_ok_and(|status| status.success()), "the small disk stays mounted");
    }
}

#[test]
fn a_full_disk_is_called_so_and_the_sheet_and_the_old_export_survive() {
    let folder = folder();
    let lines: String = (0..60_000_u64)
        .map(|row| format!("{row},{:x}{:x}\n", row.wrapping_mul(0x9e37_79b9_7f4a_7c15), !row))
        .collect();
    let big = sheet(folder.path(), "big.csv", format!("n,t\n{lines}"));
    let small = sheet(folder.path(), "small.csv", "a\n1\n");
    let Some(disk) = SmallDisk::new(folder.path().join("disk")) else {
        println!("skipped: mounting a small file system is not permitted here");
        return;
    };
    let target = disk.path.join("out.csv");
    small.export(&to(&target, Format::Csv), &never()).unwrap();
    let filler = write(&disk.path, "filler", vec![1; 7 << 20]);
    let error = AppError::from(big.export(&to(&target, Format::Csv), &never()).unwrap_err());
    assert_eq!(error.code, Code::DiskFull, "{}", error.message);
    assert_eq!(fs::read_to_string(&target).unwrap(), "a\n1\n");
    assert_eq!(file_names(&disk.path), ["filler", "out.csv"]);

    // The same for an import onto the full disk, and for cells of a sheet that lives there.
    let source = folder.path().join("big.csv");
    let import_to = |name: &str| {
        let request = request(&source, Format::Csv, &disk.path.join(name));
        run_import(&request, NOW_MS, &|_| {}, &AtomicBool::new(false))
    };
    let error = AppError::from(import_to("s.duckdb").unwrap_err());
    assert_eq!(error.code, Code::DiskFull, "{}", error.message);
    assert_eq!(file_names(&disk.path), ["filler", "out.csv"]);
    fs::remove_file(filler).unwrap();
    import_to("s.duckdb").expect("there is room again");
}

#[test]
fn a_full_disk_during_a_run_loses_no_committed_cell() {
    let folder = folder();
    let Some(disk) = SmallDisk::new(folder.path().join("disk")) else {
        println!("skipped: mounting a small file system is not permitted here");
        return;
    };
    let source = write(folder.path(), "a.csv", "a\n1\n2\n3\n4\n");
    let target = disk.path.join("s.duckdb");
    let request = request(&source, Format::Csv, &target);
    run_import(&request, NOW_MS, &|_| {}, &AtomicBool::new(false)).unwrap();
    let store = SheetStore::open(&target, LIMITS, NOW_MS).unwrap();
    let column = store.add_ai_column("c", &recipe(Output::Text), NOW_MS).unwrap().id;
    store.commit_cells(column, None, &[record(1, CellState::Edited, "safe")], NOW_MS).unwrap();
    let filler = disk.path.join("filler");
    let written = Command::new("dd")
        .args(["if=/dev/zero", "bs=4k", &format!("of={}", filler.display())])
        .output()
        .unwrap();
    assert!(!written.status.success(), "the disk must be full now");
    let large: String =
        (0..200_000_u64).map(|n| format!("{:x}", n.wrapping_mul(0x9e37_79b9))).collect();
    let error = store
        .commit_cells(column, None, &[record(2, CellState::Edited, large.clone())], NOW_MS)
        .unwrap_err();
    assert_eq!(AppError::from(error).code, Code::DiskFull);
    fs::remove_file(filler).unwrap();
    let store = reopen(store);
    let values = store.values(&[column], &[RowId(1), RowId(2)]).unwrap();
    assert_eq!(values, [[json!("safe")], [Value::Null]]);
    store
        .commit_cells(column, None, &[record(2, CellState::Edited, "after")], NOW_MS)
        .expect("there is room again");
}

#[test]
fn an_export_that_is_stopped_leaves_the_target_as_it_was() {
    let folder = folder();
    let store = sheet_of(folder.path(), "SELECT i, 'text ' || i AS t FROM range(1000000) r(i)");
    let before = file_names(folder.path());
    let scratch = PathBuf::from(format!("{}.export", store.path().display()));
    for format in [Format::Csv, Format::Xlsx] {
        let path = folder.path().join(format!("out.{}", format.extension()));
        fs::write(&path, "old").unwrap();
        let cancelled = never();
        let error = std::thread::scope(|scope| {
            scope.spawn(|| {
                // It has begun; what a workbook is made of until it is saved has no name.
                let begun =
                    |mut files: fs::ReadDir| format == Format::Xlsx || files.next().is_some();
                while !fs::read_dir(&scratch).is_ok_and(begun) {
                    std::thread::yield_now();
                }
                cancelled.store(true, Ordering::Relaxed);
            });
            store.export(&to(&path, format), &cancelled).unwrap_err()
        });
        assert!(matches!(error, DataError::Cancelled), "{format:?}: {error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        fs::remove_file(&path).unwrap();
        assert_eq!(file_names(folder.path()), before, "{format:?}");
    }
}
