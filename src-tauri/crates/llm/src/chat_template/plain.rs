//! The layout for models that were never taught a chat format.

use crate::Role;

use super::layout::{Layout, Piece, Trim};

fn heading(role: Role) -> &'static str {
    match role {
        Role::System => "### Instructions",
        Role::User => "### Request",
        Role::Assistant => "### Answer",
    }
}

/// A base model ends an answer by beginning the next section.
pub(super) fn stop_sequences() -> Vec<String> {
    [Role::System, Role::User, Role::Assistant].map(|role| format!("\n{}", heading(role))).into()
}

/// Headings, contents, and the heading of the answer to come.
pub(super) fn layout(roles: &[Role]) -> Layout {
    let mut pieces = Vec::with_capacity(2 * roles.len() + 1);
    let mut between = String::new();
    for (message, role) in roles.iter().enumerate() {
        between.push_str(heading(*role));
        between.push('\n');
        pieces.push(Piece::Text(std::mem::replace(&mut between, "\n\n".to_owned())));
        pieces.push(Piece::Content { message, leading: Trim::All, trailing: Trim::All });
    }
    between.push_str(heading(Role::Assistant));
    between.push('\n');
    pieces.push(Piece::Text(between));
    Layout { pieces, merges_system: false }
}
