"""Every kind of figure, from the tables of a miniature study whose config calls everything by names of its own."""

import copy
import importlib
import itertools
import json
import shlex
import sys
from argparse import ArgumentParser
from pathlib import Path
from types import SimpleNamespace

import pytest
from matplotlib.text import Text
from test_programs import BLOCK, SCRIPTS, solution, wrong

from configs import SCHEMA, check_config, pocket_study
from yetbetter.errors import UserError
from yetbetter.figures.comparison import comparison
from yetbetter.figures.look import Look
from yetbetter.figures.names import Names, names_of, read_names
from yetbetter.figures.plots import Plots
from yetbetter.figures.registry import FIGURES
from yetbetter.figures.request import add_options, read_request
from yetbetter.figures.style import FULL_WIDTH, name_rows, new_figure, rows_height
from yetbetter.pocket.world import make_problems
from yetbetter.records import write_json, write_rows
from yetbetter.study.claim_roles import roles_of
from yetbetter.study.study import Study
from yetbetter.tables import level_order, read_table

ROOT = Path(__file__).parents[2]
PROBLEMS = make_problems("hard", "train", 24)
DATA, OTHER = "2-x", "GSM.8k-0"
WEAK, STRONG, STUDENT = "Gem-ma-2.9b", "0-se", "low"  # names that others have in the pocket study, too
SMALL, LARGE, MIDDLE = "zwei-1", "high", "B.10-k"  # in the config's order; of 2, 8 and 4 samples
SOURCES = {"from-weak": [WEAK], "from-strong": [STRONG], "both-1.5": [STRONG, WEAK], "gold-0": []}
TITLE = r"50 % of $x_1^2$ & {a} - \alpha_b, $5 < $10"
NAMES = (DATA, SMALL, MIDDLE, LARGE, WEAK, STRONG, *SOURCES)


def config_of() -> dict:
    config = pocket_study()
    old = {"weak": config["models"]["wc"], "strong": config["models"]["se"]}
    recipe = config["finetuning"]["pocket"] | {"steps": {SMALL: 4, LARGE: 4, MIDDLE: 4}}
    slices = {"datasets": [DATA], "budgets": [SMALL, LARGE, MIDDLE], "targets": [STUDENT, WEAK, STRONG], "seeds": [0]}
    sources = [name for name in SOURCES if SOURCES[name]]
    kinds = {kind: {"figure": kind, "title": TITLE, "sources": sources} for kind in ("bars", "samples", "crossover")}
    kinds["mixing"] = {"figure": "mixing", "sources": ["from-strong", "both-1.5", "from-weak"]}
    kinds["ladder"] = {"figure": "ladder", "title": TITLE, "sources": ["from-strong", "from-weak"]}
    return config | {
        "sampling": config["sampling"] | {"block_samples": 2},
        "models": {WEAK: old["weak"], STRONG: old["strong"], STUDENT: config["models"]["student"]},
        "datasets": {
            DATA: config["datasets"]["hard"] | {"world": "hard"},
            OTHER: config["datasets"]["easy"] | {"world": "easy"},
        },
        "budgets": {name: {"model": STRONG, "samples": count} for name, count in ((SMALL, 2), (LARGE, 8), (MIDDLE, 4))},
        "sources": {
            "from-weak": {"draws": [{"model": WEAK, "match": "compute"}], "filter": "ground_truth"},
            "from-strong": {"draws": [{"model": STRONG, "match": "compute"}], "filter": "ground_truth"},
            "both-1.5": {
                "draws": [{"model": model, "match": "compute", "fraction": 0.5} for model in (STRONG, WEAK)],
                "filter": "ground_truth",
            },
            "gold-0": {"solutions": "human"},
        },
        "comparison": {"weak": "from-weak", "strong": "from-strong", "dataset": DATA, "budget": MIDDLE},
        "claims": {"datasets": {"harder": DATA}, "budgets": {"low": SMALL, "high": LARGE}, "student": STUDENT},
        "finetuning": {"pocket": recipe},
        "experiments": {"main": slices | {"sources": list(SOURCES)}}
        | {f"own-{kind}": slices | {"extra": True} | entry for kind, entry in kinds.items()},
    }


