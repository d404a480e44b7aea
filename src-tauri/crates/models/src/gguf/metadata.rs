use std::collections::HashMap;
use std::io::{Read, Seek};

use serde::{Serialize, Serializer};

use super::cursor::{Cursor, Stop};
use super::defect::{Defect, Place};
use super::value::{Array, Entry, Value, ValueType};

/// The longest key. The specification allows 65,535 bytes; real ones have fewer than 100.
const MOST_KEY_BYTES: u64 = 1024;
/// Longer texts are passed over. The longest chat templates have some 50,000 bytes.
const KEPT_TEXT_BYTES: u64 = 256 << 10;
/// Longer arrays are passed over. Those with an item for each layer have at most 512.
const KEPT_ITEMS: u64 = 1024;
/// What all that is kept may take.
const MOST_KEPT_BYTES: u64 = 16 << 20;
const DEFAULT_ALIGNMENT: u64 = 32;
/// The largest alignment that is believed.
const MOST_ALIGNMENT: u64 = 1 << 20;
/// The most layers: llama.cpp's `LLAMA_MAX_LAYERS`.
const MOST_LAYERS: u64 = 512;

/// What a file says about its model: entries with a name, in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    entries: Vec<Entry>,
    places: HashMap<String, usize>,
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.entries.iter().map(|entry| (&entry.key, &entry.value)))
    }
}

/// Holds what is kept against its limit.
#[derive(Default)]
struct Kept(u64);

impl Kept {
    fn add(&mut self, bytes: u64) -> Result<(), Stop> {
        self.0 += bytes;
        if self.0 > MOST_KEPT_BYTES {
            return Err(Defect::TooMuchMetadata { most: MOST_KEPT_BYTES }.into());
        }
        Ok(())
    }
}

impl Metadata {
    /// All entries, in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry with this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.places.get(key).map(|&place| &self.entries[place])
    }

    /// The value with this key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(super) fn read<R: Read + Seek>(cursor: &mut Cursor<R>, count: u64) -> Result<Self, Stop> {
        let (mut metadata, mut kept) = (Self::default(), Kept::default());
        for index in 0..count {
            cursor.place = Place::Entry(index);
            let key = key(cursor, index)?;
            kept.add(2 * key.len() as u64 + size_of::<Entry>() as u64)?;
            let kind_id = cursor.u32()?;
            let Some(kind) = ValueType::from_id(kind_id) else {
                return Err(Defect::UnknownValueType { key, found: kind_id }.into());
            };
            if metadata.places.insert(key.clone(), metadata.entries.len()).is_some() {
                return Err(Defect::DuplicateKey { key }.into());
            }
            cursor.place = Place::Value(key.clone());
            let value = match kind {
                ValueType::Array => Value::Array(array(cursor, &key, &mut kept)?),
                _ => single(cursor, &key, kind, &mut kept)?,
            };
            metadata.entries.push(Entry { key, kind, value });
        }
        Ok(metadata)
    }

    /// How the tensors are aligned: `general.alignment`, or 32.
    pub(super) fn alignment(&self) -> Result<u64, Stop> {
        let key = "general.alignment";
        let Some(entry) = self.entry(key) else { return Ok(DEFAULT_ALIGNMENT) };
        if entry.kind != ValueType::Uint32 {
            let (key, found) = (key.to_owned(), entry.kind);
            return Err(Defect::WrongType { key, expected: "uint32", found }.into());
        }
        let found = entry.value.as_count().unwrap_or(0);
        if !found.is_power_of_two() || !(8..=MOST_ALIGNMENT).contains(&found) {
            return Err(Defect::Alignment { found, most: MOST_ALIGNMENT }.into());
        }
        Ok(found)
    }

    /// Whether what the program relies on is of the type that it relies on.
    pub(super) fn check_types(&self) -> Result<(), Stop> {
        for key in ["general.architecture", "general.name", "tokenizer.chat_template"] {
            self.check(key, "string", |entry| entry.kind == ValueType::String)?;
        }
        let is_list = |entry: &Entry| entry.kind == ValueType::Array;
        for key in ["tokenizer.ggml.tokens", "tokenizer.ggml.merges"] {
            self.check(key, "array", is_list)?;
        }
        let is_count = |entry: &Entry| entry.value.as_count().is_some();
        for key in ["general.file_type", "split.no", "split.count", "split.tensors.count"] {
            self.check(key, "a count", is_count)?;
        }
        if let (Some(number), Some(count)) = (self.count("split.no"), self.count("split.count"))
            && number >= count.max(1)
        {
            return Err(Defect::BadSplit { number, count }.into());
        }
        let Some(architecture) = self.get("general.architecture").and_then(Value::as_text) else {
            return Ok(());
        };
        let own = |name: &str| format!("{architecture}.{name}");
        for name in ["block_count", "context_length", "embedding_length", "vocab_size"] {
            self.check(&own(name), "a count", is_count)?;
        }
        let layers = self.count(&own("block_count"));
        if let Some(found) = layers.filter(|layers| *layers > MOST_LAYERS) {
            return Err(Defect::Absurd { key: own("block_count"), found }.into());
        }
        for name in ["attention.head_count", "attention.head_count_kv", "feed_forward_length"] {
            let each = self.get(&own(name)).and_then(Value::as_array).map(|array| array.length);
            if let (Some(found), Some(expected)) = (each, layers)
                && found != expected
            {
                return Err(Defect::WrongCount { key: own(name), expected, found }.into());
            }
            self.check(&own(name), "a count, or one for each layer", |entry| {
                entry.value.as_counts().is_some()
            })?;
        }
        Ok(())
    }

    fn count(&self, key: &str) -> Option<u64> {
        self.get(key).and_then(Value::as_count)
    }

    fn check(
        &self,
        key: &str,
        expected: &'static str,
        is_fine: impl Fn(&Entry) -> bool,
    ) -> Result<(), Stop> {
        match self.entry(key) {
            Some(entry) if !is_fine(entry) => {
                let (key, found) = (key.to_owned(), entry.kind);
                Err(Defect::WrongType { key, expected, found }.into())
            }
            _ => Ok(()),
        }
    }
}

