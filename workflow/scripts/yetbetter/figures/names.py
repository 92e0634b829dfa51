"""The names of a study's budgets, sources and targets, in its config's order, and the role of each."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field, fields

from yetbetter.errors import UserError

# Samples of the strong model per question -> the paper's name of that budget.
PAPER_BUDGETS = {1: "low", 10: "high"}


@dataclass(frozen=True)
class Names:
    """The defaults are for a table that comes without a config.

    human: sources written by people. mixed: sources that several models draw. base: names of models before finetuning.
    strong_source, weak_source, strong_model, weak_model: the compared sources and the models that drew them; "": the
    name in the figure's option. paper: axis -> own name -> name in the paper's table; an axis without it has the
    paper's names.
    """

    budgets: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    human: list[str] = field(default_factory=lambda: ["human", "ground_truth"])
    mixed: list[str] = field(default_factory=lambda: ["mix"])
    base: list[str] = field(default_factory=lambda: ["base"])
    strong_source: str = ""
    weak_source: str = ""
    strong_model: str = ""
    weak_model: str = ""
    paper: dict[str, dict[str, str]] = field(default_factory=dict)

    def in_paper(self, axis: str, name: str) -> str | None:
        """The name in the paper's table; None if the paper has no such thing."""
        return self.paper[axis].get(name) if name and axis in self.paper else name

    def dump(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))


def names_of(
    config: dict,
    budgets: Collection[str] | None = None,
    sources: Collection[str] | None = None,
    targets: Collection[str] | None = None,
    published: bool = False,
) -> Names:
    """The names of a study, restricted to those given. published: also what the paper calls them."""
    compared = config["comparison"]
    shown = [name for name in config["sources"] if sources is None or name in sources]
    draws = {name: config["sources"][name].get("draws", []) for name in shown}
    models = {role: config["sources"][compared[role]]["draws"][0]["model"] for role in ("strong", "weak")}
    return Names(
        budgets=[name for name in config["budgets"] if budgets is None or name in budgets],
        sources=shown,
        targets=[name for name in config["models"] if targets is None or name in targets],
        human=[name for name in shown if not draws[name]],
        mixed=[name for name in shown if len(draws[name]) > 1],
        base=[],
        strong_source=compared["strong"],
        weak_source=compared["weak"],
        strong_model=models["strong"],
        weak_model=models["weak"],
        paper=paper_names(config, models) if published else {},
    )


def paper_names(config: dict, models: dict[str, str]) -> dict[str, dict[str, str]]:
    student = config.get("claims", {}).get("student")
    return {
        "budget": {
            name: PAPER_BUDGETS[entry["samples"]]
            for name, entry in config["budgets"].items()
            if entry["model"] == models["strong"] and entry["samples"] in PAPER_BUDGETS
        },
        "dataset": {name: entry["adapter"] for name, entry in config["datasets"].items()},
        "target": ({student: "student"} if student else {}) | {models["weak"]: "wc", models["strong"]: "se"},
    }


def read_names(text: str) -> Names:
    """The names that `Names.dump` wrote; UserError for any other text."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"--names: not JSON ({error})") from None
    kinds = {key.name: type(getattr(Names(), key.name)) for key in fields(Names)}
    if not isinstance(found, dict):
        raise UserError(f"--names: not a JSON object (allowed keys: {', '.join(kinds)})")
    for key, value in found.items():
        if key not in kinds:
            raise UserError(f"--names: unknown key {key!r} (allowed: {', '.join(kinds)})")
        words = value if isinstance(value, list) else []
        if type(value) is not kinds[key] or any(not isinstance(word, str) for word in words):
            raise UserError(f"--names: {key} is {json.dumps(value)}, it must be {WANTED[kinds[key]]}")
    if any(not isinstance(names, dict) for names in found.get("paper", {}).values()):
        raise UserError("--names: paper must hold an object for each axis")
    return Names(**found)


WANTED = {list: "a list of names", str: "a name", dict: "an object"}
