"""Makes checkpoints for MLX of the starter model and writes what mlx-lm answers with them.

    smollm2.py STARTER_MODEL.gguf FOLDER

`smollm2-4bit` has the very numbers of the GGUF file: MLX reads its blocks as packed matrices, and
only rows of queries and keys change places, which llama.cpp keeps in another order. `smollm2` is
the same, unpacked to half precision: on a processor that is many times faster.
"""

import json
import sys
from pathlib import Path

import jinja2
import mlx.core as mx
import tokenizers

import models

NAMES = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
LAYER_NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm", "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj"}
#: Values that share a scale in the GGUF's blocks.
GROUP = 32
CONTROL = 3

SYSTEM = "You read reviews of products. Answer in a few words."
QUESTIONS = ["What is the capital of France?", "Write one sentence about the sea."]
THINGS = ["camera", "kettle", "bicycle", "novel", "keyboard", "tent", "lamp", "jacket", "drill",
          "blender"]
OPINIONS = ["The {} broke after two days.", "I love this {}, it just works.",
            "The {} is fine but far too expensive.", "My sister uses her {} every morning.",
            "Never again: this {} arrived late and dirty."]
LABELS = ["positive", "negative"]
REVIEW_TOKENS, QUESTION_TOKENS, LABELLED = 5, 12, 8
#: How far the best token must be ahead of the next one wherever our engine is to choose the same:
#: several times what logits differ by where the same is computed in another order.
LEAST_GAP = 2e-3


def in_our_order(array, heads):
    """Rows of a projection as they are before llama.cpp's conversion pairs them."""
    pairs = array.reshape(heads, array.shape[0] // heads // 2, 2, -1)
    return pairs.swapaxes(1, 2).reshape(array.shape)


def convert(path, folder):
    arrays, about = mx.load(str(path), return_metadata=True)

    def number(key):
        return about[f"llama.{key}"].item()

    heads = int(number("attention.head_count"))
    key_heads = int(number("attention.head_count_kv"))
    weights, quantization = {}, dict(group_size=GROUP, bits=4)
    for name, array in arrays.items():
        base, kind = name.rsplit(".", 1)
        if base in NAMES:
            ours = NAMES[base]
        else:
            _, layer, part = base.split(".")
            ours = f"model.layers.{layer}.{LAYER_NAMES[part]}"
            if part in ("attn_q", "attn_k"):
                array = in_our_order(array, heads if part == "attn_q" else key_heads)
        weights[f"{ours}.{kind}"] = array
        if kind == "scales":
            bits = arrays[f"{base}.weight"].shape[-1] * 32 // (array.shape[-1] * GROUP)
            if bits != quantization["bits"]:
                quantization[ours] = dict(group_size=GROUP, bits=bits)
    words = about["tokenizer.ggml.tokens"]
    kinds = about["tokenizer.ggml.token_type"].tolist()
    end, begin = (int(about[f"tokenizer.ggml.{name}_token_id"].item()) for name in ("eos", "bos"))
    config = dict(
        model_type="llama", hidden_size=int(number("embedding_length")),
        num_hidden_layers=int(number("block_count")),
        intermediate_size=int(number("feed_forward_length")), num_attention_heads=heads,
        num_key_value_heads=key_heads, rms_norm_eps=1e-5, vocab_size=len(words),
        rope_theta=float(number("rope.freq_base")),
        max_position_embeddings=int(number("context_length")),
        tie_word_embeddings="lm_head.weight" not in weights, eos_token_id=end, bos_token_id=begin)
    tokenizer = dict(
        version="1.0", truncation=None, padding=None, normalizer=None, post_processor=None,
        added_tokens=[dict(id=at, content=words[at], single_word=False, lstrip=False,
                           rstrip=False, normalized=False, special=True)
                      for at, kind in enumerate(kinds) if kind == CONTROL],
        pre_tokenizer=dict(type="Sequence", pretokenizers=[
            dict(type="Digits", individual_digits=True),
            dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=True)]),
        decoder=dict(type="ByteLevel", add_prefix_space=True, trim_offsets=True, use_regex=True),
        model=dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None,
                   end_of_word_suffix=None, fuse_unk=False, byte_fallback=False,
                   ignore_merges=False, vocab={word: at for at, word in enumerate(words)},
                   merges=[merge.split(" ") for merge in about["tokenizer.ggml.merges"]]))
    settings = dict(
        tokenizer_class="PreTrainedTokenizerFast", bos_token=words[begin], eos_token=words[end],
        chat_template=about["tokenizer.chat_template"])

    def write(name, weights, config):
        target = folder / name
        target.mkdir()
        mx.save_safetensors(str(target / "model.safetensors"), weights, metadata={"format": "mlx"})
        for file, content in [("config.json", config), ("tokenizer.json", tokenizer),
                              ("tokenizer_config.json", settings)]:
            (target / file).write_text(json.dumps(content, ensure_ascii=False))
        return target

    packed = write("smollm2-4bit", weights, dict(config, quantization=quantization))
    dense = {name: array for name, array in weights.items() if array.ndim == 1}
    for name, scales in weights.items():
        base, kind = name.rsplit(".", 1)
        if kind == "scales":
            bits = quantization.get(base, quantization)["bits"]
            dense[f"{base}.weight"] = mx.dequantize(
                weights[f"{base}.weight"], scales, weights[f"{base}.biases"], GROUP, bits)
    half = {name: array.astype(mx.float16) for name, array in dense.items()}
    return packed, write("smollm2", half, config)


