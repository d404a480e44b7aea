//! The bars that the design sets, measured. Not part of a normal run, because a busy machine
//! would fail them: `cargo test -p braincells-data --release -- --ignored --nocapture speed`.

use std::time::Instant;

use braincells_core::RunScope;
use braincells_data::GROUP_CELLS;

use super::*;

const ROWS: i64 = 1_000_000;

fn million_rows(folder: &Path) -> SheetStore {
    let source = folder.join("million.parquet");
    let columns: Vec<String> = (0..20)
        .map(|index| match index % 3 {
            0 => format!("(range * {index} % 1000) AS n{index}"),
            1 => format!("'text of row ' || range || repeat(' x', {index}) AS t{index}"),
            _ => format!("range * 0.5 AS d{index}"),
        })
        .collect();
    duckdb::Connection::open_in_memory()
        .unwrap()
        .execute_batch(&format!(
            "COPY (SELECT {} FROM range({ROWS})) TO '{}' (FORMAT parquet)",
            columns.join(", "),
            source.display()
        ))
        .unwrap();
    try_sheet(&source, Format::Parquet).unwrap()
}

fn percentile(mut times_ms: Vec<f64>, percent: usize) -> f64 {
    times_ms.sort_by(f64::total_cmp);
    times_ms[(times_ms.len() - 1) * percent / 100]
}

/// Positions that jump about.
fn scattered(count: i64) -> impl Iterator<Item = i64> {
    (0..count).map(|index| index * 618_033 % (ROWS - 100))
}

#[test]
#[ignore = "measures speed"]
fn a_million_rows_are_filled_and_read_at_the_speed_that_was_promised() {
    let folder = folder();
    let start = Instant::now();
    let store = million_rows(folder.path());
    println!("import of 1M x 20 from Parquet: {:.1} s", start.elapsed().as_secs_f64());
    let column = store.add_ai_column("answer", &recipe(Output::Text), NOW_MS).unwrap().id;
    let run = store.start_run(column, 1, RunScope::Empty, ROWS as u64, NOW_MS).unwrap();
    let mut columns = ids(&store);

    for (name, step, groups) in [("in order", 1, 1000), ("scattered", 7919, 400)] {
        let start = Instant::now();
        for group in 0..groups {
            let cells: Vec<CellRecord> = (0..GROUP_CELLS as i64)
                .map(|index| {
                    let row = (group * GROUP_CELLS as i64 + index) * step % ROWS + 1;
                    done(run, row, "positive")
                })
                .collect();
            store.commit_cells(column, Some(1), &cells, NOW_MS).unwrap();
        }
        let cells = groups * GROUP_CELLS as i64;
        let rate = cells as f64 / start.elapsed().as_secs_f64();
        println!("{cells} cells {name}, 256 a commit: {rate:.0} cells/s");
        assert!(rate > 20_000.0, "{name}: {rate}");
    }

    for width in [20, 21] {
        columns.truncate(width);
        columns.rotate_left(width - 20);
        let times_ms: Vec<f64> = scattered(200)
            .map(|position| {
                let start = Instant::now();
                let window = store.window(&columns[..20], position as u64, 100).unwrap();
                assert_eq!(window.rows[99].row, RowId(position + 100));
                start.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        let (half, most) = (percentile(times_ms.clone(), 50), percentile(times_ms, 95));
        println!(
            "window of 100 x 20, {} AI columns: median {half:.1} ms, 95 % {most:.1} ms",
            width - 20
        );
        assert!(half < 10.0, "{half}");
        columns = ids(&store);
    }
    let start = Instant::now();
    let left = store.rows_to_fill(column, RunScope::Empty, Some(run)).unwrap().len();
    println!("rows_to_fill of 1M: {left} rows in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let start = Instant::now();
    println!("count_states: {:?}", store.count_states(column).unwrap());
    println!("in {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let start = Instant::now();
    let rows: Vec<RowId> = (500_001..500_257).map(RowId).collect();
    store.values(&columns[..2], &rows).unwrap();
    println!("values of 256 rows x 2: {:.1} ms", start.elapsed().as_secs_f64() * 1e3);
    let start = Instant::now();
    let store = reopen(store);
    println!("open: {:.0} ms", start.elapsed().as_secs_f64() * 1e3);
    let start = Instant::now();
    let path = folder.path().join("out.parquet");
    let request = braincells_data::ExportRequest {
        path,
        format: Format::Parquet,
        columns: None,
        neutralise_formulas: false,
    };
    store.export(&request).unwrap();
    println!("export of 1M x 21 to Parquet: {:.1} s", start.elapsed().as_secs_f64());
}