def run(program: str, *arguments) -> None:
    module, old = importlib.import_module(program), sys.argv
    sys.argv = [f"{program}.py", *map(str, arguments)]
    try:
        module.main()
    finally:
        sys.argv = old


def samples_of(model: str, count: int) -> list[dict]:
    """The weak model is right once in two samples, the strong one always."""
    return [
        solution(problem, sample, wrong(problem) if model == WEAK and (sample + place) % 2 else problem["solution"])
        for place, problem in enumerate(PROBLEMS)
        for sample in range(count)
    ]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """The study, and the folder of its tables, made by the workflow's programs from few samples and made-up scores."""
    sys.path.insert(0, str(SCRIPTS))
    folder = tmp_path_factory.mktemp("names")
    found = Study(check_config(config_of(), SCHEMA, "mine.yaml"))
    found.results = str(folder)
    make_data_tables(found, folder)
    make_score_tables(found, folder)
    yield found, folder
    sys.path.remove(str(SCRIPTS))


def make_data_tables(study: Study, folder: Path) -> None:
    problems, prompt = folder / "problems.jsonl", folder / "prompt.txt"
    write_rows(problems, PROBLEMS)
    prompt.write_text("Question: {question}\nAnswer:")
    pools = {model: count for (dataset, model), count in study.grid.pools.items() if dataset == DATA}
    files = {stage: folder / stage for stage in ("solutions", "verdicts", "reasoning")}
    stages = [word for stage, path in files.items() for word in (f"--{stage}", path)]
    for model, count in pools.items():
        own = {stage: path / model / f"{BLOCK}.jsonl" for stage, path in files.items()}
        write_rows(own["solutions"], samples_of(model, count))
        write_json(own["solutions"].with_suffix(".about.json"), {"pool": {"model_name": model}})
        common = ("--problems", problems, "--solutions", own["solutions"])
        run("grade_solutions", *common, "--output", own["verdicts"])
        run("check_reasoning", *common, "--verdicts", own["verdicts"], "--output", own["reasoning"])
        place = ("--dataset", DATA, "--model", model, "--samples", count)
        output = ("--output", folder / "metrics" / f"pool-{model}.csv")
        run("measure_pool", "--problems", problems, *stages, "--blocks", f"{model}/{BLOCK}", *place, *output)
    arms = []
    for arm in study.grid.sampled_arms:
        counts = study.grid.draws(arm.budget, arm.source)
        path = folder / "metrics" / arm.dataset / arm.budget / f"from-{arm.source}"
        draws = ("--draws", *(f"{model}:{count.samples}" for model, count in counts.items()))
        blocks = ("--blocks", *(f"{model}/{BLOCK}" for model in counts))
        made = {word: f"{path}.{word}" for word in ("output", "digest", "counts")}
        outputs = [word for option, file in made.items() for word in (f"--{option}", file)]
        run("select_solutions", "--problems", problems, "--prompt", prompt, *draws, *stages[:4], *blocks, *outputs)
        exact = ("--exact", *(count.exact for count in counts.values()), "--counts", made["counts"])
        place = ("--dataset", arm.dataset, "--budget", arm.budget, "--source", arm.source)
        outputs = ["--output", f"{path}.csv", "--summary", f"{path}.json", "--by-question", f"{path}.questions.csv"]
        outputs += ["--checked", f"{path}.checked.jsonl"]
        run("measure_arm", "--problems", problems, *draws, *exact, *stages, *blocks, *place, *outputs)
        arms.append(path)
    names = {"coverage": "coverage", "diversity": "diversity", "quality": "data_quality", "costs": "arms"}
    outputs = [word for option, name in names.items() for word in (f"--{option}", folder / "tables" / f"{name}.csv")]
    sizes = {name: study.config["models"][name]["parameters"] for name in (WEAK, STRONG)}
    costs = [word for name, size in sizes.items() for word in ("--model", f"{name}:{size}::")]
    pools = [folder / "metrics" / f"pool-{model}" for model in pools]
    run("tabulate_data", "--pools", *pools, "--arms", *arms, *costs, *outputs)


