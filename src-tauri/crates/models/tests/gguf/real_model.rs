//! The starter model.

use std::io::Read;
use std::path::PathBuf;

use braincells_models::fit::{Machine, Shape, Verdict, Wanted, estimate, judge, place};
use braincells_models::gguf::{Gguf, Prefix, TensorType, Value};

use super::fuzz::dissect;
use super::mutations::fuzzed;

/// Where `scripts/test` says that it is.
#[expect(clippy::disallowed_methods, reason = "the one setting that tests take from outside")]
fn model_path() -> PathBuf {
    std::env::var_os("BRAINCELLS_TEST_MODEL").map(PathBuf::from).expect(
        "BRAINCELLS_TEST_MODEL must name the starter model: run the tests with scripts/test",
    )
}

fn beginning(bytes: usize) -> Vec<u8> {
    let mut beginning = vec![0; bytes];
    std::fs::File::open(model_path()).unwrap().read_exact(&mut beginning).unwrap();
    beginning
}

/// The figures are those that Python's `gguf` 0.19 prints.
#[test]
fn its_header_is_read() {
    let model = Gguf::open(&model_path()).unwrap();
    assert_eq!((model.version, model.file_bytes), (3, 98_362_432));
    assert_eq!(model.architecture(), Some("llama"));
    assert_eq!(model.name(), Some("Smollm2 135M 8k Lc100K Mix1 Ep2"));
    assert_eq!((model.quantisation(), model.size_label()), (Some("Q4_1"), Some("135M")));
    assert_eq!(model.licence(), Some("apache-2.0"));
    assert_eq!((model.block_count(), model.context_length()), (Some(30), Some(8192)));
    assert_eq!((model.embedding_length(), model.vocabulary_size()), (Some(576), Some(49_152)));
    assert_eq!((model.head_counts(), model.kv_head_counts()), (Some(vec![9]), Some(vec![3])));
    assert_eq!((model.key_length(), model.value_length()), (Some(64), Some(64)));
    assert_eq!((model.feed_forward_lengths(), model.sliding_window()), (Some(vec![1536]), None));
    assert!(model.chat_template().unwrap().starts_with("{% for message in messages %}"));
    assert_eq!(model.metadata.entries().len(), 33);
    let merges = model.metadata.get("tokenizer.ggml.merges").and_then(Value::as_array).unwrap();
    assert_eq!(merges.length, 48_900);
    assert_eq!(model.tensors.len(), 272);
    assert_eq!(model.parameters(), 134_515_008);
    assert_eq!(model.tensors[0].name, "token_embd.weight");
    assert_eq!(model.tensors[0].kind, TensorType::from_id(8).unwrap());
    assert_eq!(model.data_offset, 1_785_664_u64.next_multiple_of(32));
    let last = model.tensors.last().unwrap();
    assert_eq!(model.data_offset + last.offset + last.bytes, model.file_bytes, "to the last byte");
}

#[test]
fn its_first_bytes_are_enough_to_judge_it() {
    let path = model_path();
    let file_bytes = std::fs::metadata(&path).unwrap().len();
    let (mut length, mut requests) = (64 << 10, 1);
    let header = loop {
        match Gguf::read_prefix(&beginning(length), file_bytes).unwrap() {
            Prefix::Whole(header) => break header,
            Prefix::NeedsMore { bytes } => length = (2 * length).max(length + bytes as usize),
        }
        requests += 1;
    };
    assert_eq!(*header, Gguf::open(&path).unwrap());
    assert!(requests <= 6 && length <= 4 << 20, "{requests} requests, {length} bytes");
}

/// Measured by `bench/fit`; see `src/fit/memory/tests.rs`.
#[test]
fn its_memory_is_estimated() {
    let model = Gguf::open(&model_path()).unwrap();
    let shape = Shape::of(&model).unwrap();
    assert_eq!(shape.weight_bytes(), model.weights_bytes());
    assert!(shape.is_tied, "it has no `output.weight`");
    assert!(shape.layers.iter().all(|layer| layer.weight_bytes == shape.layers[0].weight_bytes));
    for (cells, sequences, measured) in [(1024, 12, 187_457_536_u64), (8192, 40, 366_452_736)] {
        let wanted =
            Wanted { cells, sequences, batch_tokens: 512, flash_attention: true, gpu_layers: None };
        let found = estimate(&shape, &wanted);
        assert_eq!(found.kv_bytes, 2 * 30 * 3 * 64 * 2 * cells);
        let ratio = found.total_bytes() as f64 / measured as f64;
        println!("{cells} cells, {sequences} sequences: {ratio:.3} of what was measured");
        assert!((0.95..=1.05).contains(&ratio), "{ratio}: {found:?}");
    }
    let wanted = Wanted {
        cells: 8192,
        sequences: 40,
        batch_tokens: 512,
        flash_attention: true,
        gpu_layers: None,
    };
    let small = judge(&shape, &wanted, &Machine { ram_bytes: 8 << 30, ..Machine::default() });
    assert_eq!(small.verdict, Verdict::Fits);
    let none = judge(&shape, &wanted, &Machine { ram_bytes: 100 << 20, ..Machine::default() });
    assert_eq!(none.verdict, Verdict::WillNotFit, "{}", none.reason);
    let all = place(&shape, &wanted, 31);
    assert!(all.gpu_bytes > shape.weight_bytes(), "{all:?}");
}

#[test]
fn its_changed_header_breaks_nothing() {
    let header = Gguf::open(&model_path()).unwrap();
    let seed = dissect(&beginning(header.data_offset as usize));
    let read = Gguf::read_prefix(&seed.header(), seed.claimed_bytes()).unwrap();
    let Prefix::Whole(read) = read else { panic!("the header is not whole") };
    assert_eq!((&read.metadata, &read.tensors), (&header.metadata, &header.tensors));
    assert_eq!(read.file_bytes, header.file_bytes, "with its true size");
    let report = fuzzed(&[seed], 60, 2);
    assert!(report.count("taken, judged") > 5, "{:?}", report.outcomes);
    assert!(report.count("refused") > 5, "{:?}", report.outcomes);
}
