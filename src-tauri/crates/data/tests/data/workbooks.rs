//! Workbooks in and out.

use std::fs::{self, File};
use std::io::Write;

use braincells_core::DataType;
use braincells_core::{AppError, Code};
use braincells_data::{ExportRequest, RowSelection};
use rust_xlsxwriter::{
    ExcelDateTime, Format as CellFormat, Formula, Workbook, Worksheet, XlsxError,
};
use serde_json::json;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::*;

fn typed(store: &SheetStore) -> Vec<String> {
    types(store).into_iter().map(|(name, sql_type)| format!("{name} {sql_type}")).collect()
}

fn workbook(
    folder: &Path,
    name: &str,
    fill: impl Fn(&mut Workbook) -> Result<(), XlsxError>,
) -> PathBuf {
    let path = folder.join(name);
    let mut workbook = Workbook::new();
    fill(&mut workbook).unwrap();
    workbook.save(&path).unwrap();
    path
}

fn write_row(sheet: &mut Worksheet, row: u32, texts: &[&str]) -> Result<(), XlsxError> {
    for (column, text) in (0..).zip(texts) {
        sheet.write_string(row, column, *text)?;
    }
    Ok(())
}

fn read(path: &Path) -> SheetStore {
    try_sheet(path, Format::Xlsx).unwrap()
}

fn refused(path: &Path, format: Format, options: ImportOptions) -> AppError {
    let error = AppError::from(try_sheet_with(path, format, options).unwrap_err());
    assert_eq!(error.code, Code::BadInput, "{}", error.message);
    assert!(error.hint.is_some() && !error.message.contains('\n'), "{}", error.message);
    error
}

#[test]
fn columns_get_the_types_of_their_cells() {
    let folder = folder();
    let path = workbook(folder.path(), "types.xlsx", |book| {
        let day = CellFormat::new().set_num_format("yyyy-mm-dd");
        let moment = CellFormat::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        let time = CellFormat::new().set_num_format("hh:mm");
        let sheet = book.add_worksheet();
        write_row(sheet, 0, &["int", "num", "ok", "day", "when", "time", "mixed", "id"])?;
        sheet.write_number(1, 0, 3)?;
        sheet.write_number(1, 1, 1.5)?;
        sheet.write_boolean(1, 2, true)?;
        sheet.write_datetime_with_format(1, 3, ExcelDateTime::from_ymd(2024, 2, 29)?, &day)?;
        let noon = ExcelDateTime::from_ymd(2024, 2, 29)?.and_hms(12, 0, 1)?;
        sheet.write_datetime_with_format(1, 4, noon, &moment)?;
        sheet.write_datetime_with_format(1, 5, ExcelDateTime::from_hms(8, 30, 0)?, &time)?;
        sheet.write_number(1, 6, 7)?;
        sheet.write_string(1, 7, "007")?;
        sheet.write_number(2, 0, -4)?;
        sheet.write_number(2, 1, 2)?;
        sheet.write_boolean(2, 2, false)?;
        sheet.write_datetime_with_format(2, 3, ExcelDateTime::from_ymd(1900, 1, 1)?, &day)?;
        sheet.write_datetime_with_format(2, 4, ExcelDateTime::from_ymd(2000, 1, 1)?, &moment)?;
        sheet.write_string(2, 6, "seven")?;
        sheet.write_string(2, 7, "12")?;
        // An empty row with a format behind the last value, and an empty column.
        sheet.write_blank(900, 12, &day)?;
        Ok(())
    });
    let store = read(&path);
    assert_eq!(
        typed(&store),
        [
            "int BIGINT",
            "num DOUBLE",
            "ok BOOLEAN",
            "day DATE",
            "when TIMESTAMP",
            "time TIME",
            "mixed VARCHAR",
            "id VARCHAR"
        ]
    );
    assert_eq!(
        table(&store),
        [
            [
                json!(3),
                json!(1.5),
                json!(true),
                json!("2024-02-29"),
                json!("2024-02-29 12:00:01"),
                json!("08:30:00"),
                json!("7"),
                json!("007")
            ],
            [
                json!(-4),
                json!(2),
                json!(false),
                json!("1900-01-01"),
                json!("2000-01-01 00:00:00"),
                json!(null),
                json!("seven"),
                json!("12")
            ],
        ]
    );
}

