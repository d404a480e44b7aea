//! The tree of common starts, and which of them are worth computing.

use super::super::ffi::Token;
use super::{LEAST_SAVED_TOKENS, Limits, NewPrefix, best_covered, common, covered, shareable};

/// A node of the tree of common starts: a start that at least two prompts share.
#[derive(Debug)]
struct Node {
    length: usize,
    /// The prompts that begin with it, as a range of `Tree::sorted`.
    rows: std::ops::Range<usize>,
    parent: Option<usize>,
    /// What kept prefixes cover of it.
    kept: usize,
    is_chosen: bool,
}

/// The starts that prompts share, each below the longest one that is a start of it.
pub(super) struct Tree<'a> {
    prompts: &'a [&'a [Token]],
    /// Indices of the prompts, sorted by their tokens.
    sorted: Vec<usize>,
    /// What kept prefixes cover of each prompt.
    kept_of_row: Vec<usize>,
    /// Parents before children.
    nodes: Vec<Node>,
    /// The deepest node of each prompt.
    node_of_row: Vec<Option<usize>>,
    in_part: bool,
}

impl<'a> Tree<'a> {
    pub(super) fn of(
        kept: &[&[Token]],
        prompts: &'a [&'a [Token]],
        in_part: bool,
        step: usize,
    ) -> Self {
        let mut sorted: Vec<usize> = (0..prompts.len()).collect();
        sorted.sort_by(|&a, &b| shareable(prompts[a]).cmp(shareable(prompts[b])).then(a.cmp(&b)));
        let mut tree = Self {
            prompts,
            kept_of_row: prompts
                .iter()
                .map(|prompt| best_covered(kept, shareable(prompt), in_part))
                .collect(),
            nodes: Vec::new(),
            node_of_row: vec![None; prompts.len()],
            in_part,
            sorted,
        };
        let neighbours: Vec<usize> = tree
            .sorted
            .windows(2)
            .map(|pair| {
                let length = common(shareable(prompts[pair[0]]), shareable(prompts[pair[1]]));
                length - length % step
            })
            .collect();
        tree.grow(&neighbours, 0..prompts.len(), None);
        for node in &mut tree.nodes {
            let prompt = prompts[tree.sorted[node.rows.start]];
            node.kept = best_covered(kept, &prompt[..node.length], in_part);
            node.is_chosen = node.kept < node.length;
        }
        tree
    }

    /// Adds the node of the sorted prompts `rows` and those below it. `neighbours[i]` is what the
    /// sorted prompts `i` and `i + 1` have in common.
    fn grow(&mut self, neighbours: &[usize], rows: std::ops::Range<usize>, parent: Option<usize>) {
        let mut open = vec![(rows, parent)];
        while let Some((rows, parent)) = open.pop() {
            if rows.len() < 2 {
                if let Some(place) = rows.clone().next() {
                    self.node_of_row[self.sorted[place]] = parent;
                }
                continue;
            }
            let between = &neighbours[rows.start..rows.end - 1];
            let length = between.iter().copied().min().unwrap_or(0);
            let node = if length == 0 {
                parent
            } else {
                self.nodes.push(Node {
                    length,
                    rows: rows.clone(),
                    parent,
                    kept: 0,
                    is_chosen: false,
                });
                Some(self.nodes.len() - 1)
            };
            let mut begin = rows.start;
            for (offset, &shared) in between.iter().enumerate() {
                if shared == length {
                    open.push((begin..rows.start + offset + 1, node));
                    begin = rows.start + offset + 1;
                }
            }
            open.push((begin..rows.end, node));
        }
    }

    /// Leaves out what none of the first `now` prompts begins with.
    pub(super) fn keep_paths_of(&mut self, now: usize) {
        let mut is_needed = vec![false; self.nodes.len()];
        for row in 0..now {
            let mut node = self.node_of_row[row];
            while let Some(index) = node.filter(|&index| !is_needed[index]) {
                is_needed[index] = true;
                node = self.nodes[index].parent;
            }
        }
        for (node, is_needed) in self.nodes.iter_mut().zip(is_needed) {
            node.is_chosen &= is_needed;
        }
    }

    /// For each node whether the chosen ones put it into memory, and how long what they put there
    /// above it is.
    fn there(&self) -> (Vec<bool>, Vec<usize>) {
        let mut is_there: Vec<bool> = self.nodes.iter().map(|node| node.is_chosen).collect();
        let mut above = vec![0; self.nodes.len()];
        if self.in_part {
            // Part of a prefix serves whoever shares only that part. Children follow parents.
            for index in (0..self.nodes.len()).rev() {
                if let Some(parent) = self.nodes[index].parent {
                    is_there[parent] |= is_there[index];
                }
            }
        }
        for index in 0..self.nodes.len() {
            if let Some(parent) = self.nodes[index].parent {
                let is_parent_there = is_there[parent];
                above[index] =
                    if is_parent_there { self.nodes[parent].length } else { above[parent] };
            }
        }
        (is_there, above)
    }

    /// What the chosen nodes save and cost, in tokens.
    fn balance(&self) -> (usize, usize) {
        let (is_there, above) = self.there();
        let start =
            |node: usize| if is_there[node] { self.nodes[node].length } else { above[node] };
        let rows = self.node_of_row.iter().zip(&self.kept_of_row);
        let saved = rows.map(|(node, &kept)| node.map_or(0, start).saturating_sub(kept)).sum();
        let cost = (0..self.nodes.len()).filter(|&index| is_there[index]).map(|index| {
            self.nodes[index].length.saturating_sub(above[index].max(self.nodes[index].kept))
        });
        (saved, cost.sum())
    }

    /// Tokens that the chosen nodes save, less what they cost.
    fn saved(&self) -> isize {
        let (saved, cost) = self.balance();
        saved as isize - cost as isize
    }

    pub(super) fn is_within(&self, limits: Limits) -> bool {
        self.chosen().count() <= limits.prefixes && self.balance().1 <= limits.cells
    }

    pub(super) fn chosen(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|&index| self.nodes[index].is_chosen)
    }

    /// What would be saved if `node` were chosen, or not.
    fn saved_with(&mut self, node: usize, is_chosen: bool) -> isize {
        let before = std::mem::replace(&mut self.nodes[node].is_chosen, is_chosen);
        let saved = self.saved();
        self.nodes[node].is_chosen = before;
        saved
    }

    /// Drops nodes that could not save enough even if they cost nothing.
    pub(super) fn drop_hopeless(&mut self) {
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let rows = self.sorted[node.rows.clone()].iter();
            let most: usize =
                rows.map(|&row| node.length.saturating_sub(self.kept_of_row[row])).sum();
            self.nodes[index].is_chosen &= most >= LEAST_SAVED_TOKENS;
        }
    }

    /// Drops nodes that do not pay for themselves.
    pub(super) fn prune(&mut self) {
        loop {
            let now = self.saved();
            let chosen: Vec<usize> = self.chosen().collect();
            // The deepest of equals, so that what hangs below a node is judged before it.
            let worst = chosen
                .into_iter()
                .map(|index| (now - self.saved_with(index, false), std::cmp::Reverse(index)))
                .min();
            match worst {
                Some((saved, std::cmp::Reverse(index))) if saved < LEAST_SAVED_TOKENS as isize => {
                    self.nodes[index].is_chosen = false;
                }
                _ => return,
            }
        }
    }

    /// Of `candidates` only the best that keep the limits, one after another: the first is the
    /// best single one, and each saves more.
    pub(super) fn select(&mut self, mut candidates: Vec<usize>, limits: Limits) {
        for node in &mut self.nodes {
            node.is_chosen = false;
        }
        let mut saved = 0;
        loop {
            let mut best: Option<(isize, usize)> = None;
            for (place, &candidate) in candidates.iter().enumerate() {
                self.nodes[candidate].is_chosen = true;
                let now = self.saved();
                if self.is_within(limits) && best.is_none_or(|(most, _)| now > most) {
                    best = Some((now, place));
                }
                self.nodes[candidate].is_chosen = false;
            }
            match best {
                Some((now, place)) if now >= saved + LEAST_SAVED_TOKENS as isize => {
                    self.nodes[candidates.swap_remove(place)].is_chosen = true;
                    saved = now;
                }
                _ => return,
            }
        }
    }

    pub(super) fn into_prefixes(self) -> Vec<NewPrefix> {
        let mut found: Vec<NewPrefix> = Vec::new();
        for index in self.chosen() {
            let node = &self.nodes[index];
            let prompt = self.sorted[node.rows.start];
            let path = &self.prompts[prompt][..node.length];
            let (mut start, mut depth) = (node.kept, 0);
            for earlier in &found {
                let other = &self.prompts[earlier.prompt][..earlier.length];
                let length = covered(other, path, self.in_part);
                if length > start
                    || (length == start && length > node.kept && earlier.depth < depth)
                {
                    (start, depth) = (length, earlier.depth + 1);
                }
            }
            found.push(NewPrefix { prompt, length: node.length, start, depth });
        }
        found.sort_by_key(|prefix| prefix.depth);
        found
    }

    /// The nearest chosen node at or above `node`.
    fn group(&self, mut node: Option<usize>) -> Option<usize> {
        while let Some(index) = node.filter(|&index| !self.nodes[index].is_chosen) {
            node = self.nodes[index].parent;
        }
        node
    }

    pub(super) fn order(&self, by_length: bool) -> Vec<usize> {
        let group_of: Vec<Option<usize>> =
            self.node_of_row.iter().map(|&node| self.group(node)).collect();
        let first_beside =
            |group| group_of.iter().position(|&other| other == group).unwrap_or_default();
        let mut keys: Vec<(Vec<usize>, usize, usize)> = (0..self.prompts.len())
            .map(|row| {
                // The first row of each group around it, outermost first.
                let mut place = Vec::new();
                let mut group = group_of[row];
                while let Some(index) = group {
                    let rows = &self.sorted[self.nodes[index].rows.clone()];
                    place.extend(rows.iter().min());
                    group = self.group(self.nodes[index].parent);
                }
                place.reverse();
                // Then itself, or all rows beside it, by their length.
                place.push(if by_length { first_beside(group_of[row]) } else { row });
                let length = if by_length { self.prompts[row].len() } else { 0 };
                (place, length, row)
            })
            .collect();
        keys.sort();
        keys.into_iter().map(|(_, _, row)| row).collect()
    }
}
