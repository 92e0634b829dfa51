"""The figures of one study: which there are in each of its parts, and what each is plotted from and with."""

import re
import shlex
from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from yetbetter.errors import UserError
from yetbetter.figures.names import names_of
from yetbetter.figures.registry import (
    CELLS,
    EXPERIMENT_DATA,
    EXPERIMENTS,
    FIGURES,
    KINDS,
    ONCE,
    PART,
    POOLS,
    TARGETS,
    WHOLE,
    Figure,
)
from yetbetter.study.code import code_of
from yetbetter.study.experiments import PAPER_TABLES, describe
from yetbetter.study.ladder import LADDER

# The paper's printed values are plotted beside a study of its own models on its own data sets.
PUBLISHED = "resources/published_numbers.csv"
PUBLISHED_SIZES = {"strong": 27e9, "weak": 9e9}


class Plot(NamedTuple):
    """place: what fills in the figure's file name: data set, budget, target or experiment."""

    figure: Figure
    place: dict[str, str]

    @property
    def name(self) -> str:
        """Of its files: coverage_trend_hard"""
        return self.figure.file.format(**self.place)


class Plots:
    """part: "" or "study/", or a task's such as "code/", each of them behind "partial/" if that is asked for. w:
    wildcards part and figure, which is the name of a plot."""

    def __init__(self, study):
        self.study, self.compared = study, study.compared
        config = study.config
        self.experiments = {name: entry for name, entry in config["experiments"].items() if "figure" in entry}
        # Pools belong to models: those that the two sources draw from first.
        self.compared_models = {
            role: config["sources"][self.compared[role]]["draws"][0]["model"] for role in ("strong", "weak")
        }
        self.sizes = {role: config["models"][name].get("parameters") for role, name in self.compared_models.items()}
        shown = {source for entry in study.experiments[study.base].values() for source in entry["sources"]}
        # What the base grid's figures of the training data do not show.
        self.further = {source for source in config["sources"] if not study.is_human(source)} - shown
        self.named: dict[str, Plot] = {}
        self.named_of: dict[tuple[str, bool], str] = {}
        for figure in FIGURES.values():
            for place in self.places(figure):
                self.add(Plot(figure, place))

    def places(self, figure: Figure) -> list[dict[str, str]]:
        """All for which a figure can be asked, whether a part has it or not."""
        if figure.per == ONCE:
            return [{"experiment": name} for name, entry in self.experiments.items() if entry["figure"] == figure.name]
        if figure.per in (EXPERIMENTS, EXPERIMENT_DATA):
            chosen = {
                name: entry
                for name, entry in self.experiments.items()
                if figure.per == EXPERIMENT_DATA or entry["figure"] == figure.name
            }
            return [{"experiment": name, "dataset": one} for name, entry in chosen.items() for one in entry["datasets"]]
        names = {"dataset": self.study.datasets, "budget": self.study.config["budgets"], "target": self.study.models}
        axes = re.findall(r"{(\w+)}", figure.file)
        return [dict(zip(axes, found, strict=True)) for found in product(*(names[axis] for axis in axes))]

    def add(self, plot: Plot) -> None:
        """UserError where two figures would have one name, which only an experiment's name can bring about."""
        other = self.named.setdefault(plot.name, plot)
        if other is not plot:
            experiment = plot.place.get("experiment") or other.place["experiment"]
            raise UserError(
                f"{self.study.name}: experiments.{experiment}: has a figure, so another name"
                f" ({plot.name} is a figure already)"
            )

    # Which there are --------------------------------------------------------------------------------------------------

    def of_grid(self, part: str) -> list[str]:
        """Names of all figures of the whole grid that a part has cells or pools for."""
        grid = self.study.parts[part]
        targets = dict.fromkeys((cell.dataset, cell.budget, cell.target) for cell in grid.cells)
        places = {
            POOLS: [{"dataset": dataset} for dataset in sorted({dataset for dataset, _ in grid.pools})],
            PART: [{}] if grid.cells else [],
            CELLS: [{"dataset": dataset} for dataset in sorted({cell.dataset for cell in grid.cells})],
            TARGETS: [dict(zip(("dataset", "budget", "target"), place, strict=True)) for place in targets],
        }
        return [
            Plot(figure, place).name
            for per, found in places.items()
            for place in found
            for figure in FIGURES.values()
            if figure.per == per and ("dataset" not in place or figure.only(self.study.datasets[place["dataset"]]))
            # A figure of the comparison needs its data set.
            if per != PART or not figure.options or self.compared["dataset"] in {cell.dataset for cell in grid.cells}
        ]

    def experiments_of(self, part: str) -> list[tuple[str, str]]:
        """Experiments with a figure in a part, which may hold only those of the base grid, with their data sets."""
        if not self.study.parts[part].pools:
            return []
        chosen = {name: entry for name, entry in self.experiments.items() if name in self.study.experiments[part]}
        there = {cell.dataset for cell in self.study.parts[part].cells}
        return [(name, dataset) for name, entry in chosen.items() for dataset in entry["datasets"] if dataset in there]

    def of_experiments(self, part: str) -> list[str]:
        """Names of the figures that a part has in addition to those of its whole grid."""
        found = self.experiments_of(part)
        names = [
            KINDS[self.experiments[name]["figure"]].file.format(experiment=name, dataset=dataset)
            for name, dataset in found
        ]
        names += [
            figure.file.format(experiment=name, dataset=dataset)
            for figure in FIGURES.values()
            if figure.per == EXPERIMENT_DATA
            for name, dataset in found
            if set(self.experiments[name]["sources"]) & self.further
        ]
        if part.endswith("study/"):
            names += [figure.file for figure in FIGURES.values() if figure.per == WHOLE]
            has_cells = bool(self.study.parts[part].cells)
            names += [figure.file for figure in FIGURES.values() if figure.in_whole and has_cells]
        return list(dict.fromkeys(names))

    def of_ladder(self, part: str) -> list[str]:
        """Names of the ladder's figure, if a part has it."""
        found = [name for name, _ in self.experiments_of(part) if self.experiments[name]["figure"] == LADDER]
        return list(dict.fromkeys(FIGURES[LADDER].file.format(experiment=name) for name in found))

    def paths(self, part: str, names: Iterable[str]) -> list[str]:
        return [f"{self.study.results}/{part}figures/{name}.{kind}" for name, kind in product(names, ("pdf", "png"))]

    # How each is plotted ----------------------------------------------------------------------------------------------

    def name(self, w) -> str:
        """The figure's name in the registry."""
        return self.named[w.figure].figure.name

    def tables(self, w) -> list[str]:
        folder = f"{self.study.results}/{w.part}tables"
        return [table if "/" in table else f"{folder}/{table}.csv" for table in self.named[w.figure].figure.tables]

    def published(self, w) -> list[str]:
        """The paper's values, where a figure shows them and they are of its data set."""
        figure, place = self.named[w.figure]
        dataset = self.study.datasets[place.get("dataset", self.compared["dataset"])]
        known = self.sizes == PUBLISHED_SIZES and dataset.published
        return [PUBLISHED] if figure.published and known else []

    def options(self, w) -> str:
        """What of the tables it shows, as options of plot_figure.py: those of the figure for which there are values."""
        figure, place = self.named[w.figure]
        roles = self.compared_models if figure.of_models else {}
        values = {option: [value] for option, value in (self.compared | roles | place).items()}
        if "ratio" in figure.options:
            values["ratio"] = [str(self.sizes["strong"] / self.sizes["weak"])]
        if "names" in figure.options:
            values["names"] = [self.names(w.part, bool(self.published(w)))]
        if "experiment" in place:
            values |= self.experiment_values(w)
        words = [word for path in self.published(w) for word in ("--published", path)]
        for option in figure.options:
            if values.get(option):
                words += [f"--{option}", *values[option]]
        return shlex.join(words)

    def names(self, part: str, published: bool) -> str:
        """The names in one part, in the config's order, so that further names of another part change nothing here."""
        if (part, published) not in self.named_of:
            grid = self.study.parts[part]
            budgets, sources = {arm.budget for arm in grid.arms}, {arm.source for arm in grid.arms}
            targets = {cell.target for cell in grid.cells}
            found = names_of(self.study.config, budgets, sources, targets, published)
            self.named_of[part, published] = found.dump()
        return self.named_of[part, published]

    def experiment_values(self, w) -> dict[str, list[str]]:
        """What of a part's tables belongs to an experiment, what its sources are, and which of the paper's they are."""
        figure, place = self.named[w.figure]
        name, sources = place["experiment"], self.study.sources
        entry = self.experiments[name]
        notes = {source: describe(sources[source]) for source in entry["sources"]}
        claims = self.study.config.get("claims", {})
        roles = claims.get("sources", {})
        own = entry["sources"]
        if figure.per == EXPERIMENT_DATA:
            own = [source for source in own if not self.study.is_human(source)]
        return {
            "title": [entry.get("title", name)],
            "sources": own,
            "targets": entry["targets"],
            "budgets": entry["budgets"],
            "note": [f"{source}={note}" for source, note in notes.items() if note],
            "pair": [f"{dataset}={role}" for role, dataset in claims.get("datasets", {}).items()],
            "role": [f"{source}={role}" for role, source in roles.items() if role in PAPER_TABLES]
            if self.published(w)
            else [],
        }

    def code(self, w) -> str:
        """The program's code and that of this figure: an edit of another one changes nothing here."""
        return code_of("plot_figure", self.named[w.figure].figure.module_name)

    # What reports say -------------------------------------------------------------------------------------------------

    def category(self, w) -> str:
        return self.named[w.figure].figure.category

    def labels(self, w) -> dict[str, str]:
        figure, place = self.named[w.figure]
        return {key: label.format(**place) for key, label in figure.labels.items()}

    def caption(self, w, output) -> str:
        """Snakemake plots nothing again for it, since it ignores functions of `output` there."""
        return self.named[w.figure].figure.caption

    # Of tables --------------------------------------------------------------------------------------------------------

    def pairs(self, part: str) -> list[tuple[str, str]]:
        """(source, baseline) of the differences that a part's figures show, less those from the strong source."""
        entries = [self.experiments[name] for name, _ in self.experiments_of(part)]
        return compared_pairs(entries, self.study.sources, self.compared["strong"])


def compared_pairs(experiments: Iterable[dict], sources: dict, strong: str) -> list[tuple[str, str]]:
    """(source, baseline) of the differences that figures show in addition to those from the source `strong`.

    experiments: the config's entries; sources: its registry.
    """
    pairs = []
    for experiment in experiments:
        if "figure" not in experiment:
            continue
        names = experiment["sources"]
        baselines = KINDS[experiment["figure"]].baselines(names, sources, strong)
        pairs += [(name, base) for base in baselines if base != strong for name in names if name not in baselines]
    return list(dict.fromkeys(pairs))
