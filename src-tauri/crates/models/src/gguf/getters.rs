use serde::Serialize;

use super::tensor_type::{TensorType, label};
use super::{Gguf, Value};

/// Which part of a split model a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Split {
    /// Its number, counted from 0; the first has all metadata.
    pub number: u64,
    /// How many parts there are.
    pub count: u64,
}

impl Gguf {
    /// How the model is built, such as `llama` or `qwen3`.
    pub fn architecture(&self) -> Option<&str> {
        self.text("general.architecture")
    }

    /// What the model calls itself.
    pub fn name(&self) -> Option<&str> {
        self.text("general.name")
    }

    /// The size class that it names, such as `135M`.
    pub fn size_label(&self) -> Option<&str> {
        self.text("general.size_label")
    }

    /// The licence that it names, mostly an SPDX identifier.
    pub fn licence(&self) -> Option<&str> {
        self.text("general.license")
    }

    /// What the file is called after, such as `Q4_K_M`: by `general.file_type`, or else by the
    /// type that most of its bytes have.
    pub fn quantisation(&self) -> Option<&'static str> {
        let named = self.metadata.get("general.file_type").and_then(Value::as_count);
        named.and_then(label).or_else(|| self.commonest_type().map(TensorType::name))
    }

    fn commonest_type(&self) -> Option<TensorType> {
        let bytes_of = |kind: TensorType| -> u128 {
            self.tensors
                .iter()
                .filter(|tensor| tensor.kind == kind)
                .map(|t| u128::from(t.bytes))
                .sum()
        };
        let all = TensorType::all().map(|kind| (bytes_of(kind), kind));
        all.filter(|(bytes, _)| *bytes > 0).max().map(|(_, kind)| kind)
    }

    /// How many tokens it was trained to take.
    pub fn context_length(&self) -> Option<u64> {
        self.own_count("context_length")
    }

    /// How many layers it has.
    pub fn block_count(&self) -> Option<u64> {
        self.own_count("block_count")
    }

    /// How wide it is.
    pub fn embedding_length(&self) -> Option<u64> {
        self.own_count("embedding_length")
    }

    /// How wide its feed-forward layers are; one number, or one for each layer.
    pub fn feed_forward_lengths(&self) -> Option<Vec<u64>> {
        self.own("feed_forward_length").and_then(Value::as_counts)
    }

    /// How many heads of attention it has; one number, or one for each layer.
    pub fn head_counts(&self) -> Option<Vec<u64>> {
        self.own("attention.head_count").and_then(Value::as_counts)
    }

    /// How many heads of keys and values it has; one number, or one for each layer.
    pub fn kv_head_counts(&self) -> Option<Vec<u64>> {
        self.own("attention.head_count_kv").and_then(Value::as_counts)
    }

    /// How many numbers a key has. Where the file says nothing, the width is shared among the
    /// heads, as llama.cpp does.
    pub fn key_length(&self) -> Option<u64> {
        self.own_count("attention.key_length").or_else(|| self.head_length())
    }

    /// How many numbers a value has.
    pub fn value_length(&self) -> Option<u64> {
        self.own_count("attention.value_length").or_else(|| self.head_length())
    }

    fn head_length(&self) -> Option<u64> {
        self.embedding_length()?.checked_div(self.head_counts()?.into_iter().max()?)
    }

    /// How many tokens back the layers with a window look.
    pub fn sliding_window(&self) -> Option<u64> {
        self.own_count("attention.sliding_window").filter(|window| *window > 0)
    }

    /// How many tokens its vocabulary has.
    pub fn vocabulary_size(&self) -> Option<u64> {
        let tokens = self.metadata.get("tokenizer.ggml.tokens").and_then(Value::as_array);
        self.own_count("vocab_size").or_else(|| tokens.map(|tokens| tokens.length))
    }

    /// How many pairs of tokens its tokeniser joins; none where it works otherwise.
    pub fn merges(&self) -> Option<u64> {
        let merges = self.metadata.get("tokenizer.ggml.merges").and_then(Value::as_array);
        merges.map(|merges| merges.length)
    }

    /// Whether it says how a conversation is written; a base model often does not.
    pub fn has_chat_template(&self) -> bool {
        self.metadata.get("tokenizer.chat_template").is_some()
    }

    /// How a conversation is written.
    pub fn chat_template(&self) -> Option<&str> {
        self.text("tokenizer.chat_template")
    }

    /// How many experts a layer has; none where all of the model works on every token.
    pub fn expert_count(&self) -> Option<u64> {
        self.own_count("expert_count").filter(|experts| *experts > 0)
    }

    /// Which part it is, if the model is split into several files.
    pub fn split(&self) -> Option<Split> {
        let count = |key: &str| self.metadata.get(key).and_then(Value::as_count);
        let split = Split { number: count("split.no")?, count: count("split.count")? };
        (split.count > 1).then_some(split)
    }

    /// How many numbers its tensors have.
    pub fn parameters(&self) -> u64 {
        self.tensors.iter().fold(0, |all, tensor| all.saturating_add(tensor.numbers()))
    }

    /// What its tensors take.
    pub fn weights_bytes(&self) -> u64 {
        self.tensors.iter().fold(0, |all, tensor| all.saturating_add(tensor.bytes))
    }

    /// The text with this key.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).and_then(Value::as_text)
    }

    /// The value whose key begins with the architecture.
    pub fn own(&self, name: &str) -> Option<&Value> {
        self.metadata.get(&format!("{}.{name}", self.architecture()?))
    }

    /// The count whose key begins with the architecture.
    pub fn own_count(&self, name: &str) -> Option<u64> {
        self.own(name).and_then(Value::as_count)
    }
}
