//! Arrow IPC in and out.

use std::fs::{self, File};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Decimal128Array, Decimal256Array,
    DictionaryArray, Float16Array, Float64Array, Int32Array, Int64Array, ListArray, NullArray,
    RecordBatch, StringArray, StructArray, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow::compute::cast;
use arrow::datatypes::ArrowPrimitiveType;
use arrow::datatypes::{DataType, Field, Float16Type, Int8Type, Int32Type, i256};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use braincells_core::{AppError, Code};
use braincells_data::{ExportRequest, RowSelection};
use serde_json::json;

use super::*;

fn file(path: &Path, batches: &[RecordBatch], compression: Option<CompressionType>) -> PathBuf {
    let options = IpcWriteOptions::default().try_with_compression(compression).unwrap();
    let schema = batches[0].schema();
    let mut writer =
        FileWriter::try_new_with_options(File::create(path).unwrap(), &schema, options).unwrap();
    for batch in batches {
        writer.write(batch).unwrap();
    }
    writer.finish().unwrap();
    path.to_path_buf()
}

fn numbers(from: i64, to: i64) -> RecordBatch {
    let column: ArrayRef = Arc::new(Int64Array::from_iter_values(from..to));
    RecordBatch::try_from_iter([("n", column)]).unwrap()
}

fn many() -> RecordBatch {
    let half = <Float16Type as ArrowPrimitiveType>::Native::from_f32(1.5);
    let dictionary: DictionaryArray<Int8Type> = ["low", "high"].into_iter().collect();
    let strings: ArrayRef = Arc::new(StringArray::from(vec![Some("x"), None]));
    let list = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let entries = StructArray::from(vec![(
        Arc::new(Field::new("k", DataType::Int32, true)),
        Arc::new(Int32Array::from(vec![1, 2])) as ArrayRef,
    )]);
    let moment = TimestampMicrosecondArray::from(vec![0, 1_700_000_000_123_456]);
    let zoned = moment.clone().with_timezone("UTC");
    let big = Decimal256Array::from(vec![i256::from(15), i256::from(-25)])
        .with_precision_and_scale(50, 1)
        .unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("dict", Arc::new(dictionary)),
        ("text", Arc::clone(&strings)),
        ("view", cast(&strings, &DataType::Utf8View).unwrap()),
        ("large", cast(&strings, &DataType::LargeUtf8).unwrap()),
        ("half", Arc::new(Float16Array::from(vec![half, half]))),
        ("ok", Arc::new(BooleanArray::from(vec![true, false]))),
        ("day", Arc::new(Date32Array::from(vec![-1, 19_723]))),
        ("moment", Arc::new(moment)),
        ("zoned", Arc::new(zoned)),
        ("time", Arc::new(Time64MicrosecondArray::from(vec![0, 3_600_000_000]))),
        (
            "dec",
            Arc::new(Decimal128Array::from(vec![125, -5]).with_precision_and_scale(10, 2).unwrap()),
        ),
        ("dec256", Arc::new(big)),
        ("nothing", Arc::new(NullArray::new(2))),
        ("bytes", Arc::new(BinaryArray::from(vec![&b"\xaa"[..], b""]))),
        ("list", Arc::new(list)),
        ("record", Arc::new(entries)),
        ("text", Arc::new(Float64Array::from(vec![0.5, f64::NAN]))),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    )
    .unwrap()
}

