//! Rows that are computed together.

use mlx_rs::{Array, Dtype, transforms};

use braincells_llm::decoding::Token;

use super::cache::Cache;
use super::columns::Columns;
use super::decoder::Decoder;
use crate::MlxError;

/// The most tokens of all rows in one call: between calls a cancel is seen.
const CALL_TOKENS: usize = 512;

/// What a call for prompts came to.
pub enum Extended {
    /// The rows, and the logits behind the last token of each.
    Done(Cache, Vec<Vec<f32>>),
    /// Nobody waits for them any more.
    Stopped,
}

/// Computes `ends` behind the first `shared` columns of some rows of `base`: row `i` of the result
/// is row `rows[i]` of it with `ends[i]` behind, none of which is empty. `goes_on` is asked before
/// each call.
pub fn extend(
    decoder: &Decoder,
    base: &Cache,
    rows: &[usize],
    shared: usize,
    ends: &[&[Token]],
    goes_on: impl FnMut() -> bool,
) -> Result<Extended, MlxError> {
    Ok(match run(decoder, base, rows, shared, ends, goes_on)? {
        Some((cache, columns, logits)) => Extended::Done(cache.without_gaps(&columns)?, logits),
        None => Extended::Stopped,
    })
}

/// The logits behind `ends`, each behind one of the rows of `base`, of which nothing is kept; `None`
/// if nobody waits for them any more. As [`extend`] otherwise.
pub fn look(
    decoder: &Decoder,
    base: &Cache,
    rows: &[usize],
    ends: &[&[Token]],
    goes_on: impl FnMut() -> bool,
) -> Result<Option<Vec<Vec<f32>>>, MlxError> {
    let found = run(decoder, base, rows, base.length(), ends, goes_on)?;
    Ok(found.map(|(_, _, logits)| logits))
}

/// The rows, which columns are theirs, and the logits behind the last token of each.
type Computed = (Cache, Columns, Vec<Vec<f32>>);

fn run(
    decoder: &Decoder,
    base: &Cache,
    rows: &[usize],
    shared: usize,
    ends: &[&[Token]],
    mut goes_on: impl FnMut() -> bool,
) -> Result<Option<Computed>, MlxError> {
    let new = ends.iter().map(|end| end.len()).max().unwrap_or(0);
    let mut cache = base.picked(rows, shared)?;
    let columns = Columns {
        pads: cache.pads().to_vec(),
        gap_from: shared,
        gaps: ends.iter().map(|end| new - end.len()).collect(),
    };
    // Whatever stands in a gap is not seen.
    let tokens: Vec<Vec<Token>> =
        ends.iter().map(|end| [&vec![0; new - end.len()], *end].concat()).collect();
    let width = (CALL_TOKENS / rows.len().max(1)).max(1);
    let mut logits = Vec::new();
    for from in (0..new).step_by(width) {
        if !goes_on() {
            return Ok(None);
        }
        let part: Vec<&[Token]> =
            tokens.iter().map(|row| &row[from..new.min(from + width)]).collect();
        logits = compute(decoder, &mut cache, &columns, &part, from + width >= new)?;
    }
    Ok(Some((cache, columns, logits)))
}

/// Computes the next tokens of all rows, as many for each, and the logits behind the last.
pub fn step(
    decoder: &Decoder,
    cache: &mut Cache,
    tokens: &[&[Token]],
) -> Result<Vec<Vec<f32>>, MlxError> {
    let columns = Columns::padded(cache.pads());
    compute(decoder, cache, &columns, tokens, true)
}

fn compute(
    decoder: &Decoder,
    cache: &mut Cache,
    columns: &Columns,
    tokens: &[&[Token]],
    wants_logits: bool,
) -> Result<Vec<Vec<f32>>, MlxError> {
    #[cfg(test)]
    decoder.ask(tokens)?;
    let width = tokens.first().map_or(0, |row| row.len());
    let shape = [tokens.len() as i32, width as i32];
    let logits = decoder.forward(&Array::from_slice(&tokens.concat(), &shape), cache, columns)?;
    if !wants_logits {
        transforms::eval(cache.arrays())?;
        return Ok(Vec::new());
    }
    let logits = logits.as_dtype(Dtype::Float32)?.contiguous()?;
    transforms::eval(cache.arrays().chain([&logits]))?;
    let all = logits
        .try_as_slice::<f32>()
        .map_err(|error| MlxError::Mlx { reason: format!("logits cannot be read: {error}") })?;
    let vocabulary = decoder.config().vocabulary as usize;
    Ok(all.chunks(vocabulary).map(<[f32]>::to_vec).collect())
}