class Answers:
    def __init__(self, folder):
        self.model, self.config = models.loaded(folder)
        self.tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
        self.template = environment.from_string(settings["chat_template"])

    def first_words(self, messages, labels):
        """How likely each label is, by its first token: they differ in that."""
        text = self.template.render(messages=messages, add_generation_prompt=True)
        prompt = self.tokenizer.encode(text, add_special_tokens=False).ids
        firsts = []
        for label in labels:
            whole = self.tokenizer.encode(text + label, add_special_tokens=False).ids
            if whole[:len(prompt)] != prompt:
                raise SystemExit(f"smollm2: the prompt is cut otherwise before {label}")
            firsts.append(whole[len(prompt)])
        logits = self.model(mx.array([prompt]))[0, -1]
        shares = mx.softmax(mx.array([logits[token].item() for token in firsts]))
        return dict(messages=messages, labels=labels, probabilities=shares.tolist())

    def greedy(self, messages, most):
        text = self.template.render(messages=messages, add_generation_prompt=True)
        prompt = self.tokenizer.encode(text, add_special_tokens=False).ids
        cache, tokens, answer, gap = models.cache_of(self.model), prompt, [], float("inf")
        while len(answer) < most:
            # Only the last state is turned into logits: the vocabulary is half of the work.
            hidden = self.model.model(mx.array([tokens]), cache=cache)[:, -1:]
            logits = self.model.model.embed_tokens.as_linear(hidden)[0, -1]
            best = mx.sort(logits)[-2:].tolist()
            gap = min(gap, best[1] - best[0])
            token = mx.argmax(logits).item()
            if token == self.config["eos_token_id"]:
                break
            answer.append(token)
            tokens = [token]
        if gap < LEAST_GAP:
            asked = messages[-1]["content"]
            raise SystemExit(f"smollm2: {asked!r} is decided by {gap}: ask something else")
        return dict(messages=messages, prompt=prompt, answer=answer, least_gap=gap,
                    text=self.tokenizer.decode(answer), most_tokens=most)


def main():
    folder = Path(sys.argv[2])
    packed, dense = convert(Path(sys.argv[1]), folder)
    answers = Answers(packed)
    asked = [answers.greedy([dict(role="user", content=text)], QUESTION_TOKENS)
             for text in QUESTIONS]
    (packed / "answers.json").write_text(json.dumps(asked))
    answers = Answers(dense)
    reviews = [opinion.format(thing) for thing in THINGS for opinion in OPINIONS]
    asked = [answers.greedy([dict(role="system", content=SYSTEM),
                             dict(role="user", content=f"What is this review about? {text}")],
                            REVIEW_TOKENS) for text in reviews]
    (dense / "answers.json").write_text(json.dumps(asked))
    (dense / "labels.json").write_text(json.dumps([
        answers.first_words([dict(role="user", content=f"{text} Is this positive or negative?")],
                            LABELS) for text in reviews[:LABELLED]]))
    for one in asked[:5]:
        print(repr(one["text"]), one["least_gap"])


if __name__ == "__main__":
    main()
