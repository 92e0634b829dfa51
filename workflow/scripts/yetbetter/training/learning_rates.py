"""Learning rates by name: which one the first seed's validation chose for the others."""

import sys
from collections.abc import Iterable

from yetbetter.errors import UserError
from yetbetter.records import read_json, shorten

# A folder next to those of the learning rates: the model trained with the rate that the first seed's validation chose.
CHOSEN = "chosen"


def rates_chosen(choices: Iterable[tuple[tuple, str]]) -> dict[tuple, str]:
    """The name of the learning rate that CHOSEN means, by the group of finetunings that share it.

    choices: (group, chosen checkpoint as RATE/NAME) of every seed; a group is what its seeds share.
    """
    rates: dict[tuple, str] = {}
    for group, checkpoint in choices:
        rate = checkpoint.partition("/")[0]
        if rate != CHOSEN:
            rates.setdefault(group, rate)
    return rates


def read_chosen_rate(choice: str, *rates: str) -> float:
    """The learning rate with which a choice's checkpoint was trained, from the option --rate-of.

    choice: a choice.json of evaluate_model.py. rates: each as NAME=RATE. Raises UserError for a name not among them.
    """
    checkpoint = read_json(choice, require=("checkpoint",))["checkpoint"]
    if not isinstance(checkpoint, str):
        raise UserError(f"{choice}: checkpoint is {shorten(repr(checkpoint))}, it must be text")
    name = checkpoint.partition("/")[0]
    known = dict(rate.split("=", 1) for rate in rates if "=" in rate)
    try:
        rate = float(known[name])
    except (KeyError, ValueError):
        given = " ".join(rates) or "none"
        raise UserError(f"{choice}: chose the learning rate {name!r}, --rate-of has only: {given}") from None
    print(f"{choice}: chose the learning rate {name}, {rate:g}", file=sys.stderr)
    return rate
