use braincells_models::gguf::TensorType;

use crate::writer::{File, Tensor, Value};

/// Reads a sound header, without any check, into the parts that it is written from.
pub fn dissect(bytes: &[u8]) -> File {
    let mut reader = Reader { bytes, at: 0 };
    let (magic, version) = (reader.take(4).to_vec(), reader.u32());
    let (tensor_count, entry_count) = (reader.u64(), reader.u64());
    let entries = (0..entry_count).map(|_| (reader.text().to_vec(), reader.value())).collect();
    let tensors = (0..tensor_count).map(|_| reader.tensor()).collect();
    let (entry_count, tensor_count) = (None, None);
    File {
        magic,
        version,
        entries,
        tensors,
        entry_count,
        tensor_count,
        alignment: 32,
        data_bytes: 0,
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        self.at += count;
        &self.bytes[self.at - count..self.at]
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take(4).try_into().unwrap())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take(8).try_into().unwrap())
    }

    fn text(&mut self) -> &'a [u8] {
        let length = self.u64();
        self.take(length as usize)
    }

    fn value(&mut self) -> Value {
        let kind = self.u32();
        let begin = self.at;
        if kind == 9 {
            let (inner, count) = (self.u32(), self.u64());
            for _ in 0..count {
                self.pass_over(inner);
            }
        } else {
            self.pass_over(kind);
        }
        (kind, self.bytes[begin..self.at].to_vec())
    }

    fn pass_over(&mut self, kind: u32) {
        match kind {
            8 => drop(self.text()),
            _ => drop(self.take([1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8][kind as usize])),
        }
    }

    fn tensor(&mut self) -> Tensor {
        let name = self.text().to_vec();
        let dimensions = self.u32();
        let shape = (0..dimensions).map(|_| self.u64()).collect();
        Tensor { name, shape, kind: self.u32(), offset: self.u64() }
    }
}

impl Tensor {
    /// What it takes, as far as that can be counted.
    fn bytes(&self) -> u64 {
        let numbers = self.shape.iter().fold(1_u64, |all, &each| all.saturating_mul(each));
        let kind = TensorType::from_id(self.kind);
        let [block, bytes] = kind.map_or([1, 1], |kind| [kind.block_numbers(), kind.block_bytes()]);
        (numbers / block).saturating_mul(bytes)
    }
}

impl File {
    /// Lets each tensor begin where the one before it ends, so that what is behind that check is
    /// reached by tensors of any size.
    pub fn lay_out(&mut self) {
        let mut due = 0_u64;
        for tensor in &mut self.tensors {
            tensor.offset = due;
            let end = due.saturating_add(tensor.bytes());
            due = end.checked_next_multiple_of(self.alignment as u64).unwrap_or(u64::MAX);
        }
    }

    /// How many bytes the file has to have for its last tensor.
    pub fn claimed_bytes(&self) -> u64 {
        let ends = self.tensors.iter().map(|tensor| tensor.offset.saturating_add(tensor.bytes()));
        let header = self.header().len().next_multiple_of(self.alignment) as u64;
        ends.max().unwrap_or(0).saturating_add(header)
    }
}
