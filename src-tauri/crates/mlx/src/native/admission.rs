//! Which of the waiting rows are computed together, and what they share. Pure, so that it is tested
//! without a model.

use braincells_llm::decoding::Token;

/// Below this sharing costs more than it saves.
const LEAST_SHARED: usize = 8;

/// Rows whose prompts are computed in one go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Which of the waiting rows.
    pub rows: Vec<usize>,
    /// How many tokens they begin with alike; none of them is only that.
    pub shared: usize,
    /// Whether these are the first tokens of the kept prompt.
    pub is_kept: bool,
}

/// Sorts waiting prompts into groups, each in the order of its rows. `kept` is the prompt whose
/// keys and values are still there.
pub fn groups(kept: &[Token], prompts: &[&[Token]]) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut left: Vec<usize> = (0..prompts.len()).collect();
    let with_kept = |row: &usize| shared_start(kept, prompts[*row]);
    if left.iter().any(|row| with_kept(row) >= LEAST_SHARED) {
        let (rows, others): (Vec<usize>, Vec<usize>) =
            left.iter().partition(|row| with_kept(row) >= LEAST_SHARED);
        let shared = rows.iter().map(with_kept).min().unwrap_or(0);
        groups.push(Group { rows, shared, is_kept: true });
        left = others;
    }
    while let Some(first) = left.first().copied() {
        let with_first = |row: &usize| shared_start(prompts[first], prompts[*row]);
        let (mut rows, mut others): (Vec<usize>, Vec<usize>) =
            left[1..].iter().partition(|row| with_first(row) >= LEAST_SHARED);
        let mut shared = rows.iter().map(with_first).min().unwrap_or(0);
        if rows.is_empty() {
            // Rows without anything in common are still computed in one go.
            rows = std::mem::take(&mut others);
            shared = 0;
        }
        rows.insert(0, first);
        groups.push(Group { rows, shared, is_kept: false });
        left = others;
    }
    groups
}

/// How many tokens both begin with; at least one of `prompt` is left.
fn shared_start(other: &[Token], prompt: &[Token]) -> usize {
    let same = other.iter().zip(prompt).take_while(|(one, two)| one == two).count();
    same.min(prompt.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(rows: &[usize], shared: usize, is_kept: bool) -> Group {
        Group { rows: rows.to_vec(), shared, is_kept }
    }

    /// Ten tokens of a recipe, and the row's own.
    fn prompt(recipe: Token, own: &[Token]) -> Vec<Token> {
        (0..10).map(|token| 100 * recipe + token).chain(own.iter().copied()).collect()
    }

    #[test]
    fn rows_of_a_recipe_share_its_beginning() {
        let prompts = [prompt(1, &[1, 2]), prompt(2, &[1]), prompt(1, &[1, 3, 4])];
        let all: Vec<&[Token]> = prompts.iter().map(Vec::as_slice).collect();
        assert_eq!(groups(&[], &all), [group(&[0, 2], 11, false), group(&[1], 0, false)]);
        let kept = prompt(2, &[9]);
        let found = groups(&kept, &all);
        assert_eq!(found, [group(&[1], 10, true), group(&[0, 2], 11, false)]);
    }

    #[test]
    fn something_of_every_row_is_left_to_compute() {
        let kept = prompt(1, &[5]);
        let found = groups(&kept, &[&kept, &kept[..10]]);
        assert_eq!(found, [group(&[0, 1], 9, true)]);
        assert_eq!(groups(&[], &[&kept, &kept]), [group(&[0, 1], 10, false)]);
    }

    #[test]
    fn rows_that_have_nothing_in_common_go_together_too() {
        let found = groups(&[7], &[&[1], &[2, 3], &[7, 8]]);
        assert_eq!(found, [group(&[0, 1, 2], 0, false)]);
        assert!(groups(&[], &[]).is_empty());
    }
}
