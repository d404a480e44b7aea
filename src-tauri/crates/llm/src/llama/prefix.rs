//! Which tokens several prompts share. Pure arithmetic on token lists; the actor keeps the
//! prefixes that are chosen here in sequences of their own and lets every row start from as much
//! of one as the row really has in common with it.
//!
//! Nobody declares a prefix: whole prompts are compared token by token, so a prefix can neither
//! be cut inside a token nor belong to another prompt. Prefixes form a tree. The rows of a
//! column share their instruction; those that also share a value that comes early, such as a
//! document that many questions are asked about, share that too, in a prefix behind the first.
//!
//! Laws, held by tests against brute force: every prompt is its start followed by its own tokens,
//! and no choice computes more tokens than the best single prefix would.

use super::ffi::Token;

/// Below this many tokens a prefix costs more bookkeeping than it saves.
pub const LEAST_SAVED_TOKENS: usize = 16;

/// How many tokens two lists have in common at their start.
pub fn common(a: &[Token], b: &[Token]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// How many tokens of a prompt are computed at least. One, because its logits are the answer's
/// beginning; and a second, because llama.cpp computes a single token with other kernels than
/// several, and an answer must not depend on how much was shared.
pub const LEAST_OWN_TOKENS: usize = 2;

/// What of a prompt can be shared.
pub fn shareable(prompt: &[Token]) -> &[Token] {
    &prompt[..prompt.len().saturating_sub(LEAST_OWN_TOKENS)]
}

/// How many tokens of `prefix` a path may start from. Memories that cannot be copied in part
/// give all of it or nothing.
pub fn covered(prefix: &[Token], path: &[Token], in_part: bool) -> usize {
    let length = common(prefix, path);
    if in_part || length == prefix.len() { length } else { 0 }
}

/// The longest start that any of `kept` gives to `path`.
fn best_covered(kept: &[&[Token]], path: &[Token], in_part: bool) -> usize {
    kept.iter().map(|prefix| covered(prefix, path, in_part)).max().unwrap_or(0)
}

/// What new prefixes may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many.
    pub prefixes: usize,
    /// Cells of memory, all together.
    pub cells: usize,
    /// Whether a memory can be copied in part.
    pub in_part: bool,
    /// A prefix has a multiple of this many tokens. At least 1.
    pub step: usize,
}

/// A prefix worth computing: the first `length` tokens of prompt `prompt`, of which the first
/// `start` are there already, in a kept prefix or in one named earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewPrefix {
    /// Index of a prompt that begins with it.
    pub prompt: usize,
    /// Its tokens.
    pub length: usize,
    /// Of them, the first that need not be computed.
    pub start: usize,
    /// Which others must be there before: 0 if it starts from kept ones only, else one more than
    /// the one that it starts from. Prefixes of one depth can be computed together.
    pub depth: usize,
}

/// Chooses the prefixes to compute before the first `now` of `prompts` are. The other prompts wait
/// behind them: what they share counts as gain, but what only they share is left for later.
///
/// `kept` are the prefixes in memory. The answer names a prefix before those that start from it.
pub fn choose(
    kept: &[&[Token]],
    prompts: &[&[Token]],
    now: usize,
    limits: Limits,
) -> Vec<NewPrefix> {
    let mut tree = Tree::of(kept, prompts, limits.in_part, limits.step);
    tree.keep_paths_of(now.min(prompts.len()));
    tree.drop_hopeless();
    let candidates: Vec<usize> = tree.chosen().collect();
    tree.prune();
    if !tree.is_within(limits) {
        tree.select(candidates, limits);
    }
    tree.into_prefixes()
}

/// In which order the prompts of a window are best taken, as indices: those that share a prefix
/// behind each other, groups in the order of their first prompt. `by_length` puts rows of about
/// equal length together inside a group, which memories need that compute sequences in step.
pub fn order(prompts: &[&[Token]], by_length: bool) -> Vec<usize> {
    // Groups inside groups matter here even where the inner one serves the outer one's rows.
    let mut tree = Tree::of(&[], prompts, false, 1);
    tree.drop_hopeless();
    tree.prune();
    tree.order(by_length)
}

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

struct Tree<'a> {
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
    fn of(kept: &[&[Token]], prompts: &'a [&'a [Token]], in_part: bool, step: usize) -> Self {
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
    fn keep_paths_of(&mut self, now: usize) {
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

    fn is_within(&self, limits: Limits) -> bool {
        self.chosen().count() <= limits.prefixes && self.balance().1 <= limits.cells
    }

    fn chosen(&self) -> impl Iterator<Item = usize> + '_ {
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
    fn drop_hopeless(&mut self) {
        for index in 0..self.nodes.len() {
            let node = &self.nodes[index];
            let rows = self.sorted[node.rows.clone()].iter();
            let most: usize =
                rows.map(|&row| node.length.saturating_sub(self.kept_of_row[row])).sum();
            self.nodes[index].is_chosen &= most >= LEAST_SAVED_TOKENS;
        }
    }

    /// Drops nodes that do not pay for themselves.
    fn prune(&mut self) {
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
    fn select(&mut self, mut candidates: Vec<usize>, limits: Limits) {
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

    fn into_prefixes(self) -> Vec<NewPrefix> {
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

    fn order(&self, by_length: bool) -> Vec<usize> {
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

#[cfg(test)]
mod tests;
