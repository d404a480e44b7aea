//! A column of JSON objects becomes typed columns.

use braincells_core::{Code, DataType, Output, SplitProperty, Value};
use braincells_llm::FakeEngine;
use braincells_testing::{scripted_workbench, typed_recipe};
use serde_json::json;

fn person() -> Output {
    Output::Json {
        schema: json!({
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "age": {"type": "integer"},
                "mood": {"enum": ["good", "bad"]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "born": {"type": "string", "format": "date"}
            },
            "required": ["name"]
        }),
    }
}

#[tokio::test]
async fn a_json_column_of_a_model_is_split_by_its_schema_in_one_step() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet("who,name\nAda,x\nTom,y\n").await;
    let workbench = &scripted.workbench;
    let recipe = typed_recipe("Describe {{who}}", person());
    let column = workbench.add_ai_column(sheet, "person", recipe).await.unwrap().id;
    let known = workbench.json_properties(sheet, column).await.unwrap();
    let known: Vec<(&str, DataType)> =
        known.iter().map(|one| (one.property.as_str(), one.data_type)).collect();
    let expected = [
        ("name", DataType::Text),
        ("age", DataType::Integer),
        ("mood", DataType::Text),
        ("tags", DataType::Json),
        ("born", DataType::Date),
    ];
    assert_eq!(known, expected);
    let rows: Vec<_> = workbench
        .show(sheet, None, 0, 9)
        .await
        .unwrap()
        .window
        .rows
        .iter()
        .map(|r| r.row)
        .collect();
    let ada =
        json!({"name": "Ada", "age": 36, "mood": "good", "tags": ["a"], "born": "1815-12-10"});
    workbench.edit_cell(sheet, column, rows[0], ada.clone()).await.unwrap();
    let steps = workbench.steps(sheet).await.unwrap().len();
    let made = workbench.split_json_column(sheet, column, Vec::new()).await.unwrap();
    assert!(made.columns.iter().all(|one| (one.filled, one.misfits) == (1, 0)), "{made:?}");
    let shown = workbench.show(sheet, None, 0, 9).await.unwrap();
    let names: Vec<&str> = shown.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["who", "name", "person", "name_2", "age", "mood", "tags", "born"]);
    let values: Vec<Vec<Value>> = shown
        .window
        .rows
        .iter()
        .map(|row| row.cells.iter().map(|cell| cell.value.clone()).collect())
        .collect();
    assert_eq!(
        values[0][2..],
        [ada, json!("Ada"), json!(36), json!("good"), json!(["a"]), json!("1815-12-10")]
    );
    assert_eq!(values[1][3..], vec![Value::Null; 5], "a row without a value");
    assert_eq!(workbench.steps(sheet).await.unwrap().len(), steps + 1);
    workbench.undo(sheet).await.unwrap();
    assert_eq!(workbench.columns(sheet).await.unwrap().len(), 3);
    assert_eq!(scripted.engine.requests_seen(), 0, "no model is asked");
}

#[tokio::test]
async fn what_cannot_be_split_is_said_and_is_no_step() {
    let scripted = scripted_workbench(FakeEngine::echo());
    let sheet = scripted.sheet("text,n\nplain,1\n").await;
    let workbench = &scripted.workbench;
    let columns = workbench.columns(sheet).await.unwrap();
    let unknown = SplitProperty { property: "x".to_owned(), name: None, data_type: None };
    for (column, properties, code) in [
        (columns[0].id, Vec::new(), Code::BadInput),
        (columns[0].id, vec![unknown], Code::NotFound),
        (columns[1].id, Vec::new(), Code::BadInput),
        (braincells_core::ColumnId(99), Vec::new(), Code::NotFound),
    ] {
        let error = workbench.split_json_column(sheet, column, properties).await.unwrap_err();
        assert_eq!(error.code, code, "{error}");
    }
    assert!(workbench.steps(sheet).await.unwrap().is_empty());
}
