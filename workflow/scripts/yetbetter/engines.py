"""What generates text. Heavy packages are imported only when an engine is loaded.

An engine has two methods, those of `generation.Generator`: check(prompts, max_new_tokens), which raises UserError for a
prompt it would refuse, and generate(prompts, seeds, temperature, top_k, max_new_tokens, stop).
"""

from yetbetter.errors import UserError


def load_transformers(model: str, revision: str | None, max_context: int):
    from yetbetter.generation import Generator, load_model

    return Generator(*load_model(model, revision), max_context)


ENGINES = {"transformers": load_transformers}


def check_engine(name: str) -> None:
    if name not in ENGINES:
        raise UserError(f"--engine is {name!r}, allowed: {', '.join(ENGINES)}")


def load_engine(name: str, model: str, revision: str | None = None, max_context: int = 0):
    """The engine for a model: a folder or hub id. max_context: limit in tokens, 0 for the model's own."""
    check_engine(name)
    return ENGINES[name](model, revision, max_context)