def make_score_tables(study: Study, folder: Path) -> None:
    cells = study.grid.cells
    axes = ("dataset", "budget", "source", "target", "seed")
    for number, cell in enumerate(cells):
        rows = []
        place = {axis: str(getattr(cell, axis)) for axis in axes}
        place["paradigm"] = study.grid.paradigm(cell.source, cell.target)
        for benchmark, problem in itertools.product(("test", "functional", "control"), range(24)):
            right = (problem * 7 + number) % 5 < 2
            row = {"benchmark": benchmark, "problem": f"p{problem}", "level": 1 + problem % 3}
            verdict = {"verdict": "correct" if right else "incorrect", "reasoning": "valid" if right else None}
            votes = {"maj@1": 0.5, "maj@4": float(right)} if benchmark != "test" else {}
            rows.append(place | row | verdict | votes)
        write_rows(folder / "scores" / cell.path / "scores.jsonl", rows)
        validation = {f"standard/checkpoint-{i}": 0.1 * i for i in (1, 2)}
        choice = {"checkpoint": "standard/checkpoint-2", "validation": validation}
        write_json(folder / "evaluations" / cell.path / "choice.json", choice)
        own = folder / "models" / cell.path / "standard"
        write_json(own / "about.json", {"arguments": {"steps": "4"}})
        steps = [{"step": step, "loss": 1 / step, "learning_rate": 1e-3} for step in range(1, 5)]
        write_rows(own / "training.jsonl", steps)
    places = ("--evaluations", folder / "evaluations", "--models", folder / "models")
    names = ("finetuned", "differences", "checkpoints", "training")
    tables = {name: folder / "tables" / f"{name}.csv" for name in names}
    paths = [cell.path for cell in cells]
    outputs = [word for name, path in tables.items() for word in (f"--{name}", path)]
    scores = ("--scores", folder / "scores", "--cells", *paths)
    run("tabulate_scores", *scores, "--baseline", "from-strong", *outputs[:4])
    names = ["/".join(str(getattr(cell, axis)) for axis in axes) for cell in cells]
    run("tabulate_training", *places, "--cells", *names, *outputs[4:])
    roles = ("--roles", json.dumps(roles_of(study.config)), "--published", ROOT / "resources/published_numbers.csv")
    paths = [f"{arm.dataset}/{arm.budget}/from-{arm.source}" for arm in study.grid.sampled_arms]
    arms = ("--metrics", folder / "metrics", "--arms", *paths)
    rates = ("--output", folder / "tables/false_positives.csv")
    run("estimate_false_positives", *scores, *arms, *rates)
    claims = ("--output", folder / "tables/claims.csv", "--comparisons", folder / "tables/claim_comparisons.csv")
    run("check_claims", "--rules", ROOT / "workflow/claims.yaml", *roles, *scores, *arms, *claims)
    names = {"ladder": "ladder", "crossovers": "ladder_crossover", "predictors": "ladder_predictors"}
    outputs = [word for option, name in names.items() for word in (f"--{option}", folder / "tables" / f"{name}.csv")]
    place = SimpleNamespace(part="study/")
    own = ("--scores", folder / "scores", "--cells", *study.ladder.cells(place))
    arms = ("--metrics", folder / "metrics", "--arms", *study.ladder.arms(place))
    run("tabulate_ladder", *own, *arms, "--strong", "from-strong", *outputs)


