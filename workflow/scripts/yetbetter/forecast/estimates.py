"""The cost of a study before it runs: samples, tokens, FLOPs, dollars, GPU-hours, disk, jobs.

No model is loaded. Sampling costs 2 * P * W FLOPs for a solution of W tokens (paper, section 3), finetuning
6 * P * D for D tokens read, with the nominal parameters P that the matching uses. Not counted: reading few-shot
prompts when sampling (an engine reads each once per question and block, many times faster than it writes), loading
models, graders. A judge reads each solution with its own prompt, so both count there; endpoints charge for every
prompt.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from yetbetter.errors import UserError
from yetbetter.evaluation.judged_answers import JUDGED
from yetbetter.generation.engines import engine_of
from yetbetter.generation.prompts import read_template
from yetbetter.study.budgets import flops
from yetbetter.study.grid import Grid
from yetbetter.study.judged_views import KINDS, judged_views, most_judged
from yetbetter.training.disk import needed_bytes

LEFT_OUT = 250  # tokens of a solution, for a data set that `forecast.tokens_per_solution` leaves out
TOKEN_CHARACTERS = 3  # of a prompt's text
TEXT_BYTES, ROW_BYTES = 4, 400  # per token, and for the rest of a sample's rows (solution, verdict)
DOWNLOAD_BYTES = 2  # of a parameter on the hub
STAGES = ("sampling", "judging", "finetuning", "evaluation")
FORECAST = (
    *("kind", "dataset", "budget", "source", "model", "samples_per_question", "samples", "tokens", "basis"),
    *("dollars", "dollars_at_most", "judged", "judge_tokens", "judge_prompt_tokens"),
    *(f"flops_{stage}" for stage in STAGES),
    *(f"gpu_hours_{stage}" for stage in STAGES),
    *("gb_pools", "gb_weights", "gb_checkpoints", "gb_unscored", "gb_training"),
    *(f"jobs_{stage}" for stage in STAGES),
)


@dataclass
class Lengths:
    """Tokens per solution: measured in this study for the model, else for the data set; else assumed.

    assumed: a number, or {data set: number}. measured: rows of tables/arms.csv.
    """

    assumed: float | dict
    measured: list[dict] = field(default_factory=list)

    def __post_init__(self):
        sums: dict[tuple, list[float]] = {}
        for row in self.measured:
            for key in ((row["dataset"], row["model"]), (row["dataset"], "")):
                place = sums.setdefault(key, [0.0, 0.0])
                place[0] += float(row["tokens"])
                place[1] += float(row["drawn"])
        self.means = {key: tokens / drawn for key, (tokens, drawn) in sums.items() if drawn}

    def of(self, dataset: str, model: str = "") -> tuple[float, str]:
        """(tokens, basis) of one solution; basis: `measured` or `assumed`."""
        for key in ((dataset, model), (dataset, "")):
            if key in self.means:
                return self.means[key], "measured"
        if isinstance(self.assumed, dict):
            return float(self.assumed.get(dataset, LEFT_OUT)), "assumed"
        return float(self.assumed), "assumed"


@dataclass(frozen=True)
class Disk:
    """Disk space of one cell's finetunings in bytes; one finetuning per learning rate."""

    target: str
    rates: int
    checkpoints: int
    checkpoint: int
    state: int
    keep_best: bool

    @property
    def finetuning(self) -> int:
        """Space that one finetuning requires before it starts (disk.check_disk)."""
        return self.checkpoints * self.checkpoint + 2 * self.state

    @property
    def training(self) -> int:
        """Space while all of them run."""
        return self.rates * self.finetuning

    @property
    def unscored(self) -> int:
        """Space after training until the cell is scored, when the losing checkpoints are deleted."""
        return self.rates * self.checkpoints * self.checkpoint

    @property
    def kept(self) -> int:
        return self.rates * self.checkpoint if self.keep_best else self.unscored


