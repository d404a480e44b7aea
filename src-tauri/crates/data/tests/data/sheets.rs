use braincells_core::{ColumnKind, SheetInfo};
use braincells_data::{Catalogue, DataError, LinkedModel};
use serde_json::json;

use super::*;

#[test]
fn an_empty_sheet_can_be_made_and_opened_once_at_a_time() {
    let folder = folder();
    let path = folder.path().join("s.duckdb");
    let id = SheetId::random();
    let store = SheetStore::create(&path, id, "new", LIMITS, NOW_MS).unwrap();
    assert_eq!(store.window(&[], 0, 10).unwrap().rows, []);
    let error = SheetStore::open(&path, LIMITS, NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::InUse { .. }), "{error}");
    let store = reopen(store);
    assert_eq!((store.id(), store.info().unwrap().name.as_str()), (id, "new"));
    drop(store);
    let error = SheetStore::create(&path, id, "new", LIMITS, NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::AlreadyExists { .. }), "{error}");
}

#[test]
fn what_is_not_a_sheet_is_refused_and_left_as_it_is() {
    let folder = folder();
    let open = |path: &Path| SheetStore::open(path, LIMITS, NOW_MS).unwrap_err();
    let missing = folder.path().join("none.duckdb");
    assert!(matches!(open(&missing), DataError::SheetMissing { .. }));
    assert!(!missing.exists());
    let text = write(folder.path(), "text.duckdb", "this is not a database at all ".repeat(400));
    assert!(matches!(open(&text), DataError::NotASheet { .. }), "{}", open(&text));
    let foreign = folder.path().join("foreign.duckdb");
    duckdb::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (i INT)").unwrap();
    assert!(matches!(open(&foreign), DataError::NotASheet { .. }), "{}", open(&foreign));

    let newer = folder.path().join("newer.duckdb");
    drop(SheetStore::create(&newer, SheetId::random(), "n", LIMITS, NOW_MS).unwrap());
    duckdb::Connection::open(&newer)
        .unwrap()
        .execute_batch("UPDATE braincells.meta SET format_version = 99")
        .unwrap();
    assert!(matches!(open(&newer), DataError::NewerFormat { found: 99, .. }), "{}", open(&newer));
}

#[test]
fn several_ai_columns_are_added_together_or_not_at_all() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\nx\n");
    let (text, number) = (recipe(Output::Text), recipe(Output::number()));
    for (bad, is_right) in [
        ("ONE", (|error| matches!(error, DataError::NameTaken { .. })) as fn(&DataError) -> bool),
        ("A", |error| matches!(error, DataError::NameTaken { .. })),
        (" ", |error| matches!(error, DataError::NameBlank)),
    ] {
        let error = store.add_ai_columns(&[("one", &text), (bad, &number)], NOW_MS).unwrap_err();
        assert!(is_right(&error), "{bad}: {error}");
        assert_eq!(store.columns().unwrap().len(), 1, "{bad}");
    }
    assert_eq!(store.add_ai_columns(&[], NOW_MS).unwrap(), []);
    let added = store.add_ai_columns(&[("one", &text), ("two", &number)], NOW_MS + 5).unwrap();
    assert_eq!(added.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(added[1].recipe(), Some(&number));
    let store = reopen(store);
    assert_eq!(store.columns().unwrap()[1..], added);
    assert_eq!(store.info().unwrap().changed_at_ms, NOW_MS + 5);
}

#[test]
fn ai_columns_come_last_with_ids_of_their_own() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a,row_id\nx,y\n");
    let first = store.add_ai_column("say \"hi\".{{a}}", &recipe(Output::Text), NOW_MS).unwrap();
    let second = store.add_ai_column("Row_Order", &recipe(Output::number()), NOW_MS).unwrap();
    assert_eq!((first.id, second.id), (ColumnId(3), ColumnId(4)));
    assert_eq!(first.recipe(), Some(&recipe(Output::Text)));
    for taken in ["A", "row_ID", "ROW_ORDER"] {
        let error = store.add_ai_column(taken, &recipe(Output::Text), NOW_MS).unwrap_err();
        assert!(matches!(error, DataError::NameTaken { .. }), "{taken}: {error}");
    }
    let error = store.add_ai_column(" \t", &recipe(Output::Text), NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::NameBlank), "{error}");
    let store = reopen(store);
    let columns = store.columns().unwrap();
    assert_eq!(names(&columns), ["a", "row_id", "say \"hi\".{{a}}", "Row_Order"]);
    assert_eq!(columns[3].sql_type, "DOUBLE");
}

