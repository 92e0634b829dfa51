"""The verifiable instructions of a prompt, as IFEval's file and the hub have them."""

import json
from dataclasses import dataclass

from yetbetter.errors import UserError

# Keys of a problem: the names of its instructions, and the arguments of each.
KEYS = ("instruction_id_list", "kwargs")


@dataclass(frozen=True)
class Constraints:
    """names: such as length_constraints:number_words. arguments: of each, JSON with sorted keys. prompt: the whole one,
    which an instruction to repeat it needs."""

    names: tuple[str, ...]
    arguments: tuple[str, ...]
    prompt: str

    @property
    def kwargs(self) -> list[dict]:
        return [json.loads(text) for text in self.arguments]


def read_constraints(problem: dict, where: str) -> Constraints | None:
    """None for a problem without instructions. UserError, starting with `where`, for a damaged list of them.

    The hub's rows hold every argument of any instruction, most of them None: these are dropped.
    """
    names, kwargs = problem.get(KEYS[0]), problem.get(KEYS[1])
    if names is None and kwargs is None:
        return None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise UserError(f"{where}: {KEYS[0]} must be a list of names, it is {names!r}")
    if not isinstance(kwargs, list) or not all(isinstance(entry, dict) for entry in kwargs):
        raise UserError(f"{where}: {KEYS[1]} must be a list of mappings, it is {kwargs!r}")
    if len(names) != len(kwargs):
        raise UserError(f"{where}: {len(names)} instructions and {len(kwargs)} {KEYS[1]}, they go together")
    given = [{key: value for key, value in entry.items() if value is not None} for entry in kwargs]
    return Constraints(
        tuple(names), tuple(json.dumps(entry, sort_keys=True) for entry in given), problem.get("question", "")
    )
