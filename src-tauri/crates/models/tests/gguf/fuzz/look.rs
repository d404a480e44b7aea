use std::fmt::Debug;
use std::io::Cursor;

use braincells_models::ModelsError;
use braincells_models::fit::{Candidate, Machine, Shape, Wanted, judge, suggest};
use braincells_models::gguf::{Gguf, Prefix};

use super::Input;
use super::numbers::Numbers;

/// What a file turned out to be.
pub struct Outcome {
    /// As it is counted.
    pub name: String,
    /// As it is told from others, to see what is new.
    pub detail: String,
}

/// The name of a variant.
pub fn variant(of: &impl Debug) -> String {
    let text = format!("{of:?}");
    text.split([' ', '{', '(']).next().unwrap_or_default().to_owned()
}

/// Reads it in every way there is; the error is what must not be.
pub fn look_at(input: &Input, numbers: &mut Numbers) -> Result<Outcome, String> {
    let Input { bytes, file_bytes } = input;
    let found = Gguf::read(Cursor::new(bytes), *file_bytes);
    let cut = if numbers.below(2) == 0 { bytes.len() } else { numbers.below(bytes.len() + 1) };
    compare(&found, cut as u64, *file_bytes, &Gguf::read_prefix(&bytes[..cut], *file_bytes))?;
    match found {
        Ok(header) => taken(&header, numbers),
        Err(ModelsError::Malformed { defect, .. }) => {
            let (name, detail) = (variant(&defect), defect.to_string());
            // Numbers make no difference, names do.
            let detail = detail.replace(|letter: char| letter.is_ascii_digit(), "");
            if detail.chars().any(char::is_control) {
                return Err(format!("its defect is not printable: {detail:?}"));
            }
            Ok(Outcome { name: format!("refused: {name}"), detail: format!("{name} {detail}") })
        }
        Err(ModelsError::NotGguf { found, .. }) => {
            let name = format!("not GGUF: {found:?}");
            Ok(Outcome { detail: name.clone(), name })
        }
        Err(other) => Err(format!("it is refused without a cause: {other:?}")),
    }
}

/// Whether its beginning says nothing else than the whole.
fn compare(
    whole: &Result<Gguf, ModelsError>,
    cut: u64,
    file_bytes: u64,
    prefix: &Result<Prefix, ModelsError>,
) -> Result<(), String> {
    match (whole, prefix) {
        (Ok(whole), Ok(Prefix::Whole(of_prefix))) => {
            // What is no number is not equal to itself, and prints alike.
            let entries = |header: &Gguf| format!("{:?}", header.metadata.entries());
            let is_alike = whole == of_prefix.as_ref() || entries(whole) == entries(of_prefix);
            if is_alike && whole.tensors == of_prefix.tensors {
                return Ok(());
            }
        }
        (_, Ok(Prefix::NeedsMore { bytes: more }))
            if *more >= 1 && cut.checked_add(*more).is_some_and(|end| end <= file_bytes) =>
        {
            return Ok(());
        }
        // Of a file of another kind less may be seen.
        (Err(ModelsError::NotGguf { .. }), Err(ModelsError::NotGguf { .. })) => return Ok(()),
        (Err(one), Err(other)) if one == other => return Ok(()),
        _ => {}
    }
    Err(format!("whole it is {whole:?}, its first {cut} bytes are {prefix:?}"))
}

/// What is done with a header that was taken.
fn taken(header: &Gguf, numbers: &mut Numbers) -> Result<Outcome, String> {
    let facts = (header.quantisation(), header.parameters(), header.split(), header.licence());
    if numbers.below(16) == 0 {
        serde_json::to_string(header).map_err(|error| error.to_string())?;
    }
    let parts = [header.clone(), header.clone()];
    let shape = match Shape::of_parts(&parts[..=numbers.below(2)]) {
        Ok(shape) => shape,
        Err(ModelsError::NotALanguageModel { lacks, .. }) => {
            let name = format!("taken, no language model: {lacks}");
            return Ok(Outcome { detail: name.clone(), name });
        }
        Err(other) => return Err(format!("it has no shape: {other:?}")),
    };
    let wanted = Wanted {
        cells: numbers.hostile(),
        sequences: numbers.hostile(),
        batch_tokens: *numbers.one_of(&[1, 64, 512]),
        flash_attention: numbers.below(4) > 0,
        gpu_layers: (numbers.below(2) > 0).then(|| numbers.hostile()),
    };
    let machine = Machine {
        ram_bytes: numbers.hostile(),
        gpu_bytes: numbers.hostile(),
        gpu_is_ram: numbers.below(2) > 0,
    };
    let found = judge(&shape, &wanted, &machine);
    let layers = shape.layers.len() as u64;
    if found.gpu_layers > layers + 1 || found.reason.is_empty() {
        return Err(format!("it is judged {found:?}"));
    }
    let labels = ["Q4_K_M", "Q8_0", "F16", header.quantisation().unwrap_or("?")];
    let candidate = |label: &&str| Candidate {
        label: (*label).to_owned(),
        bytes: numbers.hostile(),
        active_bytes: numbers.hostile(),
    };
    let candidates: Vec<Candidate> = labels.iter().map(candidate).collect();
    let suggested = suggest(&candidates, found.memory.besides_weights_bytes(), &machine);
    if suggested.is_some_and(|one| one.index >= candidates.len()) {
        return Err(format!("it is suggested {suggested:?}"));
    }
    let windows = shape.layers.iter().filter(|layer| layer.window.is_some()).count() as u64;
    let states = shape.layers.iter().filter(|layer| layer.state_bytes > 0).count() as u64;
    let some = |count: u64| {
        if count == 0 {
            "no"
        } else if count < layers {
            "some"
        } else {
            "all"
        }
    };
    let detail = format!(
        "{:?} {} {} windows, {} states, {:?} {} bits",
        header.architecture(),
        found.gpu_layers.min(3),
        some(windows),
        some(states),
        facts.0,
        layers.ilog2(),
    );
    Ok(Outcome { name: format!("taken, judged: {:?}", found.verdict), detail })
}
