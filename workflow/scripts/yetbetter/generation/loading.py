"""One-line errors for models that cannot be loaded. Heavy packages are imported where they are used."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.records import shorten


@contextlib.contextmanager
def loading(model: str) -> Iterator[None]:
    """Raise UserError if a model or tokenizer (of a folder or hub id) cannot be loaded."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, ValueError, KeyError, ImportError, SafetensorError) as error:
        reason, advice = str(error).strip() or type(error).__name__, ""
        if isinstance(error, OSError) and not Path(model).is_dir():
            # The other lines give advice that is useless for a job without a network.
            reason = reason.partition("\n")[0].rstrip(".")
            advice = (
                "; download it where there is a network, such as the login node, into an HF_HOME that is seen from here"
                " (workflow/scripts/fetch_model.py; a gated one needs HF_TOKEN there)"
            )
        raise UserError(f"model {model}: cannot be loaded: {shorten(reason, 200)}{advice}") from error