def figure_of(study, folder: Path, name: str):
    """A figure as the workflow asks for it, and its texts."""
    plots = Plots(study)
    place = SimpleNamespace(figure=name, part="study/")
    entry = plots.named[name].figure
    paths = [Path(path) for path in plots.tables(place)]
    tables = [str(ROOT / path if path.parts[0] == "resources" else folder / "tables" / path.name) for path in paths]
    parser = ArgumentParser()
    add_options(parser, entry)
    arguments = parser.parse_args(["--tables", *tables, *shlex.split(plots.options(place))])
    figure = entry.plot(read_request(entry, arguments))
    figure.draw_without_rendering()
    return figure, [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def every_name(study: Study) -> list[str]:
    plots = Plots(study)
    return [*plots.of_grid(""), *plots.of_experiments("study/")]


def test_a_study_with_names_of_its_own_has_every_kind_of_figure(study):
    plots = Plots(study[0])
    # That of instructions is of another task (test_instructions.py).
    others = {"experiment_data", "instructions"}
    assert {plots.named[name].figure.name for name in every_name(study[0])} >= set(FIGURES) - others


def test_every_figure_draws_names_and_titles_as_they_are_written(study):
    found, folder = study
    for name in every_name(found):
        figure, texts = figure_of(found, folder, name)
        entry = Plots(found).named[name]
        whole = " ".join(" ".join(texts).split())
        assert "no values in the table" not in whole and "n/a" not in texts, name
        assert not any(text.get_parse_math() for text in figure.findobj(Text)), name
        assert not any(word in whole for word in ("low budget", "mathdefault", "SE data budget")), name
        if "dataset" in entry.place:
            assert DATA in whole or entry.place["dataset"] == OTHER, name
        if entry.figure.name in ("bars", "samples", "crossover", "ladder"):
            assert TITLE in whole, name


def budgets_named(texts: list[str]) -> list[str]:
    """The budgets in the texts, in the order of their first appearance."""
    words = {f"{name} budget": name for name in (SMALL, LARGE, MIDDLE)}
    return list(dict.fromkeys(words[text] for text in texts if text in words))


@pytest.mark.parametrize("kind", ["data_quality", "finetuned", "reasoning", "functional_transfer"])
def test_budgets_have_the_configs_order(kind, study):
    _, texts = figure_of(*study, f"{kind}_{DATA}")
    assert budgets_named(texts) == [SMALL, LARGE, MIDDLE]


def test_rows_of_checkpoints_have_the_configs_order(study):
    figure, _ = figure_of(*study, f"checkpoints_{DATA}")
    rows = [axes.get_ylabel().partition(" ")[0] for axes in figure.axes if axes.get_ylabel()]
    assert rows == [SMALL, LARGE, MIDDLE]


def test_coverage_by_level_has_a_filled_panel_for_every_budget_the_largest_first(study):
    figure, texts = figure_of(*study, f"coverage_by_level_{DATA}")
    panels = [axes for axes in figure.axes if axes.get_title(loc="left")]
    assert [axes.get_title(loc="left") for axes in panels] == [f"{name} budget" for name in (LARGE, MIDDLE, SMALL)]
    levels = {str(row["level"]) for row in PROBLEMS}
    assert all(len(axes.patches) == 2 * len(levels) for axes in panels)
    coverage = read_table(study[1] / "tables/coverage.csv", numbers=("value", "k"))
    for axes, k in zip(panels, (8, 4, 2), strict=True):
        bars = [(STRONG, k, level) for level in sorted(levels)] + [(WEAK, 3 * k, level) for level in sorted(levels)]
        values = [100 * coverage.where(model=m, k=k, level=lv).rows[0]["value"] for m, k, lv in bars]
        assert [bar.get_height() for bar in axes.patches] == pytest.approx(values)
    assert f"{STRONG}, 8 samples" in texts and f"{WEAK}, 24 samples" in texts


def test_headline_keeps_a_names_hyphen_beside_the_minus_sign_of_numbers(study):
    _, texts = figure_of(*study, "headline")
    leads = [text for text in texts if "points" in text]
    written = [" ".join(text.split()) for text in leads]
    assert len(leads) == 3 and all(text.startswith("from-weak \N{MINUS SIGN} from-strong: ") for text in written)
    assert any("\N{MINUS SIGN}" in text.partition(":")[2] for text in leads)
    assert f"{DATA}, {MIDDLE} budget: accuracy after finetuning on SE or WC data" in texts


def test_targets_are_ordered_by_role_whatever_they_are_called(study):
    figure, _ = figure_of(*study, f"checkpoints_{DATA}")
    assert [axes.get_title() for axes in figure.axes[:3]] == [f"target: {name}" for name in (STUDENT, WEAK, STRONG)]


def test_a_comparison_of_studies_draws_their_names_as_they_are_written():
    here, there = "results/$a_1$-x", r"50 % \b^2"
    values = {f"{side}{end}": 0.4 for side in ("here", "there") for end in ("", "_low", "_high")}
    row = {"table": "finetuned", "metric": "pass@1", "benchmark": "test", "level": "all", "source": "from-weak"}
    look = Look("from-strong", "from-weak", ["from-weak"])
    figure = comparison([row | values], here, there, look)
    figure.draw_without_rendering()
    texts = [text for text in figure.findobj(Text) if text.get_text() in (here, there, f"{here} against {there}")]
    assert len(texts) == 5 and not any(text.get_parse_math() for text in texts)
    assert "from-weak data" in [text.get_text() for text in figure.findobj(Text)]


def test_a_role_belongs_to_a_source_not_to_a_name():
    names = Names(sources=["se", "mix", "human", "q"], human=["q"], mixed=[], base=[], strong_model="m")
    look = Look("big", "small", ["se", "mix", "human", "base"], study=names)
    assert [look.role(name) for name in ("big", "small", "q")] == ["se", "wc", "human"]
    for name in ("se", "wc", "mix", "human", "base"):
        assert look.role(name) == "" and look.label(name) == name
        assert look.colour(name) not in (look.colour("big"), look.colour("small"), look.colour("q"))
    assert look.order(["human", "q", "mix", "se", "small", "big"]) == ["q", "big", "small", "se", "mix", "human"]
    assert look.order_targets(["m", "big", "small"]) == ["big", "small", "m"]


def test_the_papers_budgets_are_found_by_their_samples():
    config = copy.deepcopy(config_of())
    config["budgets"] |= {
        "one-x": {"model": STRONG, "samples": 1},
        "ten-x": {"model": STRONG, "samples": 10},
        "weak-1": {"model": WEAK, "samples": 1},
    }
    names = names_of(config, published=True)
    assert {name: names.in_paper("budget", name) for name in config["budgets"]} == {
        SMALL: None, LARGE: None, MIDDLE: None, "one-x": "low", "ten-x": "high", "weak-1": None,
    }  # fmt: skip
    assert names.in_paper("dataset", DATA) == "pocket" and names.in_paper("budget", "") == ""
    assert [names.in_paper("target", name) for name in (STUDENT, WEAK, STRONG)] == ["student", "wc", "se"]
    assert read_names(names.dump()) == names


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"budget": []}', '{"budgets": "low"}', '{"budgets": [1]}', '{"paper": {"budget": 1}}', "[" * 9999],
)
def test_names_that_are_not_as_the_workflow_writes_them_are_refused_in_one_line(text):
    with pytest.raises(UserError, match=r"^--names: [^\n]+$"):
        read_names(text)


