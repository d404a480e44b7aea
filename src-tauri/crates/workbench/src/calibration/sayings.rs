//! Texts that name a label: what a run asks about before its first row to know the model.
//!
//! What the model says of a label's own name it should say of that label. Its scores of these
//! texts, every label's counted alike, are what it would say of rows in which all labels are
//! equally frequent; how far they lean to one label is how much the model likes that one. They do
//! not depend on what the rows are, so a column of one label is judged like any other.
//! `docs/adr/0009-calibrated-labels.md` has what else was tried.

use braincells_core::Value;

use super::estimate::spread;

/// How a label is named. The shortest is in every language.
const WAYS: [fn(&str) -> String; 3] =
    [str::to_owned, |label| format!("This is {label}."), |label| format!("{label}, {label}!")];

/// More labels than that are named in one way, and more than that many not all.
const NAMED_IN_ALL_WAYS: usize = 10;
const MOST_NAMED: usize = 100;

/// A text in which a label is named, in each of the input columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Saying {
    /// The index of the label.
    pub(crate) label: usize,
    /// The values of the input columns.
    pub(crate) values: Vec<Value>,
}

/// The texts for a column's labels, at most `most` labels of them, evenly.
pub(crate) fn sayings(labels: &[String], most: usize, columns: usize) -> Vec<Saying> {
    let ways = if labels.len() > NAMED_IN_ALL_WAYS { &WAYS[..1] } else { &WAYS[..] };
    let named = spread((0..labels.len()).collect(), most.min(MOST_NAMED));
    let say = |label: usize| {
        ways.iter().map(move |say| Saying {
            label,
            values: vec![Value::from(say(&labels[label])); columns],
        })
    };
    named.into_iter().flat_map(say).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(count: usize) -> Vec<String> {
        (0..count).map(|label| format!("label {label}")).collect()
    }

    #[test]
    fn every_label_is_named_as_often_as_the_others() {
        for count in [2, 3, 10, 11, 100] {
            let said = sayings(&labels(count), usize::MAX, 2);
            let of = |label: usize| said.iter().filter(|one| one.label == label).count();
            let ways = if count > NAMED_IN_ALL_WAYS { 1 } else { WAYS.len() };
            assert!((0..count).all(|label| of(label) == ways), "{count}");
        }
    }

    #[test]
    fn a_text_stands_in_all_input_columns() {
        let said = sayings(&labels(2), 8, 2);
        assert_eq!(said[3].label, 1);
        assert_eq!(said[3].values, ["label 1", "label 1"].map(Value::from));
        assert_eq!(said[1].values[0], Value::from("This is label 0."));
    }

    #[test]
    fn a_great_many_labels_are_named_in_part() {
        assert_eq!(sayings(&labels(5000), usize::MAX, 1).len(), MOST_NAMED);
        let few = sayings(&labels(40), 8, 1);
        assert_eq!(few.len(), 8);
        assert!(few.last().is_some_and(|saying| saying.label > 30), "evenly");
    }
}
