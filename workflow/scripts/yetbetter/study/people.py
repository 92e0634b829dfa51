"""What people label in a study: the arms whose solutions they are offered, their files, and the pages."""

from functools import cached_property
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.tables import read_table

MOST = 500  # solutions that an arm with wide intervals offers, as many as a judge is shown by default


class People:
    """study: a Study. The solutions are those of its base grid. w: wildcards with a data set."""

    def __init__(self, study):
        self.study, self.settings = study, study.config["people"]
        self.folder = f"{study.results}/people"

    @cached_property
    def views(self) -> dict[str, dict]:
        """Data set -> (budget, source) -> the view of the pools of each of its sampled arms.

        Without data sets whose answers are neither right nor wrong: people label right answers.
        """
        found: dict[str, dict] = {}
        for arm in self.study.parts[self.study.base].sampled_arms:
            if self.study.datasets[arm.dataset].graded:
                found.setdefault(arm.dataset, {})[arm.budget, arm.source] = self.study.arm(arm)
        return found

    def blocks(self, w) -> list[str]:
        return sorted({block for view in self.views[w.dataset].values() for block in view.blocks})

    def inputs(self, w) -> list[str]:
        return self.view(w).files("solutions", "verdicts", blocks=self.blocks(w))

    def options(self, w) -> list[str]:
        """Where the solutions are, as arguments of programs."""
        return [*self.view(w).folders("solutions", "verdicts"), "--blocks", *self.blocks(w)]

    def view(self, w):
        """Any of the data set's: all have the same folders."""
        return next(iter(self.views[w.dataset].values()))

    def arms(self, w) -> list[str]:
        """What each arm draws, and how many labels it should have if it lacks some; alike arms are one."""
        lacking, words = self.lacking(w.dataset), {}
        for (budget, source), view in self.views[w.dataset].items():
            draws = ",".join(f"{model}:{samples}" for model, samples in view.draws.items())
            word = draws + (f"@{view.questions}" if view.limit else "")
            words[word] = max(words.get(word, 0), lacking.get((budget, source), 0))
        return [word + (f"+{wanted}" if wanted else "") for word, wanted in words.items()]

    def lacking(self, dataset: str) -> dict[tuple[str, str], int]:
        """(budget, source) -> labels that its interval needs in all, for arms that have fewer.

        From the table of estimates, if the study has one already: the labels that it is made from come first.
        """
        table = Path(f"{self.study.results}/tables/false_positives.csv")
        columns = ("dataset", "budget", "source", "target", "labelled", "labels_needed")
        if not table.is_file():
            return {}
        # Simulated people need nothing from real ones.
        rows = [row for row in read_table(table, columns).rows if row.get("simulated") != "1"]
        of_arms = [row for row in rows if row["dataset"] == dataset and not row["target"] and row["labels_needed"]]
        return {
            (row["budget"], row["source"]): min(int(row["labels_needed"]), MOST)
            for row in of_arms
            if int(row["labels_needed"]) > int(row["labelled"])
        }

    def files(self, w) -> dict[str, str]:
        """Annotator -> her file of labels."""
        annotators = self.settings["annotators"].items()
        return {name: files[w.dataset] for name, files in annotators if w.dataset in files}

    def own_file(self, w) -> list[str]:
        """The file of the wildcards' annotator, if there is one."""
        return [path for name, path in self.files(w).items() if name == w.annotator]

    def labelled(self, w) -> list[str]:
        return [f"{name}={path}" for name, path in self.files(w).items()]

    def pages(self) -> list[str]:
        """The pages of the annotator whom the command line names; UserError if it names none."""
        annotator = self.study.config.get("annotator")
        if annotator is None:
            raise UserError("annotate: nobody is named (--config annotator=NAME)")
        if not self.views:
            raise UserError(f"{self.study.name}: annotate: no data set of the base grid has right answers to label")
        return [f"{self.folder}/{dataset}/annotate/{annotator}.html" for dataset in self.views]

    def comparisons(self) -> list[str]:
        """Agreement and pages of differences of the data sets with labels; UserError if there are no labels."""
        datasets = {dataset for files in self.settings["annotators"].values() for dataset in files}
        if not datasets & self.views.keys():
            raise UserError(f"{self.study.name}: people.annotators: nobody has labels of a data set of the base grid")
        return [
            f"{self.folder}/{dataset}/{name}"
            for dataset in self.views
            if dataset in datasets
            for name in ("agreement.json", "differences.html")
        ]