def test_levels_are_ordered_by_number_and_words_come_last():
    assert sorted(["10", "hard", "9", "2.5", "2", "easy"], key=level_order) == ["2", "2.5", "9", "10", "easy", "hard"]


def test_the_longest_names_leave_the_bars_their_room_and_do_not_overlap():
    long = ["of-grade-school-problems.in-several-steps-cleaned-" + "v2.0-beta-1234"] * 3
    groups = [(f"{name} budget", [f"{place}{name}, 12 samples" for place in range(2)]) for name in long]
    figure, [[axes]] = new_figure(1, 1, FULL_WIDTH, rows_height(groups))
    places = name_rows(axes, groups)
    assert list(places) == [(group, bar) for group in range(3) for bar in range(2)]
    figure.draw_without_rendering()
    assert axes.get_position().width > 0.6
    boxes = [tick.label1.get_window_extent() for tick in axes.yaxis.get_major_ticks()]
    assert len(boxes) == 9
    assert all(above.y0 > below.y1 - 1 for above, below in itertools.pairwise(boxes))


@pytest.mark.parametrize("kind", ["finetuned", "own-bars"])
def test_titles_of_many_lines_make_a_figure_taller(kind, study, monkeypatch):
    before = figure_of(*study, f"{kind}_{DATA}")[0]
    label = Look.label
    monkeypatch.setattr(Look, "label", lambda look, name: label(look, name) if name != STUDENT else "long-name-" * 16)
    after = figure_of(*study, f"{kind}_{DATA}")[0]
    panels = [figure.axes[0].get_position().height * figure.get_figheight() for figure in (before, after)]
    assert after.get_figheight() > before.get_figheight() + 0.4
    assert panels[1] > panels[0] - 0.4
