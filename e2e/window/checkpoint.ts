import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

const F32_BYTES = 4;

/**
 * Writes a checkpoint for MLX into a folder: what looks at checkpoints finds it sound, and nothing in
 * it would answer anything. Its weights are zeros, 8 MB of them, so that it takes a while to fetch.
 */
export async function writeCheckpoint(folder: string): Promise<void> {
  const [hidden, inner, head, words] = [64, 128, 32, 32_768];
  const layer = (name: string): string => `model.layers.0.${name}.weight`;
  const shapes: Record<string, number[]> = {
    "model.embed_tokens.weight": [words, hidden],
    "model.norm.weight": [hidden],
    [layer("self_attn.q_proj")]: [2 * head, hidden],
    [layer("self_attn.k_proj")]: [head, hidden],
    [layer("self_attn.v_proj")]: [head, hidden],
    [layer("self_attn.o_proj")]: [hidden, 2 * head],
    [layer("mlp.gate_proj")]: [inner, hidden],
    [layer("mlp.up_proj")]: [inner, hidden],
    [layer("mlp.down_proj")]: [hidden, inner],
    [layer("input_layernorm")]: [hidden],
    [layer("post_attention_layernorm")]: [hidden],
  };
  const config = {
    model_type: "llama",
    hidden_size: hidden,
    num_hidden_layers: 1,
    intermediate_size: inner,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: head,
    vocab_size: words,
    rms_norm_eps: 1e-5,
    max_position_embeddings: 2048,
    tie_word_embeddings: true,
    eos_token_id: 1,
  };
  const files = {
    "config.json": JSON.stringify(config),
    "tokenizer.json": "{}",
    "tokenizer_config.json": JSON.stringify({ chat_template: "{{ messages }}" }),
    "model.safetensors": weights(shapes),
  };
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
}

/** A safetensors file: the length of its header, the header, the numbers. */
function weights(shapes: Record<string, number[]>): Buffer {
  const header: Record<string, object> = {};
  let end = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const start = end;
    end += shape.reduce((count, side) => count * side, F32_BYTES);
    header[name] = { dtype: "F32", shape, data_offsets: [start, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, Buffer.alloc(end)]);
}
