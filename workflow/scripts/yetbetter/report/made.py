"""What a part of a study makes: tables, figures, training data, exports, and the page beside another study."""

from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.figures.plots import Plots
from yetbetter.records import digest_of
from yetbetter.report.plan_outcome import digests_of_plans
from yetbetter.study.folders import check_other, name_of
from yetbetter.study.study import VERIFIERS

DATA_TABLES = ("coverage", "diversity", "data_quality", "arms")
SCORE_TABLES = (
    *("finetuned", "differences", "checkpoints", "training", "false_positives", "claims", "claim_comparisons"),
)
# Tables that are not made for another grading mode.
OF_ONE_MODE = ("checkpoints", "training", "false_positives")


class Made:
    """part: "" or "study/", or a task's such as "code/", each of them behind "partial/" if that is asked for."""

    def __init__(self, study):
        self.study, self.plots = study, Plots(study)

    def table_paths(self, part: str, names) -> list[str]:
        return [f"{self.study.root}/{part}tables/{name}.csv" for name in names]

    def data_tables(self, part: str) -> list[str]:
        return self.table_paths(part, DATA_TABLES if self.study.parts[part].pools else ())

    def tables(self, part: str) -> list[str]:
        of_scores = SCORE_TABLES if self.study.parts[part].cells else ()
        if self.study.regraded_folder:
            of_scores = tuple(name for name in of_scores if name not in OF_ONE_MODE)
        further = (*self.study.ladder.tables(part), *self.verifier_tables(part))
        return self.data_tables(part) + self.table_paths(part, (*of_scores, *further))

    def verifier_tables(self, part: str) -> tuple[str, ...]:
        """Arms are filtered by verifiers only in the study's own grading mode."""
        verified = any("verifier" in self.study.sources[arm.source] for arm in self.study.parts[part].sampled_arms)
        return ("verifiers",) if verified and not self.study.partial and not self.study.regraded_folder else ()

    def result_tables(self, part: str) -> list[str]:
        """How finetunings went step by step is too long for a page, and no grader changes it."""
        return [path for path in self.tables(part) if not path.endswith("/training.csv")]

    def training_data(self, part: str) -> list[str]:
        """The training data that the part's models are finetuned on."""
        return [f"{self.study.results}/training_data/{arm.path}.jsonl" for arm in self.study.parts[part].training_sets]

    def exports(self, part: str) -> list[str]:
        return [f"{self.study.results}/exports/{arm.path}" for arm in self.study.parts[part].arms]

    def figures(self, part: str) -> list[str]:
        """Every figure of the whole grid that a part has cells, arms or pools for."""
        return self.plots.paths(part, self.plots.of_grid(part))

    def experiment_figures(self, part: str) -> list[str]:
        """The figures that a part has in addition to those of its whole grid."""
        return self.plots.paths(part, self.plots.of_experiments(part))

    def shown(self, part: str) -> list[str]:
        """The whole base grid's figures and those of the part's experiments; of two with one name the part's own."""
        paths = self.figures(part.removesuffix("study/")) + self.experiment_figures(part)
        return [path for path in {path.rpartition("/")[2]: path for path in paths}.values() if path.endswith(".png")]

    def ladder(self) -> list[str]:
        """Tables and figure of the ladder; UserError if the part has none."""
        part, names = self.study.ladder.part, self.study.ladder.tables(self.study.ladder.part)
        if not names:
            raise UserError(f"{self.study.name}: no experiment has figure: ladder, or none of its cells is finished")
        return self.table_paths(part, names) + self.plots.paths(part, self.plots.of_ladder(part))

    def of_own_part(self, name: str) -> list[str]:
        """Tables and figures of the experiments of a task, or with verifiers; UserError if the study has none."""
        part = self.study.own_parts.get(name)
        if part is None:
            missing = "has verifiers" if name == VERIFIERS else f"is on data sets of task {name!r} alone"
            raise UserError(f"{self.study.name}: no {'' if name == VERIFIERS else 'extra '}experiment {missing}")
        return self.tables(part) + self.figures(part) + self.experiment_figures(part)

    def pairs(self, w) -> list[str]:
        """The differences that a part's figures show in addition to those from the strong source, as arguments."""
        return [f"--pair {source}:{baseline}" for source, baseline in self.plots.pairs(w.part)]

    def beside(self, part: str) -> list[str]:
        """Digests of what a page shows if it exists: tables of the grader's sensitivity, and those of a plan."""
        folder = Path(f"{self.study.results}/{part}tables")
        tables = [folder / f"grader_{name}.csv" for name in ("sensitivity", "claims")]
        return [digest_of(table) for table in tables if table.is_file()] + digests_of_plans(self.study.results)

    def compare_page(self, other) -> list[str]:
        """The page that sets another study's folder beside this one; all experiments beside all experiments."""
        if other is None:
            return []
        part = self.study.whole if Path(str(other)).name == "study" else self.study.base
        folder = f"{self.study.results}/{part}"
        return [f"{folder}compare/{name_of(check_other(other, folder))}/compare.html"]

    @staticmethod
    def refuse_comparison() -> None:
        raise UserError("compare: no other study is named (--config other=results/<folder>)")