#[test]
fn old_recipes_stay_readable() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\nx\n");
    let first = recipe(Output::Label { labels: vec!["yes".into(), "no".into()] });
    let column = store.add_ai_column("c", &first, NOW_MS).unwrap().id;
    let mut second = recipe(Output::Text);
    second.sampling.temperature = 0.7;
    assert_eq!(store.set_recipe(column, &second, NOW_MS).unwrap(), 2);
    let store = reopen(store);
    assert_eq!(store.recipe(column, 1).unwrap(), first);
    assert_eq!(store.recipe(column, 2).unwrap(), second);
    let current = store.columns().unwrap().remove(1).kind;
    assert_eq!(current, ColumnKind::Ai { recipe: second, recipe_version: 2 });
    let error = store.recipe(column, 3).unwrap_err();
    assert!(matches!(error, DataError::RecipeMissing { version: 3, .. }), "{error}");
    let error = store.set_recipe(ids(&store)[0], &first, NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::NotAiColumn { .. }), "{error}");
}

#[test]
fn a_sheet_that_another_tool_reordered_is_shown_in_its_new_order() {
    let folder = folder();
    let store = sheet(folder.path(), "a.csv", "a\n0\n1\n2\n3\n");
    let path = store.path().to_path_buf();
    drop(store);
    duckdb::Connection::open(&path)
        .unwrap()
        .execute_batch("DELETE FROM rows WHERE row_id = 2; UPDATE rows SET row_order = -row_order;")
        .unwrap();
    let store = SheetStore::open(&path, LIMITS, NOW_MS).unwrap();
    assert_eq!(table(&store), [[json!(3)], [json!(2)], [json!(0)]]);
    let window = store.window(&ids(&store), 1, 1).unwrap();
    assert_eq!((window.row_count, window.rows[0].row), (3, RowId(3)));
    let column = store.add_ai_column("c", &recipe(Output::Text), NOW_MS).unwrap().id;
    let rows = store.rows_to_fill(column, &braincells_core::RunScope::Empty.into(), None).unwrap();
    assert_eq!(rows, [RowId(4), RowId(3), RowId(1)]);
    let gone = record(2, CellState::Edited, "x");
    let error = store.commit_cells(column, None, &[gone], NOW_MS).unwrap_err();
    assert!(matches!(error, DataError::RowMissing { row: RowId(2) }), "{error}");
}

#[test]
fn the_catalogue_keeps_sheets_settings_jobs_and_models() {
    let folder = folder();
    let path = folder.path().join("braincells.sqlite");
    let catalogue = Catalogue::open(&path).unwrap();
    let info = SheetInfo {
        id: SheetId::random(),
        name: "one".to_owned(),
        row_count: 5,
        column_count: 2,
        created_at_ms: NOW_MS,
        changed_at_ms: NOW_MS,
        local_only: false,
    };
    let later = SheetInfo {
        id: SheetId::random(),
        name: "two".to_owned(),
        changed_at_ms: NOW_MS + 1,
        ..info.clone()
    };
    catalogue.put_sheet(&info, "one.duckdb").unwrap();
    catalogue.put_sheet(&later, "two.duckdb").unwrap();
    assert_eq!(catalogue.sheets().unwrap(), [later.clone(), info.clone()]);
    catalogue.put_fill_job("job", info.id).unwrap();
    let changed =
        SheetInfo { row_count: 6, changed_at_ms: NOW_MS + 2, local_only: true, ..info.clone() };
    catalogue.put_sheet(&changed, "one.duckdb").unwrap();
    assert_eq!(catalogue.sheets().unwrap(), [changed, later.clone()]);
    assert_eq!(catalogue.fill_job("job").unwrap(), Some(info.id), "an update keeps the job");
    assert_eq!(catalogue.sheet_file(info.id).unwrap().as_deref(), Some("one.duckdb"));

    assert_eq!(catalogue.setting("theme").unwrap(), None);
    catalogue.set_setting("theme", &json!({"dark": true})).unwrap();
    catalogue.set_setting("theme", &json!("light")).unwrap();
    let model = LinkedModel { name: "m".to_owned(), path: "/models/m.gguf".into() };
    catalogue.put_model(&model).unwrap();

    let second = Catalogue::open(&path).unwrap();
    drop(catalogue);
    assert_eq!(second.setting("theme").unwrap(), Some(json!("light")));
    assert_eq!(second.models().unwrap(), [model]);
    second.remove_model("m").unwrap();
    assert_eq!(second.models().unwrap(), []);
    let used = std::path::Path::new("/models/m.gguf");
    second.put_model_use(used, NOW_MS).unwrap();
    second.put_model_use(used, NOW_MS + 1).unwrap();
    assert_eq!(second.model_uses().unwrap(), [(used.to_owned(), NOW_MS + 1)]);
    second.remove_model_use(used).unwrap();
    assert_eq!(second.model_uses().unwrap(), []);
    second.remove_sheet(info.id).unwrap();
    assert_eq!(second.sheets().unwrap(), [later]);
    assert_eq!(second.fill_job("job").unwrap(), None, "a job goes with its sheet");
    assert_eq!(second.sheet_file(info.id).unwrap(), None);
    assert!(second.put_fill_job("job", info.id).is_err(), "a job needs its sheet");
}