#[test]
fn formulas_errors_merged_cells_and_impossible_dates_come_in_as_they_are_seen() {
    let folder = folder();
    let path = workbook(folder.path(), "odd.xlsx", |book| {
        let day = CellFormat::new().set_num_format("yyyy-mm-dd");
        let sheet = book.add_worksheet();
        write_row(sheet, 2, &["sum", "error", "merged", "under", "old"])?;
        sheet.write_formula(3, 0, Formula::new("=1+1").set_result("2"))?;
        sheet.write_formula(3, 1, Formula::new("=NA()").set_result("#N/A"))?;
        sheet.merge_range(3, 2, 4, 3, "both", &CellFormat::new())?;
        sheet.write_number_with_format(3, 4, -5, &day)?;
        sheet.write_formula(4, 0, Formula::new("=2*2").set_result("4"))?;
        sheet.write_number_with_format(4, 4, 60, &day)?;
        sheet.write_string(5, 4, "1850-06-07")?;
        sheet.write_datetime_with_format(6, 4, ExcelDateTime::from_ymd(1901, 2, 3)?, &day)?;
        Ok(())
    });
    let store = read(&path);
    assert_eq!(typed(&store)[0], "sum BIGINT");
    let none = json!(null);
    assert_eq!(
        table(&store),
        [
            [json!(2), json!("#N/A"), json!("both"), none.clone(), json!("-5")],
            [json!(4), none.clone(), none.clone(), none.clone(), json!("1900-02-29")],
            [none.clone(), none.clone(), none.clone(), none.clone(), json!("1850-06-07")],
            [none.clone(), none.clone(), none.clone(), none, json!("1901-02-03")],
        ]
    );
}

#[test]
fn the_sheet_and_the_header_are_found_or_named() {
    let folder = folder();
    let path = workbook(folder.path(), "two.xlsx", |book| {
        book.add_worksheet().set_name("blank")?;
        let first = book.add_worksheet().set_name("first")?;
        write_row(first, 0, &["a", "a", "", "{{x}}\n\"q\".😀"])?;
        write_row(first, 1, &["1", "2", "3", "4"])?;
        let second = book.add_worksheet().set_name("it's 2nd")?;
        for row in 0..3 {
            second.write_number(row, 0, row)?;
            second.write_string(row, 1, "x")?;
        }
        book.add_worksheet().set_name("secret")?.set_hidden(true).write_string(0, 0, "no")?;
        Ok(())
    });
    assert_eq!(names(&read(&path).columns().unwrap()), ["a", "a_2", "column", "{{x}}\n\"q\".😀"]);
    let with = |options| try_sheet_with(&path, Format::Xlsx, options).unwrap();
    let second = ImportOptions { table: Some("it's 2nd".to_owned()), ..ImportOptions::default() };
    let store = with(second.clone());
    assert_eq!(typed(&store), ["column BIGINT", "column_2 VARCHAR"], "numbers are no names");
    assert_eq!(table(&store).len(), 3);
    let store = with(ImportOptions { header: Some(true), ..second.clone() });
    assert_eq!((names(&store.columns().unwrap()), table(&store).len()), (vec!["0", "x"], 2));
    let store = with(ImportOptions {
        types: vec![("column".to_owned(), DataType::Text)],
        rows: RowSelection::First { count: 2 },
        ..second.clone()
    });
    assert_eq!(typed(&store), ["column VARCHAR", "column_2 VARCHAR"]);
    assert_eq!(table(&store), [[json!("0"), json!("x")], [json!("1"), json!("x")]]);
    let misfit = ImportOptions { types: vec![("column_2".to_owned(), DataType::Number)], ..second };
    let error = refused(&path, Format::Xlsx, misfit);
    assert!(error.message.contains("row 1 has `x` in column `column_2`"), "{}", error.message);
    let unknown = ImportOptions { table: Some("third".to_owned()), ..ImportOptions::default() };
    let error = refused(&path, Format::Xlsx, unknown);
    assert!(error.hint.unwrap().contains("`blank`, `first`, `it\\'s 2nd`"));
    let secret = ImportOptions { table: Some("secret".to_owned()), ..ImportOptions::default() };
    assert_eq!(with(secret).columns().unwrap().len(), 1, "a hidden sheet can be named");
    let blank = ImportOptions { table: Some("blank".to_owned()), ..ImportOptions::default() };
    assert!(refused(&path, Format::Xlsx, blank).message.contains("is empty"));
}

