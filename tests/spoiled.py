"""Copies of a pocket model, each spoiled in one way that people meet, and what must be said of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 303824\n"
EOS, SHARD = "</s>", "model-{}-of-00002.safetensors"


def edit(path: Path, change: Callable[[dict], object]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def point(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(POINTER)


def cut(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:200_000])


def cut_in_the_header(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])


def pickle(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def lose_a_shard(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / SHARD.format("00001"))
    named = {"a.weight": SHARD.format("00001"), "b.weight": SHARD.format("00002")}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": named}))


def lose_a_tensor(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["model.layers.1.mlp.up_proj.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def narrow(folder: Path) -> None:
    edit(folder / "config.json", lambda config: config.update(intermediate_size=100))


def append_eos(folder: Path) -> None:
    def change(tokenizer: dict) -> None:
        post = tokenizer["post_processor"]
        post["single"].append({"SpecialToken": {"id": EOS, "type_id": 0}})
        post["special_tokens"][EOS] = {"id": EOS, "ids": [1], "tokens": [EOS]}

    edit(folder / "tokenizer.json", change)


def enlarge_the_tokenizer(folder: Path) -> None:
    """As a tokenizer of another model, or with words added after training: `:`, which every prompt holds, is beyond."""
    edit(folder / "tokenizer.json", lambda tokenizer: tokenizer["model"]["vocab"].update({":": 5000}))


def break_the_tokenizer(folder: Path) -> None:
    edit(folder / "tokenizer.json", lambda tokenizer: tokenizer["model"].update(type="Nothing"))


def keep_an_adapter_alone(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    (folder / "config.json").unlink()


def add_bytes(folder: Path) -> None:
    with open(folder / "model.safetensors", "ab") as file:
        file.write(b"x" * 100)


def break_the_link(folder: Path) -> None:
    """As in a cache of the hub from which the blobs were deleted."""
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to("../../blobs/4d7a")


def need_its_own_code(folder: Path) -> None:
    own = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}
    edit(folder / "config.json", lambda config: config.update(model_type="own", auto_map=own))


def cut_json(name: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text('{"a": ')


def mark_the_config(folder: Path) -> None:
    path = folder / "config.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())


def damage(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = {name: tensor * float("nan") for name, tensor in load_file(folder / "model.safetensors").items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def lose_the_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


# How it is spoiled, and words of the one line; those from "no tokenizer" on need a package to be found.
SPOILED = {
    "weights are a pointer": (point("model.safetensors"), "model.safetensors: a pointer of git-lfs.*git lfs pull"),
    "tokenizer is a pointer": (point("tokenizer.json"), "tokenizer.json: a pointer of git-lfs.*git lfs pull"),
    "config is a pointer": (point("config.json"), "config.json: a pointer of git-lfs.*git lfs pull"),
    "weights cut short": (cut, r"model.safetensors: holds 200,000 bytes of 30.,...,.*copy or download it again"),
    "header cut short": (cut_in_the_header, "model.safetensors: 100 bytes without a whole header"),
    "only pickles": (pickle, r"no model.safetensors.*only pickles \(pytorch_model.bin\)"),
    "a shard is missing": (lose_a_shard, r"index.json: names model-00002-of-00002.safetensors, .*\(1 of 2 files"),
    "an adapter alone": (keep_an_adapter_alone, "holds an adapter .*merge it into that model"),
    "bytes too many": (add_bytes, r"model.safetensors: holds 30.,... bytes, its header names 30.,...; copy"),
    "a link that leads nowhere": (break_the_link, "model.safetensors: a link to a file that is not there; copy"),
    "tokenizer's config cut short": (cut_json("tokenizer_config.json"), "tokenizer_config.json: not JSON"),
    "generation config cut short": (cut_json("generation_config.json"), "generation_config.json: not JSON"),
    "config with a byte order mark": (mark_the_config, "config.json: begins with a byte order mark"),
    "no tokenizer": (lose_the_tokenizer, "no tokenizer.json .*copy the tokenizer's files"),
    "broken tokenizer": (break_the_tokenizer, "cannot be loaded: data did not match"),
    "needs its own code": (need_its_own_code, "needs code of its own .*auto_map.*not run here"),
    "tokenizer appends EOS": (append_eos, "its tokenizer appends EOS .*add_eos_token"),
    "a token beyond the embedding": (enlarge_the_tokenizer, "the token ':' has id 5000 .* only ids below 163"),
    "a tensor is missing": (lose_a_tensor, "do not match its config.json: .*up_proj.weight is missing"),
    "other shapes": (narrow, r"do not match its config.json: .*mlp.*has another shape \(15 tensors in all\)"),
}
# Found by the standard library alone, so also by a dry run.
AT_ONCE = list(SPOILED)[: list(SPOILED).index("no tokenizer")]


def spoil(folder: Path, how: str, model: str = "student") -> Path:
    """A spoiled copy of a pocket model."""
    shutil.copytree(ROOT / "resources" / "pocket" / model, folder)
    SPOILED[how][0](folder)
    return folder
