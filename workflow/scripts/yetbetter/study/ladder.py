"""The ladder of a study: the experiment whose figure is a ladder, with its cells and arms in each part."""

from yetbetter.errors import UserError
from yetbetter.selection.filters import FILTERS
from yetbetter.study.experiments import writers
from yetbetter.study.grid import Arm
from yetbetter.study.stopping import is_fixed

# The kind of figure (`experiments.*.figure`) that has tables of its own.
LADDER = "ladder"
TABLES = ("ladder", "ladder_crossover", "ladder_predictors")


class Ladder:
    """part: the part of the study that the experiment belongs to. w: wildcards with a part.

    Raises UserError if there are several ladders, or sources that cannot be compared.
    """

    def __init__(self, study):
        self.study = study
        config = study.config["experiments"]
        names = [name for name, entry in config.items() if entry.get("figure") == LADDER]
        if len(names) > 1:
            raise UserError(f"{study.name}: experiments.{names[1]}.figure: a study has one {LADDER}, see {names[0]!r}")
        for name in names:
            self.check(name, config[name]["sources"])
        self.own = set(study.grid.cells_of(*names))
        self.extra = any(config[name]["extra"] for name in names)
        self.part = study.whole if self.extra else study.base

    def check(self, name: str, sources: list[str]) -> None:
        """A ladder has the strong source, and rungs that keep all right answers of one model each."""
        where, strong = f"{self.study.name}: experiments.{name}.sources", self.study.compared["strong"]
        if strong not in sources:
            raise UserError(f"{where}: must hold {strong!r} (comparison.strong), which the rungs are compared with")
        if len(sources) < 2:
            raise UserError(f"{where}: a {LADDER} needs a rung in addition to {strong!r}")
        for source in sources:
            entry = self.study.sources[source]
            if len(writers(entry)) != 1:
                raise UserError(f"{where}: {source!r} is not drawn from one model, so it cannot be a rung")
            # Ratios of pass@1 are measured from the answers that are kept.
            whole = FILTERS[entry["filter"]].as_pool and entry["duplicates"] == "keep"
            if not whole or {"keep_per_question", "words"} & entry.keys() or not is_fixed(entry):
                raise UserError(f"{where}: {source!r} leaves out right answers, so it cannot be a rung")

    def tables(self, part: str) -> tuple[str, ...]:
        """Names of its tables in a part."""
        return TABLES if self._cells(part) else ()

    def _cells(self, part: str) -> list:
        # The base grid has no part of an extra experiment, though it may share some of its cells.
        own = () if self.extra and part == self.study.base else self.own
        return [cell for cell in self.study.parts[part].cells if cell in own]

    def cells(self, w) -> list[str]:
        return [cell.path for cell in self._cells(w.part)]

    def arms(self, w) -> list[str]:
        own = {Arm(cell.dataset, cell.budget, cell.source) for cell in self._cells(w.part)}
        return [arm.path for arm in self.study.parts[w.part].sampled_arms if arm in own]

    def scores(self, w) -> list[str]:
        return [f"{self.study.folder('scores')}/{cell}/scores.jsonl" for cell in self.cells(w)]

    def questions(self, w) -> list[str]:
        return [f"{self.study.folder('metrics')}/{arm}.questions.csv" for arm in self.arms(w)]