#[test]
fn an_old_workbook_is_read_too() {
    let folder = folder();
    let bytes = include_bytes!("files/small.xls");
    // Many are named by the ending of the other kind.
    let path = write(folder.path(), "small.xls", bytes);
    let store = try_sheet(&path, Format::Xls).unwrap();
    assert_eq!(
        typed(&store),
        [
            "id BIGINT",
            "price DOUBLE",
            "name VARCHAR",
            "ok BOOLEAN",
            "day DATE",
            "moment TIMESTAMP",
            "half VARCHAR"
        ]
    );
    assert_eq!(
        table(&store)[0],
        [
            json!(1),
            json!(1.5),
            json!("Käse 東京"),
            json!(true),
            json!("2024-02-29"),
            json!("2024-02-29 12:30:00"),
            json!("x")
        ]
    );
    assert_eq!(table(&store)[1][4], json!("1900-01-01"));
    let new = workbook(folder.path(), "new.xls", |book| {
        book.add_worksheet().write_string(0, 0, "a")?;
        Ok(())
    });
    assert_eq!(try_sheet(&new, Format::Xls).unwrap().columns().unwrap().len(), 1);
    let renamed = write(folder.path(), "old.xlsx", bytes);
    assert!(refused(&renamed, Format::Xlsx, ImportOptions::default()).message.contains("password"));
    for length in [8, 100, 512, 2000, 4000, bytes.len() - 700] {
        let path = write(folder.path(), "cut.xls", &bytes[..length]);
        if let Err(error) = try_sheet(&path, Format::Xls) {
            assert_eq!(AppError::from(error).code, Code::BadInput, "cut at {length}");
        }
    }
}

/// An OpenDocument spreadsheet with these rows.
fn open_document(folder: &Path, name: &str, rows: &str) -> PathBuf {
    let path = folder.join(name);
    let mut writer = ZipWriter::new(File::create(&path).unwrap());
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    writer.start_file("mimetype", stored).unwrap();
    writer.write_all(b"application/vnd.oasis.opendocument.spreadsheet").unwrap();
    writer.start_file("META-INF/manifest.xml", SimpleFileOptions::default()).unwrap();
    writer
        .write_all(
            b"<manifest:manifest xmlns:manifest=\"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0\"/>",
        )
        .unwrap();
    writer.start_file("content.xml", SimpleFileOptions::default()).unwrap();
    writer
        .write_all(
            format!(
                "<?xml version=\"1.0\"?><office:document-content \
                 xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\" \
                 xmlns:table=\"urn:oasis:names:tc:opendocument:xmlns:table:1.0\" \
                 xmlns:text=\"urn:oasis:names:tc:opendocument:xmlns:text:1.0\"><office:body>\
                 <office:spreadsheet><table:table table:name=\"S\">{rows}</table:table>\
                 </office:spreadsheet></office:body></office:document-content>"
            )
            .as_bytes(),
        )
        .unwrap();
    writer.finish().unwrap();
    path
}

