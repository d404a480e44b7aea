//! Scoring a closed set of answers with a token trie: nothing is decoded, every label gets a
//! probability.
//!
//! The labels are cut into tokens as they would follow the prompt, each ended by the
//! end-of-turn token, and merged into a trie. At every branching node the model's logits are
//! read once and softmaxed over that node's children only; the probability of a label is the
//! product along its path. Stretches without a branch are certain and never computed. For
//! labels whose first tokens differ the root is the only branching node, and the whole answer
//! is one look at the logits after the prompt.

use super::Token;

/// The trie of one column's labels. Node 0 is the root, the state right after the prompt.
#[derive(Debug)]
pub struct LabelTrie {
    nodes: Vec<Node>,
    label_count: usize,
}

#[derive(Debug)]
struct Node {
    /// Tokens from the root.
    path: Vec<Token>,
    children: Vec<(Token, Child)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Child {
    /// Below here several labels are possible: the next branching node.
    Branch(usize),
    /// Only this label is left.
    Label(usize),
}

impl LabelTrie {
    /// Builds the trie from each label's tokens, `end` added to each. Labels must differ.
    pub fn new(labels: &[Vec<Token>], end: Token) -> Self {
        let ended: Vec<Vec<Token>> = labels
            .iter()
            .map(|tokens| tokens.iter().copied().chain(std::iter::once(end)).collect())
            .collect();
        let mut trie = Self { nodes: Vec::new(), label_count: labels.len() };
        let all: Vec<usize> = (0..labels.len()).collect();
        trie.grow(&ended, &all, 0);
        trie
    }

    /// Adds the branching node at or below `depth` for the labels `of`, and returns it.
    fn grow(&mut self, labels: &[Vec<Token>], of: &[usize], mut depth: usize) -> usize {
        let first = &labels[of[0]];
        while of.iter().all(|&label| labels[label].get(depth) == first.get(depth))
            && of.len() > 1
            && depth + 1 < first.len()
        {
            depth += 1;
        }
        let index = self.nodes.len();
        self.nodes.push(Node { path: first[..depth].to_vec(), children: Vec::new() });
        let mut tokens: Vec<Token> = of.iter().map(|&label| labels[label][depth]).collect();
        tokens.sort_unstable();
        tokens.dedup();
        for token in tokens {
            let below: Vec<usize> =
                of.iter().copied().filter(|&label| labels[label][depth] == token).collect();
            let child = match below[..] {
                [label] => Child::Label(label),
                _ => Child::Branch(self.grow(labels, &below, depth + 1)),
            };
            self.nodes[index].children.push((token, child));
        }
        index
    }

    /// How many nodes need logits.
    pub fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The tokens to feed after the prompt to stand at a node; empty if the prompt suffices.
    pub fn path(&self, node: usize) -> &[Token] {
        &self.nodes[node].path
    }

    /// The longest path, in tokens: what one row may need beyond its prompt.
    pub fn longest_path(&self) -> usize {
        self.nodes.iter().map(|node| node.path.len()).max().unwrap_or(0)
    }

    /// The natural logarithms of a node's children's shares of their common probability.
    pub fn score(&self, node: usize, logits: &[f32]) -> Vec<f64> {
        let children = &self.nodes[node].children;
        let values: Vec<f64> =
            children.iter().map(|(token, _)| f64::from(logits[*token as usize])).collect();
        let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = values.iter().map(|value| (value - highest).exp()).sum();
        values.iter().map(|value| value - highest - total.ln()).collect()
    }

    /// Every label's probability, in the labels' order, from the scores of all nodes.
    pub fn probabilities(&self, scores: &[Vec<f64>]) -> Vec<f64> {
        let mut result = vec![0.0; self.label_count];
        let mut open = vec![(0, 0.0_f64)];
        while let Some((node, logarithm)) = open.pop() {
            for ((_, child), score) in self.nodes[node].children.iter().zip(&scores[node]) {
                match *child {
                    Child::Label(label) => result[label] = (logarithm + score).exp(),
                    Child::Branch(next) => open.push((next, logarithm + score)),
                }
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Token = 9;

    fn logits(pairs: &[(usize, f32)]) -> Vec<f32> {
        let mut logits = vec![0.0; 10];
        for &(token, value) in pairs {
            logits[token] = value;
        }
        logits
    }

    #[test]
    fn labels_with_different_first_tokens_need_one_look() {
        let trie = LabelTrie::new(&[vec![1, 5], vec![2], vec![3, 4]], END);
        assert_eq!((trie.node_count(), trie.longest_path()), (1, 0));
        let scores = vec![trie.score(0, &logits(&[(1, 2.0), (2, 1.0), (3, 0.0)]))];
        let probabilities = trie.probabilities(&scores);
        let total = 2.0_f64.exp() + 1.0_f64.exp() + 1.0;
        assert!((probabilities[0] - 2.0_f64.exp() / total).abs() < 1e-9);
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_common_start_is_walked_without_logits() {
        // "very good", "very bad", "poor"
        let trie = LabelTrie::new(&[vec![1, 2, 3], vec![1, 2, 4], vec![5]], END);
        assert_eq!(trie.node_count(), 2);
        assert_eq!(trie.path(1), &[1, 2]);
        let scores = vec![
            trie.score(0, &logits(&[(1, 1.0), (5, 1.0)])),
            trie.score(1, &logits(&[(3, 3.0), (4, 3.0)])),
        ];
        assert_eq!(
            trie.probabilities(&scores).iter().map(|p| (p * 100.0).round()).collect::<Vec<_>>(),
            vec![25.0, 25.0, 50.0]
        );
    }

    #[test]
    fn all_labels_may_share_their_start() {
        let trie = LabelTrie::new(&[vec![1, 2], vec![1, 3]], END);
        assert_eq!((trie.node_count(), trie.path(0)), (1, &[1][..]));
    }

    #[test]
    fn a_label_may_be_the_start_of_another() {
        // "pos" and "positive" as tokens 1 and 1 2: the end token decides.
        let trie = LabelTrie::new(&[vec![1], vec![1, 2]], END);
        assert_eq!((trie.node_count(), trie.path(0)), (1, &[1][..]));
        let scores = vec![trie.score(0, &logits(&[(9, 5.0), (2, 0.0)]))];
        assert!(trie.probabilities(&scores)[0] > 0.99);
    }
}
