//! What rows begin with alike is computed once, whichever column they are of.

use braincells_llm::{LLMRequest, Message, Role};

use super::case::{Case, case};

/// As long as what a real column says to every row.
fn instructions(column: &str) -> String {
    let rules = "Answer in a few words, and with nothing else than the answer.";
    let own = format!("This is {column}. Look at the text with the eyes of {column}. ").repeat(3);
    format!("{rules} {own}")
}

fn row(column: &str, row: u64) -> LLMRequest {
    let messages = vec![
        Message::new(Role::System, instructions(column)),
        Message::new(Role::User, format!("{row}: text of row {row}")),
    ];
    LLMRequest { max_tokens: Some(1), ..LLMRequest::new("tiny", messages) }
}

/// Tokens of prompts that the rows computed, of all that they have.
fn computed(case: &mut Case, requests: Vec<LLMRequest>) -> (u64, u64) {
    let before = case.figures().prompt_tokens;
    let mut all: Vec<_> = (0..).zip(requests).map(|(id, one)| case.request(id, one)).collect();
    let ends: Vec<_> = all.iter_mut().map(|events| case.end(events).unwrap()).collect();
    let whole = ends.iter().map(|end| u64::from(end.prompt_tokens)).sum();
    (case.figures().prompt_tokens - before, whole)
}

/// The instructions once, and of each row its own text and some tokens around it.
fn once(column: &str, rows: u64) -> u64 {
    instructions(column).len() as u64 + rows * 60
}

#[test]
fn the_second_column_has_a_beginning_of_its_own() {
    let mut case = case();
    for column in ["the first column", "the second one", "a third column"] {
        let (found, whole) = computed(&mut case, (0..12).map(|one| row(column, one)).collect());
        let most = once(column, 12);
        assert!(most < whole / 2, "{most} of {whole}");
        assert!(found < most, "{column}: {found} of {whole}, and {most} are due");
    }
}

#[test]
fn columns_one_row_at_a_time_have_one_too() {
    let mut case = case();
    for column in ["the first column", "the second one"] {
        let rows = (0..12).map(|one| computed(&mut case, vec![row(column, one)]));
        let (found, whole) = rows.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1));
        // The first row of a column cannot know what the next one shares.
        assert!(found < 2 * once(column, 12), "{column}: {found} of {whole}");
    }
}

#[test]
fn columns_that_are_mixed_keep_theirs() {
    let mut case = case();
    let columns = ["the first column", "the second one", "a third column"];
    let rows = (0..12).flat_map(|one| columns.map(|column| row(column, one)));
    let (found, whole) = computed(&mut case, rows.collect());
    // Of the beginnings each is computed once or twice, alone and for several.
    let most: u64 = columns.iter().map(|column| 2 * once(column, 12)).sum();
    assert!(found < most, "{found} of {whole}, and {most} are due");
    // Once they are there, rows of all need nothing but their own.
    let rows = (20..32).flat_map(|one| columns.map(|column| row(column, one)));
    let (found, whole) = computed(&mut case, rows.collect());
    assert!(found < 36 * 60, "{found} of {whole}");
}
