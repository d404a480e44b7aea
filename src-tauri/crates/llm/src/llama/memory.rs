//! How much memory a model will take, from the headers of its files, before it is loaded: the
//! formulas of `braincells_models::fit`, for the sizes that this engine gives itself.

use std::path::Path;

use braincells_models::ModelsError;
use braincells_models::fit::{Shape, Wanted};
use braincells_models::gguf::Gguf;

use super::devices::physical_cores;
use super::load::{LoadOptions, ModelFacts, Sizes};
use super::plan::EXACT_BLOCK;
use crate::LLMError;

/// Reads the headers of a model, which may be split into several files, before llama.cpp sees
/// them. A file that is damaged, or made to do damage, is refused with its cause.
pub fn read_headers(path: &Path) -> Result<Vec<Gguf>, LLMError> {
    Gguf::open_parts(path).map_err(|error| match error {
        ModelsError::Missing { path } => LLMError::ModelNotFound { path },
        ModelsError::Unreadable { reason, .. } => broken(path, reason),
        ModelsError::NotGguf { found, .. } => {
            broken(path, format!("it is not a GGUF file: {found}"))
        }
        ModelsError::Malformed { defect, .. } => broken(path, defect.to_string()),
        other => broken(path, other.to_string()),
    })
}

fn broken(path: &Path, reason: String) -> LLMError {
    LLMError::ModelBroken { path: path.to_owned(), reason }
}

/// What the memory of a model depends on; `None` if its headers do not say enough, or it has none
/// that can be read: llama.cpp then says what it lacks.
pub fn shape(path: &Path) -> Option<Shape> {
    Shape::of_parts(&read_headers(path).ok()?).ok()
}

/// How this engine would use a model of this shape on the processor, or with some of it on a GPU.
#[must_use]
pub fn wanted(shape: &Shape, on_gpu: bool, options: &LoadOptions) -> Wanted {
    let tokens = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    let facts = ModelFacts {
        trained_context: tokens(shape.context_length),
        vocabulary_size: tokens(shape.vocabulary_size),
        keeps_one_state: shape.layers.iter().any(|layer| layer.state_bytes > 0),
    };
    let gpu_layers = if on_gpu { -1 } else { 0 };
    let size = Sizes::new(facts, gpu_layers, physical_cores() as u32, options).context;
    Wanted {
        cells: size.cells.into(),
        sequences: size.sequences.into(),
        // What no call ever touches is reserved, and takes no memory.
        batch_tokens: if options.exact { EXACT_BLOCK as u64 } else { size.batch_tokens.into() },
        flash_attention: size.flash_attention,
        gpu_layers: options.gpu_layers.map(u64::from),
    }
}

#[cfg(test)]
mod tests {
    use braincells_models::fit::Layer;

    use super::*;

    #[test]
    fn a_model_is_judged_by_the_sizes_that_it_is_given() {
        let layer = Layer { cell_bytes: 768, ..Layer::default() };
        let mut model = Shape {
            layers: vec![layer; 30],
            vocabulary_size: 262_144,
            context_length: 2048,
            ..Shape::default()
        };
        let usual = LoadOptions::default();
        let cpu = wanted(&model, false, &usual);
        assert_eq!((cpu.cells, cpu.sequences, cpu.flash_attention), (16 * 512, 16 + 8, true));
        assert_eq!(wanted(&model, true, &usual).sequences, 2 * 32 + 8);
        let part = LoadOptions { gpu_layers: Some(7), ..LoadOptions::default() };
        assert_eq!(wanted(&model, true, &part).gpu_layers, Some(7));
        let exact = LoadOptions { exact: true, ..LoadOptions::default() };
        let exact = wanted(&model, false, &exact);
        assert_eq!((exact.flash_attention, exact.batch_tokens), (false, 64));
        // Where logits are small, rows take all the sequences that they may have.
        model.vocabulary_size = 49_152;
        let plain = wanted(&model, false, &usual).sequences;
        model.layers[0].state_bytes = 1000;
        assert!(wanted(&model, false, &usual).sequences < plain, "it has few prefixes");
    }
}