#[test]
fn an_open_document_is_read() {
    let folder = folder();
    let text = |text: &str| {
        format!(
            "<table:table-cell office:value-type=\"string\"><text:p>{text}</text:p></table:table-cell>"
        )
    };
    let cell = |kind: &str, value: &str| {
        format!(
            "<table:table-cell office:value-type=\"{kind}\" office:{value}><text:p>x</text:p></table:table-cell>"
        )
    };
    let rows = format!(
        "<table:table-row>{}{}{}{}{}<table:table-cell table:number-columns-repeated=\"16379\"/>\
         </table:table-row><table:table-row>{}{}{}{}{}</table:table-row>\
         <table:table-row table:number-rows-repeated=\"1048574\"><table:table-cell \
         table:number-columns-repeated=\"16384\"/></table:table-row>",
        text("n"),
        text("day"),
        text("when"),
        text("ok"),
        text("t"),
        cell("float", "value=\"3\""),
        cell("date", "date-value=\"1850-06-07\""),
        cell("date", "date-value=\"2024-01-02T03:04:05\""),
        cell("boolean", "boolean-value=\"true\""),
        cell("time", "time-value=\"PT10H30M00S\""),
    );
    let path = open_document(folder.path(), "a.ods", &rows);
    let store = try_sheet(&path, Format::Ods).unwrap();
    assert_eq!(typed(&store), ["n BIGINT", "day DATE", "when TIMESTAMP", "ok BOOLEAN", "t TIME"]);
    assert_eq!(
        table(&store),
        [[
            json!(3),
            json!("1850-06-07"),
            json!("2024-01-02 03:04:05"),
            json!(true),
            json!("10:30:00")
        ]]
    );
}

#[test]
fn hostile_workbooks_are_refused_in_one_line() {
    let folder = folder();
    let path = folder.path();
    let whole = workbook(path, "whole.xlsx", |book| {
        let sheet = book.add_worksheet();
        for row in 0..200 {
            write_row(sheet, row, &["some", "text", "of", "a", "row"])?;
        }
        Ok(())
    });
    let bytes = fs::read(&whole).unwrap();
    let refused_for = |name: &str, bytes: &[u8], expected: &str| {
        let source = write(path, name, bytes);
        let format = Format::from_path(&source).unwrap();
        let error = refused(&source, format, ImportOptions::default());
        assert!(error.message.contains(expected), "{name}: {}", error.message);
        assert!(error.message.contains(name), "{name}: {}", error.message);
    };
    refused_for("empty.xlsx", b"", "empty");
    refused_for("text.xlsx", b"a,b\n1,2\n", "not a workbook");
    refused_for("page.xls", b"<html><table></table></html>", "not a workbook");
    refused_for("cut.xlsx", &bytes[..bytes.len() / 2], "damaged");
    refused_for(
        "zip.xlsx",
        &fs::read(open_document(path, "x.zip", "")).unwrap(),
        "sheets are empty",
    );
    // The list of contents says that the texts unpack to 3 GiB.
    let mut bomb = bytes.clone();
    let name = b"xl/worksheets/sheet1.xml";
    let entry = bomb.windows(name.len()).rposition(|window| window == name).unwrap() - 46;
    bomb[entry + 24..entry + 28].copy_from_slice(&0xf000_0000_u32.to_le_bytes());
    bomb[entry + 46 + 3..entry + 46 + 13].copy_from_slice(b"otherplace");
    refused_for("bomb.xlsx", &bomb, "unpacks to");
    let far = workbook(path, "far.xlsx", |book| {
        let sheet = book.add_worksheet();
        sheet.write_string(0, 0, "a")?;
        sheet.write_string(1_048_575, 16_383, "z")?;
        Ok(())
    });
    let error = refused(&far, Format::Xlsx, ImportOptions::default());
    assert!(error.message.contains("scattered over 1048576 rows"), "{}", error.message);
    // A thousand short lines of XML that stand for sixteen million cells each second.
    let cell = "<table:table-cell table:number-columns-repeated=\"16384\" office:value-type=\"float\" \
                office:value=\"1\"/>";
    let rows = format!("<table:table-row>{cell}</table:table-row>").repeat(5000);
    let repeats = open_document(path, "repeats.ods", &rows);
    let error = refused(&repeats, Format::Ods, ImportOptions::default());
    assert!(error.message.contains("more than 20000000 cells"), "{}", error.message);
}

