use super::*;

/// Gemma-3-270M (Q4_K_M): of 18 layers every sixth sees everything, the others 512 tokens.
fn gemma() -> Shape {
    let layer = |index: u64| Layer {
        weight_bytes: 3_800_000,
        cell_bytes: (256 + 256) * 2,
        window: (index % 6 < 5).then_some(512),
        state_bytes: 0,
    };
    Shape {
        layers: (0..18).map(layer).collect(),
        input_bytes: 178_257_920,
        is_tied: true,
        embedding_length: 640,
        feed_forward_length: 2048,
        heads: 4,
        vocabulary_size: 262_144,
        ..Shape::default()
    }
}

/// SmolLM2-135M (Q4_1), the starter model.
fn smol() -> Shape {
    let layer =
        Layer { cell_bytes: 3 * (64 + 64) * 2, weight_bytes: 2_216_448, ..Layer::default() };
    Shape {
        layers: vec![layer; 30],
        input_bytes: 30_081_024,
        is_tied: true,
        embedding_length: 576,
        feed_forward_length: 1536,
        heads: 9,
        vocabulary_size: 49_152,
        merges: 48_900,
        ..Shape::default()
    }
}

fn wanted(cells: u64, sequences: u64, batch_tokens: u64, flash_attention: bool) -> Wanted {
    Wanted { cells, sequences, batch_tokens, flash_attention, gpu_layers: None }
}

const MIB: f64 = 1024.0 * 1024.0;

/// What llama.cpp of `llama-cpp-sys-2` 0.1.161 logged on x86-64, in MiB: keys and values, output
/// and compute buffers.
#[test]
fn the_buffers_are_those_that_llama_cpp_makes() {
    let cases = [
        (smol(), wanted(2048, 4, 512, true), [45.0, 0.75, 16.64]),
        (smol(), wanted(2048, 40, 512, true), [45.0, 7.5, 16.9]),
        (smol(), wanted(8192, 4, 512, true), [180.0, 0.75, 22.64]),
        (smol(), wanted(8192, 40, 512, true), [180.0, 7.5, 23.0]),
        (smol(), wanted(2048, 4, 128, true), [45.0, 0.75, 4.16]),
        (smol(), wanted(2048, 40, 512, false), [45.0, 7.5, 48.26]),
        (gemma(), wanted(2048, 4, 512, true), [36.0, 4.0, 22.28]),
        (gemma(), wanted(8192, 4, 512, true), [61.5, 4.0, 28.78]),
        (gemma(), wanted(8192, 40, 512, true), [144.0, 40.0, 62.63]),
        (gemma(), wanted(2048, 40, 512, false), [36.0, 40.0, 56.52]),
    ];
    for (shape, wanted, [kv, output, compute]) in cases {
        let found = estimate(&shape, &wanted);
        assert_eq!(found.kv_bytes, (kv * MIB) as u64, "{wanted:?}");
        assert_eq!(found.output_bytes, (output * MIB) as u64, "{wanted:?}");
        let ratio = found.compute_bytes as f64 / MIB / compute;
        assert!((0.95..=1.05).contains(&ratio), "{ratio}: {wanted:?}");
    }
}

/// By how much the process grew at most, in bytes, as `bench/fit` measured it on x86-64: rows that
/// fill all cells, then typed answers of every kind. The last of each model is the exact mode.
#[test]
fn the_total_is_within_a_tenth_of_what_was_measured() {
    let cases = [
        (smol(), wanted(1024, 12, 512, true), 187_457_536_u64),
        (smol(), wanted(8192, 40, 512, true), 366_452_736),
        (smol(), wanted(4096, 12, 512, true), 263_372_800),
        (smol(), wanted(8192, 40, 512, true), 366_317_568),
        (smol(), wanted(8192, 12, 512, true), 362_962_944),
        (smol(), wanted(8192, 40, 512, true), 365_875_200),
        (smol(), wanted(2048, 3, 64, false), 205_967_360),
        (gemma(), wanted(1024, 12, 512, true), 427_429_888),
        (gemma(), wanted(8192, 24, 512, true), 594_366_464),
        (gemma(), wanted(4096, 12, 512, true), 495_390_720),
        (gemma(), wanted(8192, 24, 512, true), 594_927_616),
        (gemma(), wanted(8192, 12, 512, true), 555_515_904),
        (gemma(), wanted(8192, 24, 512, true), 595_697_664),
        (gemma(), wanted(2048, 3, 64, false), 431_001_600),
    ];
    for (shape, wanted, measured) in cases {
        let ratio = estimate(&shape, &wanted).total_bytes() as f64 / measured as f64;
        println!("{ratio:.3}: {wanted:?}");
        assert!((0.95..=1.05).contains(&ratio), "{ratio}: {wanted:?}");
    }
}

#[test]
fn a_recurrent_layer_takes_a_state_for_each_sequence_and_no_cells() {
    let mut hybrid = smol();
    for layer in &mut hybrid.layers[..20] {
        *layer = Layer { state_bytes: 4000, ..Layer::default() };
    }
    let found = estimate(&hybrid, &wanted(8192, 40, 512, true));
    assert_eq!(found.kv_bytes, 10 * 768 * 8192 + 20 * 40 * 4000);
}