class Forecast:
    """Costs of a checked config's grid; `rows` are the rows of tables/forecast.csv.

    extra: include experiments marked `extra`; otherwise the total with them is an additional row (`study`).
    """

    def __init__(self, config: dict, arms: list[dict] = (), name: str = "the config", extra: bool = False):
        everything = Grid(config, name)
        base = {experiment: config["experiments"][experiment] for experiment in everything.experiments_in(extra=False)}
        whole = extra or not base or len(base) == len(config["experiments"])
        self.config, self.everything = config, everything
        self.grid = everything if whole else Grid(config | {"experiments": base}, name)
        # A judge works for the base grid, and for what the study needs in addition.
        self.judged_parts = [False, True] if whole and len(base) < len(config["experiments"]) else [False]
        self.assumptions = config["forecast"]
        self.lengths = Lengths(self.assumptions["tokens_per_solution"], list(arms))
        self.kept = kept_rows(arms)
        for target in {cell.target for cell in self.grid.cells}:
            if "parameters" not in config["models"][target]:
                raise UserError(f"{name}: models.{target}: no 'parameters', which a forecast needs")
        pools = [self.pool(*pool) for pool in self.grid.pools]
        self.disks = {cell: self.disk(cell) for cell in self.grid.cells}
        arms_rows = [self.arm(arm) for arm in self.grid.arms]
        weights = [self.weights()] if self.downloaded() else []
        judged = [self.judge(*pool) for pool in self.grid.pools if self.is_judged(pool[0])]
        targets = dict.fromkeys((cell.dataset, cell.target) for cell in self.grid.cells if self.is_judged(cell.dataset))
        judged += [self.judge_finetuned(*target) for target in targets]
        once = sum_rows("once", [*pools, *judged, *weights])
        per_arm = sum_rows("apart", [without_sampling(row) for row in arms_rows])
        self.total = sum_rows("total", [once, per_arm])
        self.rows = [*pools, *judged, *weights, *arms_rows, once, per_arm, self.total]
        self.rows.append(sum_rows("unshared", [*arms_rows, *judged, *weights]))
        if not whole:
            self.rows.append(sum_rows("study", [Forecast(config, arms, name, extra=True).total]))

    def hours(self, stage: str, operations: float, model: str) -> float:
        """GPU-hours of this many FLOPs; 0 if an endpoint does the work."""
        if engine_of(self.config["models"][model]).is_endpoint:
            return 0.0
        return operations / (self.assumptions["peak_flops"] * self.assumptions["utilisation"][stage]) / 3600

    def pay(self, row: dict, model: str, prompt_tokens: float, tokens: float, most_tokens: float) -> None:
        """Add to a row's dollars. most_tokens: written if every answer, with its reasoning, has the maximum length."""
        read, written = prices_of(self.config["models"][model])
        row["dollars"] += (read * prompt_tokens + written * tokens) / 1e6
        row["dollars_at_most"] += (read * prompt_tokens + written * most_tokens) / 1e6

    def sample(self, row: dict, dataset: str, model: str, samples: int, drawn: int, jobs: int) -> None:
        """Add the drawing of `drawn` solutions, `samples` per question, to a row."""
        entry = self.config["models"][model]
        length, row["basis"] = self.lengths.of(dataset, model)
        operations = flops(entry.get("parameters", 0), drawn * length)  # 0 if an endpoint's model has no known size
        row["samples_per_question"] += samples
        row["samples"] += drawn
        row["tokens"] += drawn * length
        row["flops_sampling"] += operations
        row["gpu_hours_sampling"] += self.hours("sampling", operations, model)
        data = self.config["datasets"][dataset]
        together = min(
            engine_of(entry).options_of(entry).get("samples_per_request", 1), self.config["sampling"]["block_samples"]
        )
        prompts = drawn / together * self.prompt_tokens(data["prompts"]["sampling"])
        self.pay(row, model, prompts, drawn * length, drawn * data["max_new_tokens"])
        row["gb_pools"] += drawn * (length * TEXT_BYTES + ROW_BYTES) / 1e9
        row["jobs_sampling"] += jobs

    def pool(self, dataset: str, model: str) -> dict:
        """Every block that some arm needs; the pool is not a rectangle if arms use fewer questions."""
        row = empty_row("pool") | {"dataset": dataset, "model": model}
        blocks = self.grid.pool_blocks(dataset, model)
        drawn = sum(self.grid.samples_in(dataset, block) for block in blocks)
        self.sample(row, dataset, model, self.grid.pools[dataset, model], drawn, len(blocks))
        return row

    def judge(self, dataset: str, model: str) -> dict:
        """The judging of a pool's solutions, each once; an upper bound, since wrong answers are mostly left out."""
        row = empty_row("judge") | {"dataset": dataset, "model": model}
        parts = [judged_views(self.everything, dataset, model, further) for further in self.judged_parts]
        views = {kind: list({view for part in parts for view in part[kind]}) for kind in KINDS}
        samples = self.config["judge"]["samples"]
        counts = most_judged(views, samples, self.config["datasets"][dataset]["splits"]["train"])
        length, row["basis"] = self.lengths.of(dataset, model)
        for count, prompt in zip(counts, ("prompt", "prompt_without_answer"), strict=True):
            self.ask_judge(row, count, prompt, length)
        row["jobs_judging"] = sum(bool(part["views"] + part["all_right"]) + bool(part["every"]) for part in parts)
        return row

    def judge_finetuned(self, dataset: str, target: str) -> dict:
        """The judging of some right answers of each model finetuned from `target`; an upper bound, as if all were."""
        row = empty_row("judge_finetuned") | {"dataset": dataset, "model": target}
        length, row["basis"] = self.lengths.of(dataset)
        asked = self.config["datasets"][dataset]["benchmarks"].get(JUDGED, {"greedy": 0})["greedy"]
        for cell in self.grid.cells:
            if (cell.dataset, cell.target) == (dataset, target):
                self.ask_judge(row, min(asked, self.config["judge"]["samples"]), "prompt", length)
                row["jobs_judging"] += 1
        return row

    def is_judged(self, dataset: str) -> bool:
        return self.config["datasets"][dataset]["fpr"] == "judge"

    def ask_judge(self, row: dict, count: int, prompt: str, length: float) -> None:
        """Add the judging of `count` solutions of so many tokens to a row. prompt: its key in the config's `judge`."""
        judge, name = self.config["judge"], self.config["judge"]["model"]
        written = count * self.assumptions["tokens_per_judgement"]
        read = count * (self.prompt_tokens(judge.get(prompt, judge["prompt"])) + length)
        operations = flops(self.config["models"][name].get("parameters", 0), written + read)
        row["judged"] += count
        row["judge_tokens"] += written
        row["judge_prompt_tokens"] += read
        row["flops_judging"] += operations
        row["gpu_hours_judging"] += self.hours("judging", operations, name)
        self.pay(row, name, read, written, count * judge["max_new_tokens"])

    def prompt_tokens(self, path: str) -> float:
        """Tokens of a prompt with its question."""
        return len(read_template(path)) / TOKEN_CHARACTERS + self.assumptions["tokens_per_question"]

    def arm(self, arm) -> dict:
        """An arm with its view of the pools, as if drawn for it alone, and its finetunings and evaluations."""
        row = empty_row("arm") | {"dataset": arm.dataset, "budget": arm.budget, "source": arm.source}
        draws = self.grid.draws(arm.budget, arm.source)
        questions = self.grid.questions(arm.dataset, arm.budget, arm.source)
        row["model"] = "+".join(draws)
        for model, count in draws.items():
            jobs = len(self.grid.blocks(arm.dataset, {model: count.samples}, questions))
            self.sample(row, arm.dataset, model, count.samples, questions * count.samples, jobs)
        for cell in self.grid.cells:
            if (cell.dataset, cell.budget, cell.source) == (arm.dataset, arm.budget, arm.source):
                self.finetune(row, cell)
        return row

    def examples(self, cell, recipe: dict) -> float:
        """Examples that one finetuning reads; with `epochs` its training set, or all samples if unknown."""
        if recipe["length"] == "steps":
            return recipe["steps"][cell.budget] * recipe["batch_size"]
        rows = self.kept.get((cell.dataset, cell.budget, cell.source))
        if rows is None:
            drawn = sum(count.samples for count in self.grid.draws(cell.budget, cell.source).values()) or 1
            most = self.config["sources"][cell.source].get("keep_per_question", drawn)
            rows = self.grid.questions(cell.dataset, cell.budget, cell.source) * min(drawn, most)
        return recipe["epochs"][cell.budget] * rows

    def asked(self) -> set[str]:
        """Models that draw solutions, or judge them."""
        judging = any(self.is_judged(dataset) for dataset, _ in self.grid.pools)
        return {model for _, model in self.grid.pools} | ({self.config["judge"]["model"]} if judging else set())

    @property
    def asks_endpoints(self) -> bool:
        return any(engine_of(self.config["models"][model]).is_endpoint for model in self.asked())

    def downloaded(self) -> list[str]:
        """Models of known size from the hub, each once, even if it has several names."""
        used = self.asked() | {cell.target for cell in self.grid.cells}
        first: dict[tuple, str] = {}
        for name, entry in self.config["models"].items():
            if name in used and is_downloaded(entry):
                first.setdefault(self.grid.weights(name), name)
        return list(first.values())

    def weights(self) -> dict:
        names = self.downloaded()
        size = sum(size_of(self.config["models"][name]) for name in names)
        return empty_row("weights") | {"model": "+".join(names), "gb_weights": size * DOWNLOAD_BYTES / 1e9}

    def disk(self, cell) -> Disk:
        entry = self.config["models"][cell.target]
        recipe = self.config["finetuning"][entry["finetuning"]]
        size, deepspeed = int(size_of(entry)), recipe["deepspeed"] != "none"
        # An upper bound: with LoRA the state is smaller.
        checkpoint, state = needed_bytes(size, size, recipe["precision"], deepspeed)
        rates = len(self.grid.learning_rates(cell.dataset, cell.budget, cell.source, cell.target, cell.seed))
        return Disk(cell.target, rates, recipe["checkpoints"], checkpoint, state, recipe["keep"] == "best")

    def finetune(self, row: dict, cell) -> None:
        """Add one cell: a finetuning per learning rate; every checkpoint on validation, the best on the benchmarks."""
        entry = self.config["models"][cell.target]
        recipe = self.config["finetuning"][entry["finetuning"]]
        dataset = self.config["datasets"][cell.dataset]
        length, _ = self.lengths.of(cell.dataset)
        names = self.grid.learning_rates(cell.dataset, cell.budget, cell.source, cell.target, cell.seed)
        rates, checkpoints = len(names), recipe["checkpoints"]
        read = self.examples(cell, recipe) * (self.assumptions["tokens_per_question"] + length)
        answers = rates * checkpoints * dataset["splits"]["validation"]
        own = self.grid.benchmarks.get(cell, dataset["benchmarks"])
        for asked in (counts for name, counts in dataset["benchmarks"].items() if name in own):
            answers += asked["greedy"] + asked["sampled"] * asked["samples"]
        operations = {
            "finetuning": rates * 6.0 * entry["parameters"] * read,
            "evaluation": flops(entry["parameters"], answers * length),
        }
        for stage, number in operations.items():
            row[f"flops_{stage}"] += number
            row[f"gpu_hours_{stage}"] += self.hours(stage, number, cell.target)
        disk = self.disks[cell]
        row["gb_checkpoints"] += disk.kept / 1e9
        row["gb_unscored"] += disk.unscored / 1e9
        row["gb_training"] = max(row["gb_training"], disk.training / 1e9)
        row["jobs_finetuning"] += rates
        row["jobs_evaluation"] += 1