/// Whether a name can be shown, and handed to C, as it is. What cannot be seen, breaks a line or
/// turns the direction of writing would let a name change how the rest of a message reads.
pub(super) fn is_printable(name: &str) -> bool {
    let is_hidden = |letter| {
        matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    !name.chars().any(|letter| letter.is_control() || is_hidden(letter))
}

fn key<R: Read + Seek>(cursor: &mut Cursor<R>, index: u64) -> Result<String, Stop> {
    let bytes = text_length(cursor)?;
    match bytes {
        0 => return Err(Defect::EmptyKey { index }.into()),
        _ if bytes > MOST_KEY_BYTES => {
            return Err(Defect::KeyTooLong { index, bytes, most: MOST_KEY_BYTES }.into());
        }
        _ => {}
    }
    match String::from_utf8(cursor.bytes(bytes)?) {
        Ok(key) if is_printable(&key) => Ok(key),
        _ => Err(Defect::KeyNotText { index }.into()),
    }
}

/// The length of the text that follows, which the file has room for.
pub(super) fn text_length<R: Read + Seek>(cursor: &mut Cursor<R>) -> Result<u64, Stop> {
    let bytes = cursor.u64()?;
    if bytes > cursor.left() {
        return Err(Defect::TextTooLong { place: cursor.place.clone(), bytes }.into());
    }
    Ok(bytes)
}

fn single<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    key: &str,
    kind: ValueType,
    kept: &mut Kept,
) -> Result<Value, Stop> {
    Ok(match kind {
        ValueType::Uint8 => Value::Unsigned(u8::from_le_bytes(cursor.take()?).into()),
        ValueType::Int8 => Value::Signed(i8::from_le_bytes(cursor.take()?).into()),
        ValueType::Uint16 => Value::Unsigned(u16::from_le_bytes(cursor.take()?).into()),
        ValueType::Int16 => Value::Signed(i16::from_le_bytes(cursor.take()?).into()),
        ValueType::Uint32 => Value::Unsigned(u32::from_le_bytes(cursor.take()?).into()),
        ValueType::Int32 => Value::Signed(i32::from_le_bytes(cursor.take()?).into()),
        ValueType::Uint64 => Value::Unsigned(u64::from_le_bytes(cursor.take()?)),
        ValueType::Int64 => Value::Signed(i64::from_le_bytes(cursor.take()?)),
        ValueType::Float32 => Value::Float32(f32::from_le_bytes(cursor.take()?)),
        ValueType::Float64 => Value::Float64(f64::from_le_bytes(cursor.take()?)),
        ValueType::Bool => match cursor.take()? {
            [0] => Value::Bool(false),
            [1] => Value::Bool(true),
            [found] => return Err(Defect::NotBool { key: key.to_owned(), found }.into()),
        },
        ValueType::String => {
            let bytes = text_length(cursor)?;
            if bytes > KEPT_TEXT_BYTES {
                cursor.skip(bytes)?;
                return Ok(Value::LongText { bytes });
            }
            kept.add(bytes)?;
            match String::from_utf8(cursor.bytes(bytes)?) {
                Ok(text) => Value::Text(text),
                Err(_) => return Err(Defect::NotText { key: key.to_owned() }.into()),
            }
        }
        ValueType::Array => return Err(Defect::NestedArray { key: key.to_owned() }.into()),
    })
}

fn array<R: Read + Seek>(
    cursor: &mut Cursor<R>,
    key: &str,
    kept: &mut Kept,
) -> Result<Array, Stop> {
    let kind_id = cursor.u32()?;
    let Some(kind) = ValueType::from_id(kind_id) else {
        return Err(Defect::UnknownValueType { key: key.to_owned(), found: kind_id }.into());
    };
    if kind == ValueType::Array {
        return Err(Defect::NestedArray { key: key.to_owned() }.into());
    }
    let length = cursor.u64()?;
    let least_bytes = length.checked_mul(kind.least_bytes());
    let Some(least_bytes) = least_bytes.filter(|bytes| *bytes <= cursor.left()) else {
        return Err(Defect::ArrayTooLong { key: key.to_owned(), count: length }.into());
    };
    if length <= KEPT_ITEMS {
        kept.add(length * size_of::<Value>() as u64)?;
        // Collecting results would not know how many there are, and take room for twice as many.
        let mut items = Vec::with_capacity(length as usize);
        for _ in 0..length {
            items.push(single(cursor, key, kind, kept)?);
        }
        return Ok(Array { kind, length, items: Some(items) });
    }
    if kind == ValueType::String {
        for _ in 0..length {
            let bytes = text_length(cursor)?;
            cursor.skip(bytes)?;
        }
    } else {
        cursor.skip(least_bytes)?;
    }
    Ok(Array { kind, length, items: None })
}
