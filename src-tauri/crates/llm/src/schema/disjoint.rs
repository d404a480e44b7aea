//! `oneOf` is written like `anyOf`, which is right where no value fits two of its branches. That
//! must be plain to see, or the schema is refused.

use std::cell::Cell;

use super::Misfit;
use super::check::fits;
use super::node::{Node, NodeId, Types};

/// How far references are followed to tell two branches apart.
const MOST_DEPTH: usize = 8;
/// Pairs of schemas, and values held against one, that are looked at for all of a schema.
const MOST_STEPS: u32 = 1_000_000;

/// Refuses a `oneOf` whose branches may overlap.
pub fn check(nodes: &[Node]) -> Result<(), Misfit> {
    let steps = Cell::new(MOST_STEPS);
    for node in nodes {
        let branches = node.one_of.as_deref().unwrap_or_default();
        for (index, &a) in branches.iter().enumerate() {
            for &b in &branches[index + 1..] {
                if !are_disjoint(nodes, a, b, MOST_DEPTH, &steps) {
                    let place = format!("{}/oneOf", node.place);
                    let reason = format!(
                        "`oneOf` is not supported where one value may fit two of its schemas, \
                         `{}` and `{}`; use `anyOf`, or a required property with a `const` of its \
                         own in each",
                        nodes[a].place, nodes[b].place
                    );
                    return Err(Misfit::new(place, reason));
                }
            }
        }
    }
    Ok(())
}

/// What cannot be told within `depth` and `steps` is taken for an overlap.
fn are_disjoint(nodes: &[Node], a: NodeId, b: NodeId, depth: usize, steps: &Cell<u32>) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let Some(left) = steps.get().checked_sub(1) else { return false };
    steps.set(left);
    let (one, other) = (&nodes[a], &nodes[b]);
    if one.never || other.never {
        return true;
    }
    for (id, node, against) in [(a, one, b), (b, other, a)] {
        if let Some(target) = node.reference {
            return are_disjoint(nodes, target, against, depth, steps);
        }
        if let Some(branches) = node.any_of.as_ref().or(node.one_of.as_ref()) {
            return branches
                .iter()
                .all(|&branch| are_disjoint(nodes, branch, against, depth, steps));
        }
        if let Some(literals) = &node.literals {
            let mut own = literals.iter().filter(|value| fits(nodes, id, value, steps));
            return own.all(|value| !fits(nodes, against, value, steps) && steps.get() > 0);
        }
    }
    let (types, others) = (one.types.unwrap_or(Types::ALL), other.types.unwrap_or(Types::ALL));
    if !types.overlaps(others) {
        return true;
    }
    // Two objects are told apart by a property that both must have.
    types.both(others) == Types::OBJECT
        && one.object.required.iter().any(|name| {
            other.object.required.contains(name)
                && match (one.object.property(name), other.object.property(name)) {
                    (Some(a), Some(b)) => are_disjoint(nodes, a, b, depth, steps),
                    _ => false,
                }
        })
}
