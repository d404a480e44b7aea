"""Writes tiny checkpoints of every architecture, with random weights from a seed, and the logits
that mlx-lm computes with them.

    tiny.py FOLDER

Each gets a folder with `config.json`, its weights, and `logits.json`: some prompts that begin
alike, tokens that follow each, and the logits behind the prompt and behind each of these. Some
have a long prompt, too, with the logits behind it alone.
"""

import json
import sys
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten, tree_map

import models

SEED = 20261122
#: Every prompt begins with the first; the others differ in length, and one fills the windows.
PREFIX = [3, 17, 42, 5, 99]
ENDS = [[7], [64, 2, 31], [11, 23, 90, 8, 77, 54, 120]]
FOLLOWING = [23, 77, 1]
#: Longer than what our engine computes in one call, and than what is trained on: here windows
#: slide, and positions are stretched. For models where that is not the same everywhere.
LONG = [(place * place * 7 + place * 3 + 31) % 128 for place in range(700)]

BASE = dict(
    hidden_size=64, num_hidden_layers=2, intermediate_size=128, num_attention_heads=4,
    num_key_value_heads=2, head_dim=32, rms_norm_eps=1e-6, vocab_size=128,
    max_position_embeddings=256, rope_theta=1e6, tie_word_embeddings=True)
MINISTRAL_ROPE = dict(
    type="yarn", rope_type="yarn", rope_theta=1e6, factor=16.0, beta_fast=32.0, beta_slow=1.0,
    mscale=1.0, mscale_all_dim=1.0, llama_4_scaling_beta=0.1, original_max_position_embeddings=4)
GEMMA = dict(
    BASE, model_type="gemma3_text", num_hidden_layers=4, num_key_value_heads=1,
    query_pre_attn_scalar=24, sliding_window=4, sliding_window_pattern=2,
    rope_local_base_freq=1e4, rope_scaling=dict(rope_type="linear", factor=8.0))
MINISTRAL = dict(
    BASE, model_type="ministral3", rope_parameters=MINISTRAL_ROPE, layer_types=None,
    sliding_window=None)

#: One of each architecture; these are made in single precision and with four bits.
ARCHITECTURES = {
    "llama": dict(
        BASE, model_type="llama", tie_word_embeddings=False, attention_bias=True, mlp_bias=True,
        rope_scaling=dict(
            rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
            original_max_position_embeddings=64)),
    "qwen2": dict(BASE, model_type="qwen2", head_dim=16),
    "qwen3": dict(BASE, model_type="qwen3"),
    "gemma3": GEMMA,
    "smollm3": dict(BASE, model_type="smollm3", num_hidden_layers=4, no_rope_layer_interval=4),
    "ministral3": MINISTRAL,
}


def rounded(value):
    return float(f"{value:.9g}")


def write(folder, config, quantization=None, kind=mx.float32, parts=1, mixed=False, long=False):
    model = models.empty(config)

    def random(array):
        is_matrix = array.ndim > 1
        scale, centre = (0.3, 0.0) if is_matrix else (0.2, 1.0)
        return (mx.random.normal(array.shape) * scale + centre).astype(kind)

    model.update(tree_map(random, model.parameters()))
    config = dict(config)
    if quantization:
        def wanted(path, layer):
            if not hasattr(layer, "to_quantized"):
                return False
            if mixed and path.endswith(("embed_tokens", "layers.1.mlp.down_proj")):
                config["quantization"][path] = dict(group_size=64, bits=8)
                return dict(group_size=64, bits=8)
            return True

        config["quantization"] = dict(quantization)
        nn.quantize(model, **quantization, class_predicate=wanted)
    folder.mkdir()
    weights = dict(tree_flatten(model.parameters()))
    if parts == 1:
        mx.save_safetensors(str(folder / "model.safetensors"), weights)
    else:
        names = sorted(weights)
        place = {}
        for part in range(parts):
            name = f"model-{part + 1:05}-of-{parts:05}.safetensors"
            own = {key: weights[key] for key in names[part::parts]}
            mx.save_safetensors(str(folder / name), own)
            place.update({key: name for key in own})
        index = dict(metadata={}, weight_map=place)
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (folder / "config.json").write_text(json.dumps(config, indent=1))

    if kind != mx.float32:
        # On a processor our engine computes in single precision whatever the weights are.
        model, _ = models.loaded(folder)
    def behind(prompt):
        cache = models.cache_of(model)
        rows = []
        for tokens in [prompt] + [[token] for token in FOLLOWING]:
            last = model(mx.array([tokens]), cache=cache)[0, -1].astype(mx.float32)
            rows.append([rounded(value) for value in last.tolist()])
        return rows

    prompts = [PREFIX + end for end in ENDS]
    logits = [behind(prompt) for prompt in prompts]
    reference = dict(prefix=len(PREFIX), prompts=prompts, following=FOLLOWING, logits=logits)
    if long:
        reference.update(long=LONG, long_logits=behind(LONG))
    (folder / "logits.json").write_text(json.dumps(reference))
    print(folder.name, len(weights), logits[0][0][:3], flush=True)


def main():
    folder = Path(sys.argv[1]) / "tiny"
    folder.mkdir()
    mx.random.seed(SEED)
    four = dict(group_size=32, bits=4)
    for name, config in ARCHITECTURES.items():
        write(folder / name, config, long=name in ("gemma3", "ministral3"))
        write(folder / f"{name}-4bit", config, four)
    untied = dict(BASE, model_type="qwen3", tie_word_embeddings=False)
    write(folder / "qwen3-8bit-bf16", untied, dict(group_size=64, bits=8), kind=mx.bfloat16)
    write(folder / "qwen3-6bit", ARCHITECTURES["qwen3"], dict(group_size=64, bits=6))
    write(folder / "qwen3-mixed", ARCHITECTURES["qwen3"], four, mixed=True)
    write(folder / "qwen3-parts", ARCHITECTURES["qwen3"], parts=3)
    windows = ["sliding_attention", "full_attention"]
    write(folder / "llama-windows", dict(
        BASE, model_type="llama", layer_types=windows, sliding_window=3))
    # As multimodal repositories hold them: the text model is a part.
    text = {key: value for key, value in GEMMA.items() if key != "vocab_size"}
    write(folder / "gemma3-whole", dict(
        model_type="gemma3", vocab_size=BASE["vocab_size"], text_config=text), four, mixed=True)
    write(folder / "ministral3-whole", dict(
        model_type="mistral3", text_config=dict(MINISTRAL, tie_word_embeddings=False)))


main()
