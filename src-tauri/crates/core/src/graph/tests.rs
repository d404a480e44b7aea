use proptest::prelude::*;

use super::*;
use crate::{ColumnKind, ExamplePolicy, Output, Recipe, Sampling, ValueType};

fn column(id: i64, name: &str, prompt: Option<&str>) -> Column {
    let kind = prompt.map_or(ColumnKind::Data, |prompt| ColumnKind::Ai {
        recipe: Recipe {
            example_rows: Vec::new(),
            calibration: crate::CalibrationMode::default(),
            prompt: prompt.to_owned(),
            system: None,
            model: String::new(),
            output: Output::Text,
            sampling: Sampling::default(),
            examples: ExamplePolicy::default(),
        },
        recipe_version: 1,
    });
    Column {
        id: ColumnId(id),
        name: name.to_owned(),
        value_type: ValueType::Text,
        sql_type: "VARCHAR".to_owned(),
        hidden: false,
        width_px: None,
        kind,
    }
}

fn ids(ids: &[i64]) -> Vec<ColumnId> {
    ids.iter().map(|id| ColumnId(*id)).collect()
}

/// `text` is read by `topic` and `tone`, both by `reply`, which `judge` reads; `note` reads
/// nothing.
fn replies() -> Vec<Column> {
    vec![
        column(1, "judge", Some("Is {{reply}} polite?")),
        column(2, "text", None),
        column(3, "reply", Some("Answer {{topic}} in a {{tone}} way. {{topic}}")),
        column(4, "topic", Some("{{text}}")),
        column(5, "tone", Some("{{ text }}")),
        column(6, "note", Some("Say something. \\{{text}}")),
    ]
}

#[test]
fn references_are_found_by_name_and_kept_by_id() {
    let graph = Graph::of(&replies());
    assert_eq!(graph.inputs(ColumnId(3)), ids(&[4, 5]));
    assert_eq!(graph.inputs(ColumnId(2)), []);
    assert_eq!(graph.inputs(ColumnId(6)), []);
    assert_eq!(graph.readers(&ids(&[2])), ids(&[4, 5]));
    assert_eq!(graph.dependents(&ids(&[2])), ids(&[4, 5, 3, 1]));
    assert_eq!(graph.dependents(&ids(&[4])), ids(&[3, 1]));
    assert_eq!(graph.dependents(&ids(&[1])), []);
}

#[test]
fn columns_are_ordered_behind_what_they_read_even_through_others() {
    let graph = Graph::of(&replies());
    assert_eq!(graph.order(&ids(&[1, 3, 4, 5, 6])), ids(&[4, 5, 3, 1, 6]));
    assert_eq!(graph.order(&ids(&[1, 4])), ids(&[4, 1]), "through `reply`");
    assert_eq!(graph.order(&ids(&[9, 6])), ids(&[6]));
}

#[test]
fn a_circle_is_named_as_a_way_back_to_its_start() {
    let mut columns = replies();
    assert_eq!(Graph::of(&columns).check(), Ok(()));
    columns[3] = column(4, "topic", Some("{{text}} {{judge}}"));
    let error = AppError::from(Graph::of(&columns).check().unwrap_err());
    assert_eq!(error.code, Code::BadTemplate);
    assert_eq!(
        error.message,
        "the columns would wait for each other for ever: \
         `judge` -> `reply` -> `topic` -> `judge`"
    );
    let order = Graph::of(&columns).order(&ids(&[1, 3, 4]));
    assert_eq!(order.len(), 3, "even then each is given out once");

    let own = [column(1, "a", Some("more than {{a}}"))];
    let error = AppError::from(Graph::of(&own).check().unwrap_err());
    assert!(error.message.ends_with("`a` -> `a`"), "{error}");
    assert!(error.hint.unwrap().contains("itself"));
}

#[test]
fn what_others_read_cannot_go_alone() {
    let graph = Graph::of(&replies());
    let error = AppError::from(graph.check_removal(&ids(&[2])).unwrap_err());
    assert_eq!(error.code, Code::Conflict);
    assert_eq!(error.message, "the column `text` is read by `topic`, `tone`");
    assert_eq!(graph.check_removal(&ids(&[1, 6])), Ok(()));
    assert_eq!(graph.check_removal(&ids(&[3, 1])), Ok(()), "its only reader goes too");
    assert!(graph.check_removal(&ids(&[3])).is_err());
}

#[test]
fn what_cannot_be_read_is_no_reference() {
    let columns = [
        column(1, "a", Some("{{gone}} {{b}}")),
        column(2, "b", Some("{{unclosed")),
        column(3, "c", Some("{{B}}")),
    ];
    let graph = Graph::of(&columns);
    assert_eq!(graph.inputs(ColumnId(1)), ids(&[2]));
    assert_eq!((graph.inputs(ColumnId(2)), graph.inputs(ColumnId(3))), (&[][..], &[][..]));
}

proptest! {
    #[test]
    fn any_graph_without_a_circle_is_ordered_and_any_circle_is_found(
        edges in proptest::collection::vec((0_usize..8, 0_usize..8), 0..16),
    ) {
        let prompt = |at: usize| {
            let reads = edges.iter().filter(|(reader, _)| *reader == at);
            reads.fold("x".to_owned(), |prompt, (_, input)| format!("{prompt} {{{{c{input}}}}}"))
        };
        let columns: Vec<Column> = (0..8)
            .map(|at| column(at as i64, &format!("c{at}"), Some(&prompt(at))))
            .collect();
        let graph = Graph::of(&columns);
        let order = graph.order(&ids(&[0, 1, 2, 3, 4, 5, 6, 7]));
        prop_assert_eq!(order.len(), 8);
        let place = |id: usize| order.iter().position(|other| other.0 == id as i64).unwrap();
        let ordered = edges.iter().all(|(reader, input)| place(*input) < place(*reader));
        prop_assert_eq!(graph.check().is_ok(), ordered);
    }
}
