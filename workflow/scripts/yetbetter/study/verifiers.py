"""A config's verifiers: what each is trained on, by which recipe, and the paths and arguments of its programs."""

import shlex
from types import SimpleNamespace

from yetbetter.cluster.environments import python_of, tell_gpus
from yetbetter.errors import UserError
from yetbetter.identity import stream_seed
from yetbetter.selection.filters import FILTERS
from yetbetter.study.models import Target
from yetbetter.study.views import PoolFiles
from yetbetter.tasks import TASKS

# Kinds with a head of two classes. The other one asks the language model.
CLASSES = ("outcome", "process")


class Verifier(Target):
    """A model that is trained to tell right solutions from wrong ones, once for each data set.

    Trained on the first samples of an arm's view, right and wrong ones, whatever its source's filter is.
    """

    def __init__(self, name: str, entry: dict, study):
        config = study.config
        recipe = config["finetuning"][entry["recipe"]]
        super().__init__(
            entry["model"], config["models"][entry["model"]], config["environments"], study.results, recipe
        )
        self.key, self.how, self.study, self.kind = name, entry, study, entry["kind"]
        self.prompt, self.budget, self.source = entry["prompt"], entry["budget"], entry["source"]
        self.is_process = self.kind == "process"
        [self.rate] = recipe["learning_rates"].values()
        words = "" if self.kind in CLASSES else " ".join(map(shlex.quote, entry["words"]))
        self.labelling = f"--kind {self.kind}" + (words and f" --words-of-answer {words}")
        self.asking = f"--kind {self.kind}" + (words and f" --words {words}")
        # How its scores are computed; no part of their identity.
        self.working = {
            "python": tell_gpus(self.jobs.gpu) + python_of(config["environments"], "deepspeed"),
            "arguments": f"--batch-size {self.entry['batch_size']} --precision {recipe['precision']}",
        }
        # The completions of a step's prefix are drawn by the model that wrote the solution.
        self.completer = study.models[config["sources"][self.source]["draws"][0]["model"]]

    def folder(self, dataset: str) -> str:
        return f"{self.study.results}/verifiers/{dataset}/{self.key}"

    def checkpoint(self, dataset: str) -> str:
        """The trained model: the last checkpoint."""
        return f"{self.folder(dataset)}/model/checkpoint-{self.checkpoints}"

    def arm(self, dataset: str) -> SimpleNamespace:
        """The wildcards of the arm whose view it is trained on."""
        return SimpleNamespace(dataset=dataset, budget=self.budget, source=self.source)

    def view(self, dataset: str) -> PoolFiles:
        """What it is trained on: the arm's view of the pools, without what the arm's filter reads."""
        arm = self.study.arm(self.arm(dataset))
        return PoolFiles(self.study, dataset, arm.draws, arm.questions, arm.part)

    def arm_arguments(self, dataset: str) -> list[str]:
        view = self.view(dataset)
        words = ["--draws", *(f"{model}:{samples}" for model, samples in view.draws.items())]
        if "questions" in self.study.sources[self.source]:
            words.append(f"--questions {view.questions}")
        return [*words, "--filter none", *view.folders("solutions", "verdicts"), "--blocks", *view.blocks]

    def choice(self, dataset: str) -> str:
        """Which solutions it is trained on."""
        seed = stream_seed(self.study.config["seed"], "verifier", self.key, dataset) % 2**31
        return f"--per-question {self.how['per_question']} --seed {seed}"

    def completions(self, dataset: str) -> list[str]:
        """Verdicts on the steps' completions."""
        return [f"{self.folder(dataset)}/completions.verdicts.jsonl"] if self.is_process else []

    def training_options(self, dataset: str) -> str:
        """The recipe's settings, as arguments of a finetuning."""
        seed = stream_seed(self.study.config["seed"], "verifier's finetuning", self.key, dataset) % 2**31
        head = " --head classes" if self.kind in CLASSES else ""
        return self.options(self.budget, f"--learning-rate {self.rate}", seed) + head


def check_verifiers(config: dict, name: str, require) -> None:
    """Every verifier has an arm to learn from, a recipe with one learning rate; sources that need one name one."""
    for verifier, entry in config["verifiers"].items():
        key = f"verifiers.{verifier}"
        for wanted, registry in (("model", "models"), ("recipe", "finetuning"), ("budget", "budgets")):
            require(f"{key}.{wanted}", entry[wanted], registry)
        require(f"{key}.source", entry["source"], "sources")
        source, recipe = config["sources"][entry["source"]], config["finetuning"][entry["recipe"]]
        if "draws" not in source:
            raise UserError(f"{name}: {key}.source: {entry['source']!r} draws no samples")
        if FILTERS[source["filter"]].verifier:
            raise UserError(f"{name}: {key}.source: {entry['source']!r} is filtered by a verifier itself")
        if len(recipe["learning_rates"]) > 1:
            raise UserError(
                f"{name}: {key}.recipe: {entry['recipe']!r} has several learning rates, a verifier tries one"
            )
        if entry["budget"] not in recipe[recipe["length"]]:
            raise UserError(
                f"{name}: {key}.budget: finetuning.{entry['recipe']}.{recipe['length']} has no {entry['budget']!r}"
            )
    for source, entry in config["sources"].items():
        needs = "filter" in entry and FILTERS[entry["filter"]].verifier
        for wanted in ("verifier", "threshold", "best"):
            if wanted in entry and not needs:
                raise UserError(f"{name}: sources.{source}.{wanted}: of no use to filter {entry['filter']!r}")
        if needs:
            if "verifier" not in entry:
                raise UserError(
                    f"{name}: sources.{source}: missing key 'verifier', which filter {entry['filter']!r} needs"
                )
            require(f"sources.{source}.verifier", entry["verifier"], "verifiers")
            if "threshold" in entry and "best" in entry:
                raise UserError(f"{name}: sources.{source}: `threshold` and `best` exclude each other")
    check_graded(config, name)


def check_graded(config: dict, name: str) -> None:
    """Verifiers learn from right and wrong answers."""
    for experiment, entry in config["experiments"].items():
        used = [source for source in entry["sources"] if "verifier" in config["sources"][source]]
        for dataset in entry["datasets"] if used or entry.get("verifiers") else ():
            task = config["datasets"][dataset]["task"]
            if not TASKS[task].graded:
                raise UserError(
                    f"{name}: experiments.{experiment}.datasets: {dataset!r} has task {task!r}, without right answers"
                    " that a verifier could learn from"
                )
