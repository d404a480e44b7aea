//! In what the layers of a model differ.

use serde_json::Value;

use super::read::{Fields, config_error};
use super::rope::LOCAL_THETA;
use super::{Architecture, Layer, MOST_CONTEXT, MOST_LAYERS, Rope, RopeScaling, missing_in};
use crate::MlxError;

/// Which layers have positions of which kind, and windows.
pub fn layers(
    architecture: Architecture,
    fields: Fields<'_>,
    count: u32,
) -> Result<Vec<Layer>, MlxError> {
    let is_gemma = architecture == Architecture::Gemma3;
    let (rope, local) = match Rope::by_kind(fields)? {
        Some(both) if is_gemma => both,
        // No other family turns its layers in two ways, and one for all would answer nonsense.
        Some(_) => {
            let what = "`rope_parameters` by kinds of layers".to_owned();
            return Err(MlxError::Unsupported { what });
        }
        None => {
            let local = Rope {
                theta: fields.base("rope_local_base_freq")?.unwrap_or(LOCAL_THETA),
                scaling: RopeScaling::None,
                is_interleaved: false,
            };
            (Rope::of(architecture, fields)?, local)
        }
    };
    let window = fields.count("sliding_window", MOST_CONTEXT)?;
    let window = if is_gemma { window.or(Some(512)) } else { window };
    let slides = sliding_layers(is_gemma, fields, count)?;
    let turns = turned_layers(architecture, fields, count)?;
    slides
        .into_iter()
        .zip(turns)
        .map(|(slides, turns)| {
            if slides && window.is_none() {
                return Err(missing_in(fields, "sliding_window"));
            }
            let rope = if is_gemma && slides { &local } else { &rope };
            Ok(Layer { rope: turns.then(|| rope.clone()), window: window.filter(|_| slides) })
        })
        .collect()
}

/// For each layer whether it sees a window only.
fn sliding_layers(is_gemma: bool, fields: Fields<'_>, count: u32) -> Result<Vec<bool>, MlxError> {
    let Some(kinds) = fields.list("layer_types", count)? else {
        if !is_gemma {
            return Ok(vec![false; count as usize]);
        }
        // Every sixth layer sees everything, the others a window.
        let pattern = fields.count("sliding_window_pattern", MOST_LAYERS)?.unwrap_or(6);
        return Ok((1..=count).map(|layer| layer % pattern != 0).collect());
    };
    let slides = |kind: &Value| match kind.as_str() {
        Some("full_attention") => Ok(false),
        Some("sliding_attention") => Ok(true),
        _ => {
            Err(config_error(&fields.name("layer_types"), format!("names an unknown kind {kind}")))
        }
    };
    kinds.iter().map(slides).collect()
}

/// For each layer whether positions turn its queries and keys.
fn turned_layers(
    architecture: Architecture,
    fields: Fields<'_>,
    count: u32,
) -> Result<Vec<bool>, MlxError> {
    if architecture != Architecture::SmolLM3 {
        return Ok(vec![true; count as usize]);
    }
    if let Some(listed) = fields.list("no_rope_layers", count)? {
        // In spite of the name a 1 is a layer with positions.
        let turns = |value: &Value| match value.as_u64() {
            Some(0) => Ok(false),
            Some(1) => Ok(true),
            _ => Err(config_error(&fields.name("no_rope_layers"), "is not a list of 0 and 1")),
        };
        return listed.iter().map(turns).collect();
    }
    let interval = fields.count("no_rope_layer_interval", MOST_LAYERS)?.unwrap_or(4);
    Ok((1..=count).map(|layer| layer % interval != 0).collect())
}
