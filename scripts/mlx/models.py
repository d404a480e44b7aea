"""mlx-lm's models without the rest of it, which wants half of PyPI."""

import importlib
import importlib.util
import json
import sys
import types
from pathlib import Path

import mlx.core as mx
import mlx.nn as nn


def _stand_in():
    # The package's own `__init__` imports what downloads and serves models.
    package = types.ModuleType("mlx_lm")
    package.__path__ = [str(Path(folder) / "mlx_lm") for folder in sys.path
                        if (Path(folder) / "mlx_lm").is_dir()]
    sys.modules["mlx_lm"] = package


_stand_in()


def module(kind):
    """mlx-lm's module for a `model_type`."""
    return importlib.import_module(f"mlx_lm.models.{kind}")


def empty(config):
    """A model of this shape with mlx-lm's initial weights."""
    found = module(config["model_type"])
    return found.Model(found.ModelArgs.from_dict(json.loads(json.dumps(config))))


def loaded(folder):
    """The model of a checkpoint, computing in single precision as our engine does on a
    processor."""
    folder = Path(folder)
    config = json.loads((folder / "config.json").read_text())
    model = empty(config)
    weights = mx.load(str(folder / "model.safetensors"))
    quantization = config.get("quantization")
    if quantization:
        common = {key: quantization[key] for key in ("group_size", "bits")}

        def wanted(path, layer):
            if f"{path}.scales" not in weights or not hasattr(layer, "to_quantized"):
                return False
            own = quantization.get(path)
            return {key: own[key] for key in common} if own else True

        nn.quantize(model, **common, class_predicate=wanted)
    single = {name: one if one.dtype == mx.uint32 else one.astype(mx.float32)
              for name, one in weights.items()}
    model.load_weights(list(single.items()))
    mx.eval(model.parameters())
    return model, config


def cache_of(model):
    """An empty cache for its keys and values."""
    if hasattr(model, "make_cache"):
        return model.make_cache()
    return [module("cache").KVCache() for _ in model.layers]