#[test]
fn damage_anywhere_ends_in_data_or_an_error() {
    let folder = folder();
    let whole = workbook(folder.path(), "whole.xlsx", |book| {
        let sheet = book.add_worksheet();
        for row in 0..20 {
            write_row(sheet, row, &["some", "text"])?;
            sheet.write_number(row, 2, row)?;
        }
        Ok(())
    });
    let bytes = fs::read(&whole).unwrap();
    let path = folder.path().join("damaged.xlsx");
    for at in (0..bytes.len()).step_by(bytes.len() / 60) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x5a;
        fs::write(&path, &damaged).unwrap();
        if let Err(error) = try_sheet(&path, Format::Xlsx) {
            assert_eq!(AppError::from(error).code, Code::BadInput, "flipped at {at}");
        }
    }
}

#[test]
fn what_a_workbook_cannot_hold_is_an_error_that_says_where() {
    let folder = folder();
    let long = "x".repeat(32_768);
    let store = sheet(folder.path(), "long.csv", format!("a,b\n1,fits\n2,{long}\n"));
    let path = folder.path().join("out.xlsx");
    let request = |path: &Path| ExportRequest {
        path: path.to_path_buf(),
        format: Format::Xlsx,
        columns: None,
        rows: None,
        neutralise_formulas: true,
    };
    let error = AppError::from(store.export(&request(&path), &never()).unwrap_err());
    assert!(
        error.message.contains("row 2 in column `b` has 32768 characters"),
        "{}",
        error.message
    );
    assert!(!path.exists(), "nothing is left");
    let first = ExportRequest { rows: Some(vec![RowId(1)]), ..request(&path) };
    assert_eq!(store.export(&first, &never()).unwrap(), 1);
    assert_eq!(table(&read(&path)), [[json!(1), json!("fits")]]);

    let store = sheet(folder.path(), "rows.csv", format!("a\n{}", "1\n".repeat(1_048_576)));
    let error = AppError::from(store.export(&request(&path), &never()).unwrap_err());
    assert!(error.message.contains("holds 1048575 rows"), "{}", error.message);
    let columns = Some(vec![ids(&store)[0]; 16_385]);
    let request = ExportRequest { columns, ..request(&path) };
    let error = AppError::from(store.export(&request, &never()).unwrap_err());
    assert!(error.message.contains("holds 16384 columns"), "{}", error.message);
}

#[test]
fn values_keep_their_exactness_through_a_workbook() {
    let folder = folder();
    let text = "big,day,moment,micro,n,dec,text\n\
        9007199254740993,1899-12-31,2024-01-02 03:04:05.678,2024-01-02 03:04:05.678901,1.5,0.1,\
        \"a\r\nb\"\n\
        -1,2024-02-29,1899-01-01 00:00:01,2024-01-02 03:04:05,-2,1e-300,_x000D_\n";
    let store = sheet(folder.path(), "in.csv", text);
    let path = folder.path().join("out.xlsx");
    let request = ExportRequest {
        path: path.clone(),
        format: Format::Xlsx,
        columns: None,
        rows: None,
        neutralise_formulas: true,
    };
    store.export(&request, &never()).unwrap();
    let back = read(&path);
    let texts = |store: &SheetStore| -> Vec<Vec<String>> {
        let text = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        table(store).into_iter().map(|row| row.into_iter().map(text).collect()).collect()
    };
    assert_eq!(texts(&back), texts(&store));
    assert_eq!(typed(&back)[4..6], ["n DOUBLE", "dec DOUBLE"]);
}