#[test]
fn the_catalogue_keeps_open_runs_with_their_sheets() {
    let folder = folder();
    let path = folder.path().join("braincells.sqlite");
    let catalogue = Catalogue::open(&path).unwrap();
    let info = |name: &str| SheetInfo {
        id: SheetId::random(),
        name: name.to_owned(),
        row_count: 1,
        column_count: 1,
        created_at_ms: NOW_MS,
        changed_at_ms: NOW_MS,
        local_only: false,
    };
    let (one, two) = (info("one"), info("two"));
    catalogue.put_sheet(&one, "one.duckdb").unwrap();
    // As the version before open runs left it.
    drop(catalogue);
    rusqlite::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "DROP TABLE model_uses; DROP TABLE download_files; DROP TABLE downloads; \
             DROP TABLE open_runs; \
             ALTER TABLE sheets DROP COLUMN local_only; \
             PRAGMA user_version = 2",
        )
        .unwrap();
    let catalogue = Catalogue::open(&path).unwrap();
    catalogue.put_sheet(&two, "two.duckdb").unwrap();
    assert_eq!(catalogue.open_runs().unwrap(), []);
    for run in [2, 1, 1] {
        catalogue.put_open_run(one.id, RunId(run)).unwrap();
    }
    catalogue.put_open_run(two.id, RunId(1)).unwrap();
    assert!(catalogue.put_open_run(SheetId::random(), RunId(1)).is_err(), "a run needs its sheet");
    catalogue.put_in_trash(two.id, NOW_MS).unwrap();
    let of_one = [(one.id, RunId(1)), (one.id, RunId(2))];
    assert_eq!(Catalogue::open(&path).unwrap().open_runs().unwrap(), of_one);
    catalogue.take_from_trash(two.id).unwrap();
    assert_eq!(catalogue.open_runs().unwrap().len(), 3);
    catalogue.remove_sheet(two.id).unwrap();
    catalogue.remove_open_run(one.id, RunId(2)).unwrap();
    assert_eq!(catalogue.open_runs().unwrap(), of_one[..1]);
}

#[test]
fn a_catalogue_of_a_newer_version_is_not_touched() {
    let folder = folder();
    let path = folder.path().join("c.sqlite");
    drop(Catalogue::open(&path).unwrap());
    let connection = rusqlite::Connection::open(&path).unwrap();
    let version = |connection: &rusqlite::Connection| -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    };
    assert_eq!(version(&connection), 7);
    connection.pragma_update(None, "user_version", 99).unwrap();
    let error = Catalogue::open(&path).unwrap_err();
    assert!(matches!(error, DataError::NewerFormat { found: 99, supported: 7, .. }), "{error}");
    assert_eq!(version(&connection), 99);
    let text = write(folder.path(), "text.sqlite", "not a database, but long enough ".repeat(40));
    assert!(matches!(Catalogue::open(&text), Err(DataError::Database { .. })));
}

#[test]
fn a_sheet_of_which_few_rows_are_left_opens() {
    let folder = folder();
    let store = sheet(folder.path(), "few.csv", "a\nx\ny\nz\n");
    let path = store.path().to_path_buf();
    drop(store);
    duckdb::Connection::open(&path)
        .unwrap()
        .execute_batch(
            "UPDATE rows SET row_id = 5000000, row_order = 5000000::BIGINT << 32 WHERE row_id = 3; CHECKPOINT",
        )
        .unwrap();
    let store = SheetStore::open(&path, LIMITS, NOW_MS).unwrap();
    let window = store.window(&ids(&store), 1, 2).unwrap();
    let rows: Vec<RowId> = window.rows.iter().map(|row| row.row).collect();
    assert_eq!(rows, [RowId(2), RowId(5_000_000)]);
}
