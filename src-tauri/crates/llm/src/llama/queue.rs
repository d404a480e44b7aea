//! Rows that wait for the engine, in the order in which they are taken. Pure; the actor owns one.
//!
//! Rows are put into a better order only inside windows: those that share a prefix behind each
//! other. Windows are taken one after another, so no row waits for more than one window of later
//! ones, and what was asked first, such as rows that somebody looks at, is computed first: the
//! first window is as small as one group, and each is at most twice as large as the one before.

use std::collections::VecDeque;

/// Waiting rows.
#[derive(Debug)]
pub struct Queue<R> {
    /// In arrival order.
    arrived: VecDeque<R>,
    /// Ordered, the next in front.
    window: VecDeque<R>,
    first: usize,
    most: usize,
    size: usize,
}

impl<R> Queue<R> {
    /// An empty queue whose windows have `first` rows at first and at most `most`.
    pub fn new(first: usize, most: usize) -> Self {
        Self { arrived: VecDeque::new(), window: VecDeque::new(), first, most, size: first }
    }

    /// Adds a row behind all others.
    pub fn push(&mut self, row: R) {
        if self.is_empty() {
            self.size = self.first;
        }
        self.arrived.push_back(row);
    }

    /// Puts a row back that was taken and could not be computed: it is the next again.
    pub fn push_front(&mut self, row: R) {
        self.window.push_front(row);
    }

    /// How many rows wait.
    pub fn len(&self) -> usize {
        self.arrived.len() + self.window.len()
    }

    /// Whether no row waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it holds as many rows as it can make use of.
    pub fn is_full(&self) -> bool {
        self.len() >= self.most + self.first
    }

    /// All rows, the next first; those behind the window in arrival order.
    pub fn iter(&self) -> impl Iterator<Item = &R> {
        self.window.iter().chain(&self.arrived)
    }

    /// The rows whose order is settled, the next first.
    #[cfg(test)]
    fn window(&self) -> impl Iterator<Item = &R> {
        self.window.iter()
    }

    /// Opens windows until at least `count` rows are settled, or all. `order` answers with the
    /// indices of the rows it is given, in the order in which they are to be taken.
    pub fn settle(&mut self, count: usize, order: impl Fn(&[R]) -> Vec<usize>) {
        while self.window.len() < count && !self.arrived.is_empty() {
            let length = self.size.min(self.arrived.len());
            let rows: Vec<R> = self.arrived.drain(..length).collect();
            let places = order(&rows);
            let mut rows: Vec<Option<R>> = rows.into_iter().map(Some).collect();
            for place in places {
                self.window.extend(rows.get_mut(place).and_then(Option::take));
            }
            // An order that forgets a row must not lose it.
            self.window.extend(rows.into_iter().flatten());
            self.size = (2 * self.size).min(self.most);
        }
    }

    /// The next row, if it is settled.
    pub fn front(&self) -> Option<&R> {
        self.window.front()
    }

    /// Takes the next row, if it is settled.
    pub fn pop(&mut self) -> Option<R> {
        self.window.pop_front()
    }

    /// Drops the rows that do not pass.
    pub fn retain(&mut self, passes: impl Fn(&R) -> bool) {
        self.arrived.retain(&passes);
        self.window.retain(&passes);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn backwards(rows: &[u32]) -> Vec<usize> {
        (0..rows.len()).rev().collect()
    }

    #[test]
    fn windows_grow_and_are_taken_one_after_another() {
        let mut queue = Queue::new(2, 5);
        (0..20).for_each(|row| queue.push(row));
        assert_eq!(queue.front(), None, "nothing is settled yet");
        queue.settle(1, backwards);
        assert_eq!(queue.window().copied().collect::<Vec<_>>(), [1, 0]);
        queue.settle(3, backwards);
        assert_eq!(queue.window().copied().collect::<Vec<_>>(), [1, 0, 5, 4, 3, 2]);
        queue.settle(7, backwards);
        assert_eq!(queue.window().skip(6).copied().collect::<Vec<_>>(), [10, 9, 8, 7, 6]);
        while queue.pop().is_some() {}
        queue.retain(|row| *row > 18);
        queue.settle(9, backwards);
        assert_eq!(queue.pop(), Some(19));
        (20..23).for_each(|row| queue.push(row));
        queue.settle(1, backwards);
        assert_eq!(queue.window().copied().collect::<Vec<_>>(), [21, 20], "idle: small again");
    }

    #[test]
    fn a_row_that_is_put_back_is_the_next() {
        let mut queue = Queue::new(4, 4);
        (0..6).for_each(|row| queue.push(row));
        queue.settle(1, |rows| (0..rows.len()).collect());
        let first = queue.pop().unwrap();
        queue.push_front(first);
        assert_eq!(queue.front(), Some(&0));
        assert_eq!(queue.len(), 6);
    }

    proptest! {
        #[test]
        fn no_row_is_lost_or_waits_for_more_than_one_window(
            first in 1_usize..6,
            rest in 0_usize..20,
            taken in proptest::collection::vec(1_usize..5, 1..60),
            order in 0_u8..3,
        ) {
            let most = first + rest;
            let mut queue = Queue::new(first, most);
            let mut sent = 0;
            let mut seen = Vec::new();
            for count in taken {
                for _ in 0..=count {
                    queue.push(sent);
                    sent += 1;
                }
                queue.settle(count, |rows: &[u32]| match order {
                    0 => (0..rows.len()).collect(),
                    1 => backwards(rows),
                    // A wrong order: rows twice and rows missing.
                    _ => vec![0, 0, rows.len() + 3],
                });
                for _ in 0..count {
                    seen.extend(queue.pop());
                }
            }
            queue.settle(usize::MAX, backwards);
            while let Some(row) = queue.pop() {
                seen.push(row);
            }
            for (place, &row) in seen.iter().enumerate() {
                prop_assert!(place.abs_diff(row as usize) < most, "{row} came at {place}");
            }
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..sent).collect::<Vec<_>>());
        }
    }
}
