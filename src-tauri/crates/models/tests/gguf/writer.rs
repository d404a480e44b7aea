//! Writes small GGUF files, sound ones and others.

/// A metadata value: the identifier of its type, and its bytes.
pub type Value = (u32, Vec<u8>);

pub fn u32_value(number: u32) -> Value {
    (4, number.to_le_bytes().to_vec())
}

pub fn text(text: &str) -> Value {
    (8, length_and(text.as_bytes()))
}

pub fn array(kind: u32, count: u64, items: &[u8]) -> Value {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(count.to_le_bytes());
    bytes.extend(items);
    (9, bytes)
}

pub fn texts(items: &[&str]) -> Value {
    let all: Vec<u8> = items.iter().flat_map(|item| length_and(item.as_bytes())).collect();
    array(8, items.len() as u64, &all)
}

pub fn length_and(bytes: &[u8]) -> Vec<u8> {
    let mut all = (bytes.len() as u64).to_le_bytes().to_vec();
    all.extend(bytes);
    all
}

/// An entry of the tensor table.
#[derive(Clone)]
pub struct Tensor {
    pub name: Vec<u8>,
    pub shape: Vec<u64>,
    pub kind: u32,
    pub offset: u64,
}

/// A file.
#[derive(Clone)]
pub struct File {
    pub magic: Vec<u8>,
    pub version: u32,
    pub entries: Vec<(Vec<u8>, Value)>,
    pub tensors: Vec<Tensor>,
    /// What the header claims, if not the truth.
    pub entry_count: Option<u64>,
    pub tensor_count: Option<u64>,
    pub alignment: usize,
    pub data_bytes: usize,
}

impl File {
    /// A sound file of two small tensors.
    pub fn sound() -> Self {
        let tensor = |name: &str, shape: &[u64], kind, offset| Tensor {
            name: name.into(),
            shape: shape.to_vec(),
            kind,
            offset,
        };
        let mut file = Self {
            magic: b"GGUF".to_vec(),
            version: 3,
            entries: Vec::new(),
            tensors: vec![
                tensor("token_embd.weight", &[64, 10], 8, 0),
                tensor("blk.0.attn_q.weight", &[64, 64], 2, 704),
                tensor("output_norm.weight", &[64], 0, 3008),
            ],
            entry_count: None,
            tensor_count: None,
            alignment: 32,
            // 640 numbers of 34/32 bytes, 4096 of 18/32, 64 of 4, each up to the next 32.
            data_bytes: 3008 + 256,
        };
        for (key, value) in [
            ("general.architecture", text("llama")),
            ("general.name", text("Tiny")),
            ("general.file_type", u32_value(15)),
            ("general.license", text("apache-2.0")),
            ("llama.block_count", u32_value(1)),
            ("llama.context_length", u32_value(2048)),
            ("llama.embedding_length", u32_value(64)),
            ("llama.attention.head_count", u32_value(4)),
            ("llama.attention.head_count_kv", u32_value(2)),
            ("tokenizer.ggml.tokens", texts(&["a", "b", "c"])),
            ("tokenizer.chat_template", text("{{ messages }}")),
        ] {
            file = file.with(key, value);
        }
        file
    }

    /// With this entry, in place of the one with its key if there is one.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.entries.retain(|entry| entry.0 != key.as_bytes());
        self.entries.push((key.into(), value));
        self
    }

    /// With the first tensor changed.
    pub fn with_tensor(mut self, change: impl FnOnce(&mut Tensor)) -> Self {
        change(&mut self.tensors[1]);
        self
    }

    /// Its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.header();
        bytes.resize(bytes.len().next_multiple_of(self.alignment) + self.data_bytes, 7);
        bytes
    }

    /// The bytes of its header.
    pub fn header(&self) -> Vec<u8> {
        let mut bytes = self.magic.clone();
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(self.tensor_count.unwrap_or(self.tensors.len() as u64).to_le_bytes());
        bytes.extend(self.entry_count.unwrap_or(self.entries.len() as u64).to_le_bytes());
        for (key, (kind, value)) in &self.entries {
            bytes.extend(length_and(key));
            bytes.extend(kind.to_le_bytes());
            bytes.extend(value);
        }
        for tensor in &self.tensors {
            bytes.extend(length_and(&tensor.name));
            bytes.extend((tensor.shape.len() as u32).to_le_bytes());
            bytes.extend(tensor.shape.iter().flat_map(|each| each.to_le_bytes()));
            bytes.extend(tensor.kind.to_le_bytes());
            bytes.extend(tensor.offset.to_le_bytes());
        }
        bytes
    }
}