#[test]
fn every_kind_of_column_comes_in_from_files_and_streams_compressed_or_not() {
    let folder = folder();
    let batch = many();
    let stream = folder.path().join("a.arrows");
    let mut writer =
        StreamWriter::try_new(File::create(&stream).unwrap(), &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let at = |name: &str| folder.path().join(name);
    let one = std::slice::from_ref(&batch);
    for path in [
        file(&at("a.arrow"), one, None),
        file(&at("b.feather"), one, Some(CompressionType::LZ4_FRAME)),
        file(&at("c.ipc"), one, Some(CompressionType::ZSTD)),
        stream,
    ] {
        let store = try_sheet(&path, Format::from_path(&path).unwrap()).unwrap();
        let found: Vec<String> = types(&store).into_iter().map(|(_, sql)| sql).collect();
        assert_eq!(
            found,
            [
                "VARCHAR",
                "VARCHAR",
                "VARCHAR",
                "VARCHAR",
                "FLOAT",
                "BOOLEAN",
                "DATE",
                "TIMESTAMP",
                "TIMESTAMP WITH TIME ZONE",
                "TIME",
                "DECIMAL(10,2)",
                "VARCHAR",
                "VARCHAR",
                "BLOB",
                "INTEGER[]",
                "STRUCT(k INTEGER)",
                "DOUBLE"
            ],
            "{}",
            path.display()
        );
        assert_eq!(names(&store.columns().unwrap())[16], "text_2");
        assert_eq!(
            store.values(&ids(&store), &[RowId(1)]).unwrap()[0],
            [
                json!("low"),
                json!("x"),
                json!("x"),
                json!("x"),
                json!(1.5),
                json!(true),
                json!("1969-12-31"),
                json!("1970-01-01 00:00:00"),
                json!("1970-01-01 00:00:00+00"),
                json!("00:00:00"),
                json!("1.25"),
                json!("1.5"),
                json!(null),
                json!("qg=="),
                json!([1, null]),
                json!({"k": 1}),
                json!(0.5)
            ]
        );
    }
}

#[test]
fn a_large_file_is_read_in_order_in_pieces_and_only_what_was_asked_for() {
    let folder = folder();
    let batches: Vec<RecordBatch> =
        (0..30).map(|batch| numbers(batch * 10_000, (batch + 1) * 10_000)).collect();
    let path = file(&folder.path().join("n.arrow"), &batches, None);
    let all = |options| {
        let store = try_sheet_with(&path, Format::Arrow, options).unwrap();
        let rows = table(&store).into_iter().map(|row| row[0].as_i64().unwrap());
        rows.collect::<Vec<i64>>()
    };
    assert_eq!(all(ImportOptions::default()), (0..300_000).collect::<Vec<_>>());
    let rows = RowSelection::First { count: 12_345 };
    assert_eq!(all(ImportOptions { rows, ..ImportOptions::default() }).len(), 12_345);
    let rows = RowSelection::Random { count: 1000, seed: 5 };
    let sample = all(ImportOptions { rows, ..ImportOptions::default() });
    assert_eq!(sample.len(), 1000);
    assert!(sample.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(sample[0] < 5000 && sample[999] > 295_000, "from the whole file");
    let types = vec![("n".to_owned(), braincells_core::DataType::Boolean)];
    let asked = ImportOptions { types, ..ImportOptions::default() };
    let error = AppError::from(try_sheet_with(&path, Format::Arrow, asked).unwrap_err());
    assert!(error.message.contains("row 3 has `2` in column `n`"), "{}", error.message);
}

#[test]
fn an_import_of_rows_that_are_read_here_stops_when_told_too() {
    let folder = folder();
    let batches: Vec<RecordBatch> = (0..30).map(|_| numbers(0, 200_000)).collect();
    let arrow = file(&folder.path().join("n.arrow"), &batches, None);
    let lines: String = (0..40_000).map(|row| format!("{row},some text,of row {row}\n")).collect();
    let store = sheet(folder.path(), "n.csv", format!("a,b,c\n{lines}"));
    let xlsx = folder.path().join("n.xlsx");
    let request = ExportRequest {
        path: xlsx.clone(),
        format: Format::Xlsx,
        columns: None,
        rows: None,
        neutralise_formulas: true,
    };
    store.export(&request, &never()).unwrap();
    fs::remove_file(store.path()).unwrap();
    drop(store);
    for (source, format) in [(arrow, Format::Arrow), (xlsx, Format::Xlsx)] {
        let target = folder.path().join("stopped.duckdb");
        let cancelled = AtomicBool::new(false);
        let stop_at_once = |_| cancelled.store(true, Ordering::Relaxed);
        let request = super::request(&source, format, &target);
        let error = run_import(&request, NOW_MS, &stop_at_once, &cancelled).unwrap_err();
        assert!(matches!(error, DataError::Cancelled), "{format:?}: {error}");
        assert_eq!(file_names(folder.path()), ["n.arrow", "n.csv", "n.xlsx"]);
    }
}

#[test]
fn what_is_exported_comes_back_with_its_types() {
    let folder = folder();
    let source = folder.path().join("all.parquet");
    duckdb::Connection::open_in_memory()
        .unwrap()
        .execute_batch(&format!(
            "COPY (SELECT 7::UTINYINT AS small, 12.50::DECIMAL(10,2) AS price, \
             '\\xAA\\x00'::BLOB AS bytes, [1, NULL] AS list, {{'a': 'x'}} AS nested, \
             TIMESTAMPTZ '2024-01-02 10:00:00+00' AS moment, DATE '1066-10-14' AS day, \
             TIME '01:02:03.5' AS time, true AS ok, 0.1::FLOAT AS float, \
             MAP {{'k': 1}} AS map, TIMESTAMP_NS '2024-01-01 00:00:00.123456789' AS nanos) \
             TO '{}' (FORMAT parquet)",
            source.display()
        ))
        .unwrap();
    let store = try_sheet(&source, Format::Parquet).unwrap();
    let path = folder.path().join("out.arrow");
    let request = ExportRequest {
        path: path.clone(),
        format: Format::Arrow,
        columns: None,
        rows: None,
        neutralise_formulas: true,
    };
    assert_eq!(store.export(&request, &never()).unwrap(), 1);
    let back = try_sheet(&path, Format::Arrow).unwrap();
    assert_eq!(types(&back), types(&store));
    assert_eq!(table(&back), table(&store));

    let store = sheet(folder.path(), "big.csv", "h\n170141183460469231731\n-1\n");
    assert_eq!(types(&store)[0].1, "HUGEINT");
    store.export(&request, &never()).unwrap();
    let back = try_sheet(&path, Format::Arrow).unwrap();
    assert_eq!(table(&back), [[json!("170141183460469231731")], [json!("-1")]]);
    let store = sheet(folder.path(), "odd.jsonl", "{\"j\":{\"a\":1}}\n{\"j\":[2]}\n");
    assert_eq!(types(&store)[0].1, "JSON");
    store.export(&request, &never()).unwrap();
    let back = try_sheet(&path, Format::Arrow).unwrap();
    assert_eq!(types(&back), types(&store));
    assert_eq!(table(&back), table(&store));

    let empty = sheet(folder.path(), "empty.csv", "a,b\n");
    assert_eq!(empty.export(&request, &never()).unwrap(), 0);
    let back = try_sheet(&path, Format::Arrow).unwrap();
    assert_eq!((names(&back.columns().unwrap()), table(&back).len()), (vec!["a", "b"], 0));
}

#[test]
fn damage_anywhere_ends_in_data_or_an_error() {
    let folder = folder();
    let path = folder.path().join("whole.arrow");
    for compression in [None, Some(CompressionType::LZ4_FRAME)] {
        let whole = file(&path, &[many(), many()], compression);
        let bytes = fs::read(&whole).unwrap();
        let damaged = folder.path().join("damaged.arrow");
        let check = |bytes: &[u8], what: &str| {
            fs::write(&damaged, bytes).unwrap();
            if let Err(error) = try_sheet(&damaged, Format::Arrow) {
                let error = AppError::from(error);
                assert_eq!(error.code, Code::BadInput, "{what}: {}", error.message);
                assert!(!error.message.contains('\n'), "{what}: {}", error.message);
            }
        };
        for at in (0..bytes.len()).step_by(bytes.len() / 80) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x7f;
            check(&flipped, &format!("flipped at {at}"));
        }
        for length in (1..bytes.len()).step_by(bytes.len() / 15) {
            check(&bytes[..length], &format!("cut at {length}"));
        }
    }
    for (bytes, expected) in [
        (&b"FEA1 and more"[..], "Feather file of version 1"),
        (b"hello", "not an Arrow file"),
        (b"ARROW1\0\0 but no end", "end of the Arrow file is missing"),
        (b"\xff\xff\xff\xff\x10\0\0\0", "damaged"),
    ] {
        let source = write(folder.path(), "x.arrow", bytes);
        let error = AppError::from(try_sheet(&source, Format::Arrow).unwrap_err());
        assert!(error.message.contains(expected), "{}", error.message);
    }
}