def kept_rows(arms: Iterable[dict]) -> dict[tuple[str, str, str], float]:
    """(dataset, budget, source) -> rows of its training set, as tables/arms.csv counted them."""
    kept: dict[tuple[str, str, str], float] = {}
    for row in arms:
        if row.get("kept"):
            key = (row["dataset"], row["budget"], row["source"])
            kept[key] = kept.get(key, 0.0) + float(row["kept"])
    return kept


def size_of(entry: dict) -> float:
    return entry.get("true_parameters", entry["parameters"])


def is_downloaded(entry: dict) -> bool:
    return not engine_of(entry).is_endpoint and "parameters" in entry and not Path(entry["path"]).is_dir()


def prices_of(entry: dict) -> tuple[float, float]:
    """Dollars per million tokens (read, written): an endpoint's as in its ledger, else the config's price."""
    if not engine_of(entry).is_endpoint:
        return 0.0, entry.get("price", 0.0)
    options = engine_of(entry).options_of(entry)
    return options.get("input_price") or 0.0, options.get("output_price") or 0.0


def empty_row(kind: str) -> dict:
    texts = ("dataset", "budget", "source", "model", "basis")
    return {"kind": kind} | {column: "" if column in texts else 0 for column in FORECAST if column != "kind"}


def without_sampling(row: dict) -> dict:
    apart = ("samples_per_question", "samples", "tokens", "dollars", "dollars_at_most", "gb_pools")
    return row | {column: 0 for column in FORECAST if column in apart or column.endswith("_sampling")}


def sum_rows(kind: str, rows: list[dict]) -> dict:
    """The sum of rows; for the space of a cell in training the maximum, since it is temporary."""
    row = empty_row(kind)
    for column in FORECAST:
        if row[column] == 0 and column != "samples_per_question":
            row[column] = sum(other[column] for other in rows)
    row["gb_training"] = max((other["gb_training"] for other in rows), default=0)
    return row
