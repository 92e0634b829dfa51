"""What people label in a study: the arms whose solutions they are offered, their files, and the pages."""

from functools import cached_property

from yetbetter.errors import UserError


class People:
    """study: a Study. The solutions are those of its base grid. w: wildcards with a data set."""

    def __init__(self, study):
        self.study, self.settings = study, study.config["people"]
        self.folder = f"{study.results}/people"

    @cached_property
    def views(self) -> dict[str, list]:
        """Data set -> the views of the pools of its sampled arms."""
        found: dict[str, list] = {}
        for arm in self.study.parts[self.study.base].sampled_arms:
            found.setdefault(arm.dataset, []).append(self.study.arm(arm))
        return found

    def blocks(self, w) -> list[str]:
        return sorted({block for view in self.views[w.dataset] for block in view.blocks})

    def inputs(self, w) -> list[str]:
        return self.views[w.dataset][0].files("solutions", "verdicts", blocks=self.blocks(w))

    def folders(self, w) -> list[str]:
        return self.views[w.dataset][0].folders("solutions", "verdicts")

    def arms(self, w) -> list[str]:
        """What each arm draws, once: arms with the same view offer the same solutions."""
        words = {}
        for view in self.views[w.dataset]:
            draws = ",".join(f"{model}:{samples}" for model, samples in view.draws.items())
            words[draws + (f"@{view.questions}" if view.limit else "")] = None
        return list(words)

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
