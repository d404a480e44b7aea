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
    /// The kept prompt that begins like them, and how many tokens of it do: these need no
    /// computing. No more than `shared`.
    pub kept: Option<(usize, usize)>,
}

/// The group of waiting prompts that comes next: that of the first which shares anything, and at
/// last those that share nothing. `kept` are prompts whose keys and values are still there.
///
/// Rows of one column begin with its instructions, and all rows with what every column says. So
/// a row joins others only where it shares about as much with them as it, or one of them, could
/// share otherwise: else one row of another column would make all compute their own again.
pub fn next_group(kept: &[&[Token]], prompts: &[&[Token]]) -> Option<Group> {
    let with = |one: usize, other: usize| {
        shared_start(prompts[one], prompts[other]).min(prompts[one].len().saturating_sub(1))
    };
    // Of equals the one that was used last.
    let known = |row: usize| {
        let all = kept.iter().enumerate().map(|(at, kept)| (at, shared_start(kept, prompts[row])));
        all.max_by_key(|(_, shared)| *shared).filter(|(_, shared)| *shared >= LEAST_SHARED)
    };
    let rows = 0..prompts.len();
    let reach: Vec<usize> = rows
        .clone()
        .map(|row| {
            let others = rows.clone().filter(|other| *other != row).map(|other| with(other, row));
            others.chain(known(row).map(|(_, shared)| shared)).max().unwrap_or(0)
        })
        .collect();
    let Some(first) = rows.clone().find(|row| reach[*row] >= LEAST_SHARED) else {
        // Rows without anything in common are still computed in one go.
        let group = Group { rows: rows.collect(), shared: 0, kept: None };
        return (!prompts.is_empty()).then_some(group);
    };
    let joins = |row: &usize| {
        let shared = with(first, *row);
        let is_much = 2 * shared >= reach[first].max(reach[*row]);
        *row == first || (shared >= LEAST_SHARED && is_much)
    };
    let rows: Vec<usize> = rows.filter(joins).collect();
    let known = known(first);
    let shared = rows.iter().filter(|row| **row != first).map(|row| with(first, *row)).min();
    let Some(shared) = shared else {
        return Some(Group { rows, shared: known.map_or(0, |(_, shared)| shared), kept: known });
    };
    let kept = known.map(|(at, known)| (at, known.min(shared)));
    // A few tokens more are not worth a call.
    let is_enough = |(_, known): &(usize, usize)| shared < known + LEAST_SHARED;
    let shared = kept.filter(is_enough).map_or(shared, |(_, known)| known);
    Some(Group { rows, shared, kept })
}

/// Whether the prompt of a row that was computed alone is worth keeping: the next one of its column
/// shares more with it than with what is kept.
pub fn is_news(prompt: &[Token], shared: usize) -> bool {
    2 * shared < prompt.len()
}

/// How many tokens both begin with; at least one of `prompt` is left.
fn shared_start(other: &[Token], prompt: &[Token]) -> usize {
    let same = other.iter().zip(prompt).take_while(|(one, two)| one == two).count();
    same.min(prompt.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(rows: &[usize], shared: usize, kept: Option<(usize, usize)>) -> Group {
        Group { rows: rows.to_vec(), shared, kept }
    }

    /// Ten tokens that every column has, so many of this one, and the row's own.
    fn prompt(column: Token, own: &[Token]) -> Vec<Token> {
        let recipe = (0..20).map(|token| 100 * column + token);
        (1000..1010).chain(recipe).chain(own.iter().copied()).collect()
    }

    fn next(kept: &[&Vec<Token>], prompts: &[Vec<Token>]) -> Group {
        let kept: Vec<&[Token]> = kept.iter().map(|kept| kept.as_slice()).collect();
        let prompts: Vec<&[Token]> = prompts.iter().map(Vec::as_slice).collect();
        next_group(&kept, &prompts).unwrap()
    }

    #[test]
    fn rows_of_a_column_share_its_beginning() {
        let prompts = [prompt(1, &[1, 2]), prompt(2, &[1]), prompt(1, &[1, 3, 4])];
        assert_eq!(next(&[], &prompts), group(&[0, 2], 31, None));
        assert_eq!(next(&[], &prompts[1..2]), group(&[0], 0, None));
        let kept = prompt(2, &[9]);
        assert_eq!(next(&[&kept], &prompts[1..2]), group(&[0], 30, Some((0, 30))));
        assert_eq!(next(&[&prompt(3, &[]), &kept], &prompts[1..]).kept, Some((1, 30)));
    }

    #[test]
    fn the_next_column_does_not_stop_at_what_all_share() {
        let kept = prompt(1, &[9]);
        let prompts = [prompt(2, &[1]), prompt(2, &[2]), prompt(2, &[3])];
        assert_eq!(next(&[&kept], &prompts), group(&[0, 1, 2], 30, Some((0, 10))));
        // A row alone cannot know what the next one shares; it is kept for that.
        let alone = next(&[&kept], &prompts[..1]);
        assert_eq!(alone, group(&[0], 10, Some((0, 10))));
        assert!(is_news(&prompts[0], alone.shared));
        let after = next(&[&kept, &prompts[0]], &prompts[1..2]);
        assert_eq!(after, group(&[0], 30, Some((1, 30))));
        assert!(!is_news(&prompts[1], after.shared));
        // Some tokens more than the kept ones are not worth a call.
        let alike = [prompt(1, &[5, 6, 7]), prompt(1, &[5, 6, 8])];
        assert_eq!(next(&[&kept], &alike), group(&[0, 1], 30, Some((0, 30))));
    }

    #[test]
    fn one_row_of_another_column_does_not_take_the_beginning_from_the_others() {
        let kept = prompt(1, &[9]);
        for place in 0..3 {
            let mut prompts = vec![prompt(1, &[1]), prompt(1, &[2])];
            prompts.insert(place, prompt(2, &[1]));
            let own: Vec<usize> = (0..3).filter(|row| *row != place).collect();
            let mut left = prompts.clone();
            let first = next(&[&kept], &prompts);
            let (with_kept, foreign) =
                (group(&own, 30, Some((0, 30))), group(&[place], 10, Some((0, 10))));
            assert!(first == with_kept || first == foreign, "{first:?}");
            for row in first.rows.iter().rev() {
                left.remove(*row);
            }
            let second = next(&[&kept], &left);
            assert_eq!(first.shared + second.shared, 40, "{first:?} {second:?}");
        }
    }

    #[test]
    fn something_of_every_row_is_left_to_compute() {
        let kept = prompt(1, &[5]);
        let both = [kept.clone(), kept[..30].to_vec()];
        assert_eq!(next(&[&kept], &both), group(&[0, 1], 29, Some((0, 29))));
        assert_eq!(next(&[], &both), group(&[0, 1], 29, None));
        assert_eq!(next(&[], &[kept.clone(), kept]), group(&[0, 1], 30, None));
    }

    #[test]
    fn rows_that_have_nothing_in_common_go_together_too() {
        let prompts = [vec![1], vec![2, 3], vec![7, 8]];
        assert_eq!(next(&[&vec![7]], &prompts), group(&[0, 1, 2], 0, None));
        assert_eq!(next_group(&[], &[]), None);
    }
}
