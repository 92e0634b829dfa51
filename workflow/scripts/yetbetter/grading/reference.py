"""math-verify as another grader, to compare with; runs only inside a worker process (some inputs hang it)."""

import logging

import math_verify

logging.disable(logging.CRITICAL)


def decide(text: str, gold: str, mode: str) -> bool:
    """math-verify's verdict on a whole solution, with its own extraction and its defaults; it knows no modes."""
    return bool(math_verify.verify(math_verify.parse(f"${gold}$"), math_verify.parse(text)))
