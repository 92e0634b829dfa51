"""Shapes of decoder models: from a model's config.json if its files are present, else from the table below."""

import json
from dataclasses import dataclass
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.records import read_json


@dataclass(frozen=True)
class Shape:
    """Sizes of a decoder with gated feed-forward layers, as its config.json names them."""

    layers: int
    hidden: int
    intermediate: int
    heads: int
    key_value_heads: int
    head_size: int
    vocabulary: int
    tied: bool  # whether the last layer is the embedding
    soft_capped: bool = False

    @property
    def layer_parameters(self) -> int:
        """Weights of one layer; biases and norms, under 0.1 % of them, are left out."""
        attention = 2 * self.hidden * self.head_size * (self.heads + self.key_value_heads)
        return attention + 3 * self.hidden * self.intermediate

    @property
    def parameters(self) -> int:
        embeddings = self.vocabulary * self.hidden * (1 if self.tied else 2)
        return embeddings + self.layers * self.layer_parameters


# As published in the config.json of each model on the hub, at the revisions that the configs name. A test compares
# their parameters with the published counts.
PUBLISHED = {
    "google/gemma-7b": Shape(28, 3072, 24576, 16, 16, 256, 256_000, True),
    "google/gemma-2-9b": Shape(42, 3584, 14336, 16, 8, 256, 256_000, True, soft_capped=True),
    "google/gemma-2-27b": Shape(46, 4608, 36864, 32, 16, 128, 256_000, True, soft_capped=True),
    "meta-llama/Llama-3.2-3B": Shape(28, 3072, 8192, 24, 8, 128, 128_256, True),
    "meta-llama/Llama-3.1-8B": Shape(32, 4096, 14336, 32, 8, 128, 128_256, False),
    "meta-llama/Llama-3.1-70B": Shape(80, 8192, 28672, 64, 8, 128, 128_256, False),
    "Qwen/Qwen2.5-3B": Shape(36, 2048, 11008, 16, 2, 128, 151_936, True),
    "Qwen/Qwen2.5-7B": Shape(28, 3584, 18944, 28, 4, 128, 152_064, False),
    "Qwen/Qwen2.5-32B": Shape(64, 5120, 27648, 40, 8, 128, 152_064, False),
}


def shape_of(entry: dict, key: str) -> Shape:
    """The shape of a registry entry's model; UserError, starting with `key`, if it is not known."""
    path = entry["path"]
    if Path(path).is_dir():
        return read_shape(Path(path) / "config.json")
    if path in PUBLISHED:
        return PUBLISHED[path]
    cached = cached_config(path, entry.get("revision"))
    if cached is None:
        raise UserError(
            f"{key}.path: the shape of {path!r} is not known here (known: {', '.join(PUBLISHED)}, and models that are"
            " downloaded)"
        )
    return read_shape(cached)


def cached_config(path: str, revision: str | None) -> Path | None:
    """config.json of a model that was downloaded before; looks in the cache only."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(path, "config.json", revision=revision)
    return Path(found) if isinstance(found, str) else None


def read_shape(path: Path) -> Shape:
    """The shape in a config.json; UserError if it does not describe a decoder of this kind."""
    config = read_json(path)
    config = config.get("text_config", config)
    try:
        heads, hidden = config["num_attention_heads"], config["hidden_size"]
        return Shape(
            layers=config["num_hidden_layers"],
            hidden=hidden,
            intermediate=config["intermediate_size"],
            heads=heads,
            key_value_heads=config.get("num_key_value_heads") or heads,
            head_size=config.get("head_dim") or hidden // heads,
            vocabulary=config["vocab_size"],
            tied=has_tied_embeddings(config),
            soft_capped=bool(config.get("attn_logit_softcapping")),
        )
    except KeyError as error:
        raise UserError(f"{path}: no {error.args[0]!r}, so it describes no decoder that is known here") from None


def has_tied_embeddings(config: dict) -> bool:
    """From a config.json's content. Without the key, the default of the model's family holds: tied for Gemma only."""
    return config.get("tie_word_embeddings", "gemma" in config.get("model_type", ""))


def is_tied(entry: dict) -> bool:
    """Whether the model's last layer is its embedding; False if neither its files nor the table say so."""
    config = Path(entry["path"]) / "config.json"
    if config.is_file():
        content = json.loads(config.read_text(encoding="utf-8"))
        return bool(has_tied_embeddings(content.get("text_config", content)))
    published = PUBLISHED.get(entry["path"])
    return published.tied if published else False


def is_soft_capped(entry: dict) -> bool:
    """Whether the model's attention is soft-capped; without its files, judged by its name on the hub."""
    config = Path(entry["path"]) / "config.json"
    if config.is_file():
        return bool(json.loads(config.read_text(encoding="utf-8")).get("attn_logit_softcapping"))
    published = PUBLISHED.get(entry["path"])
    return published.soft_capped if published else "gemma-2-" in entry["path"].lower()
