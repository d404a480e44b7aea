//! Whether an engine can compute a model at all, by how the model is built.

use braincells_llm::llama::knows_architecture;
use braincells_mlx::Architecture;
use braincells_models::catalogue::Runtime;

/// Why a model of this architecture cannot be loaded, if that is known. Of one that nobody told
/// nothing is known.
pub(crate) fn unknown_architecture(runtime: Runtime, architecture: Option<&str>) -> Option<String> {
    let (engine, is_known): (_, fn(&str) -> bool) = match runtime {
        Runtime::Gguf => ("llama.cpp", knows_architecture),
        Runtime::Mlx => ("MLX engine", |name| Architecture::of(name).is_some()),
    };
    let name = architecture.filter(|name| !is_known(name))?;
    Some(format!("the {engine} of this version does not know the architecture `{name}`"))
}
