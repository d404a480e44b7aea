//! Whether llama.cpp can compute a model at all, by how the model is built.

use braincells_llm::llama::knows_architecture;

/// Why a model of this architecture cannot be loaded, if that is known. Of one that nobody told
/// nothing is known.
pub(crate) fn unknown_architecture(architecture: Option<&str>) -> Option<String> {
    let name = architecture.filter(|name| !knows_architecture(name))?;
    Some(format!("the llama.cpp of this version does not know the architecture `{name}`"))
}
