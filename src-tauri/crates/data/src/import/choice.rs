//! Which rows of a file come in.

use std::collections::BTreeSet;

use duckdb::Connection;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::options::RowSelection;
use crate::DataError;
use crate::error::during;
use crate::sql::identifier;

/// A choice of rows by their position in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    All,
    First(u64),
    /// Positions from 0, ascending.
    Positions(Vec<u64>),
}

impl Choice {
    /// Makes the choice; `count` says how many rows the file has and is asked only if that
    /// matters.
    pub(super) fn make(
        selection: RowSelection,
        count: impl FnOnce() -> Result<u64, DataError>,
    ) -> Result<Self, DataError> {
        Ok(match selection {
            RowSelection::All => Self::All,
            RowSelection::First { count } => Self::First(count),
            RowSelection::Random { count: wanted, seed } => match count()? {
                rows if rows <= wanted => Self::All,
                rows => Self::Positions(sample(rows, wanted, seed)),
            },
        })
    }

    /// The chosen among `rows` rows from position `start`, counted from there; `None` is all.
    pub(super) fn within(&self, start: u64, rows: usize) -> Option<Vec<u64>> {
        let end = start + rows as u64;
        match self {
            Self::All => None,
            Self::First(count) if *count >= end => None,
            Self::First(count) => Some((0..count.saturating_sub(start)).collect()),
            Self::Positions(positions) => {
                let from = positions.partition_point(|position| *position < start);
                let to = positions.partition_point(|position| *position < end);
                Some(positions[from..to].iter().map(|position| position - start).collect())
            }
        }
    }

    /// Whether nothing is chosen from the position on.
    pub(super) fn is_complete(&self, position: u64) -> bool {
        match self {
            Self::All => false,
            Self::First(count) => position >= *count,
            Self::Positions(positions) => positions.last().is_none_or(|last| position > *last),
        }
    }

    /// SQL that gives the chosen rows of `from` in their order. `names` are the columns of `from`.
    pub(super) fn of(
        &self,
        connection: &Connection,
        from: &str,
        names: &[&str],
    ) -> Result<String, DataError> {
        match self {
            Self::All => Ok(from.to_owned()),
            Self::First(count) => Ok(format!("(SELECT * FROM {from} LIMIT {count})")),
            Self::Positions(positions) => {
                list(connection, positions)?;
                let mut position = "position".to_owned();
                while names.iter().any(|name| name.eq_ignore_ascii_case(&position)) {
                    position.push('_');
                }
                let position = identifier(&position);
                Ok(format!(
                    "(SELECT * EXCLUDE ({position}) FROM (SELECT *, row_number() OVER () - 1 AS \
                     {position} FROM {from}) WHERE {position} IN (FROM temp.main.chosen) \
                     ORDER BY {position})"
                ))
            }
        }
    }
}

fn list(connection: &Connection, positions: &[u64]) -> Result<(), DataError> {
    let failed = during("choose rows");
    connection
        .execute_batch("CREATE OR REPLACE TEMP TABLE temp.main.chosen (position BIGINT)")
        .map_err(&failed)?;
    let mut appender =
        connection.appender_to_catalog_and_db("chosen", "temp", "main").map_err(&failed)?;
    for position in positions {
        appender.append_row([*position as i64]).map_err(&failed)?;
    }
    appender.flush().map_err(failed)
}

/// `wanted` of the numbers below `rows`, each set with the same chance (Floyd's algorithm).
fn sample(rows: u64, wanted: u64, seed: u64) -> Vec<u64> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut chosen = BTreeSet::new();
    for last in rows - wanted..rows {
        let number = below(&mut random, last + 1);
        if !chosen.insert(number) {
            chosen.insert(last);
        }
    }
    chosen.into_iter().collect()
}

/// A number below `bound`, each with the same chance.
fn below(random: &mut ChaCha8Rng, bound: u64) -> u64 {
    // The numbers above the last multiple of the bound would favour the small remainders.
    let unfair = u64::MAX - u64::MAX % bound;
    loop {
        let number = random.next_u64();
        if number < unfair {
            return number % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_the_wanted_size_no_row_twice_and_depends_on_its_seed() {
        for (rows, wanted) in [(1, 0), (10, 1), (10, 9), (100_000, 99)] {
            let sample = sample(rows, wanted, 7);
            assert_eq!(sample.len() as u64, wanted);
            assert!(
                sample.windows(2).all(|pair| pair[0] < pair[1]) && sample.iter().all(|n| *n < rows)
            );
        }
        assert_eq!(sample(1000, 5, 1), sample(1000, 5, 1));
        assert_ne!(sample(1000, 5, 1), sample(1000, 5, 2));
        assert_eq!(sample(1000, 3, 42), sample(1000, 3, 42), "a seed is a promise");
    }

    #[test]
    fn every_row_has_the_same_chance() {
        const ROWS: u64 = 20;
        const ROUNDS: u64 = 4000;
        let mut counts = [0_u64; ROWS as usize];
        for seed in 0..ROUNDS {
            for row in sample(ROWS, 5, seed) {
                counts[row as usize] += 1;
            }
        }
        // A quarter of the rounds each; five standard deviations are 137.
        let expected = ROUNDS * 5 / ROWS;
        assert!(counts.iter().all(|count| count.abs_diff(expected) < 137), "{counts:?}");
    }

    #[test]
    fn a_choice_is_the_same_whatever_the_batches() {
        let choices = [Choice::First(7), Choice::Positions(vec![0, 4, 5, 11])];
        for choice in choices {
            let mut wholes = Vec::new();
            for size in [1, 3, 5, 100] {
                let mut found = Vec::new();
                let mut start = 0;
                while start < 12 && !choice.is_complete(start) {
                    let rows = size.min(12 - start as usize);
                    let chosen =
                        choice.within(start, rows).unwrap_or_else(|| (0..rows as u64).collect());
                    found.extend(chosen.into_iter().map(|index| start + index));
                    start += rows as u64;
                }
                wholes.push(found);
            }
            assert!(wholes.windows(2).all(|pair| pair[0] == pair[1]), "{choice:?} {wholes:?}");
        }
    }
}
