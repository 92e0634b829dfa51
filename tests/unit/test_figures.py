"""The registry of figures: each entry is whole, and another one from outside the package needs nothing else."""

import copy
import importlib
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from configs import completed
from yetbetter.errors import UserError
from yetbetter.figures import registry
from yetbetter.figures.plots import Plots
from yetbetter.figures.registry import CELLS, FIGURES, KINDS, Figure
from yetbetter.figures.request import OPTIONS
from yetbetter.report.made import DATA_TABLES, SCORE_TABLES, Made
from yetbetter.study import code
from yetbetter.study.ladder import LADDER, TABLES
from yetbetter.study.study import Study

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
CONFIG = yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
TOY = """
from yetbetter.figures.style import new_figure


def plot(request):
    figure, [[axes]] = new_figure(1, 1, 3, 2)
    rows = request.read("finetuned", ("dataset", "value")).where(dataset=request.dataset).rows
    axes.bar(range(len(rows)), [row["value"] for row in rows])
    axes.set_title(request.title)
    return figure
"""


@pytest.fixture(scope="module")
def study() -> Study:
    return Study(completed(CONFIG))


def wildcards(figure: str, part: str = "") -> SimpleNamespace:
    return SimpleNamespace(figure=figure, part=part)


def test_every_figure_has_a_caption_a_category_and_labels():
    for name, figure in FIGURES.items():
        assert name == figure.name
        assert len(figure.caption) > 50 and figure.caption == " ".join(figure.caption.split())
        assert figure.category and figure.labels


def test_every_figure_names_tables_and_options_that_there_are():
    for figure in FIGURES.values():
        assert figure.tables
        for table in figure.tables:
            assert table in (*DATA_TABLES, *SCORE_TABLES, *TABLES) or (ROOT / table).is_file()
        assert set(figure.options) <= set(OPTIONS)


def test_labels_are_filled_in_from_what_the_files_name_says():
    for figure in FIGURES.values():
        axes = re.findall(r"{(\w+)}", figure.file)
        assert {axis for label in figure.labels.values() for axis in re.findall(r"{(\w+)}", label)} <= set(axes)


def test_every_figures_module_has_its_function():
    for figure in FIGURES.values():
        assert callable(importlib.import_module(figure.module_name).plot)


def test_a_study_knows_its_figures_without_matplotlib():
    code = f"""
import sys, yaml
sys.path[:0] = [{str(SCRIPTS)!r}, {str(ROOT / "tests")!r}]
from configs import completed
from yetbetter.report.made import Made
from yetbetter.study.study import Study
made = Made(Study(completed(yaml.safe_load(open("config/config.yaml")))))
print(len(made.figures("")), "matplotlib" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.split() == ["60", "False"], done.stderr


def test_figures_of_the_pocket_study_are_planned_in_their_order(study):
    assert Plots(study).of_grid("") == [
        *("data_quality_easy", "coverage_trend_easy", "coverage_by_level_easy"),
        *("data_quality_hard", "coverage_trend_hard", "coverage_by_level_hard"),
        *("headline", "claims"),
        *("finetuned_easy", "checkpoints_easy", "functional_transfer_easy", "reasoning_easy", "false_positives_easy"),
        *("finetuned_hard", "checkpoints_hard", "functional_transfer_hard", "reasoning_hard", "false_positives_hard"),
        *(
            f"training_{dataset}_{budget}_{target}"
            for dataset in ("easy", "hard")
            for budget in ("low", "high")
            for target in ("student", "wc", "se")
        ),
    ]
    whole = Plots(study).of_experiments("study/")
    assert whole[-2:] == ["small_vs_large_over_time", "claims"] and "mixing_hard" in whole


def test_a_figure_is_plotted_from_its_tables_with_its_options(study):
    plots = Plots(study)
    place = wildcards("training_hard_low_wc")
    assert plots.tables(place) == [f"results/pocket/tables/{name}.csv" for name in ("training", "checkpoints")]
    words = shlex.split(plots.options(place))
    names = words.pop(words.index("--names") + 1)
    assert words == [
        "--dataset",
        "hard",
        "--strong",
        "se",
        "--weak",
        "wc",
        "--names",
        "--budget",
        "low",
        "--target",
        "wc",
    ]
    assert json.loads(names)["budgets"] == ["low", "high"]  # of the base grid alone
    assert plots.labels(place) == {"data set": "hard", "budget": "low", "target": "wc"}
    # The shape of the coverage curves comes from models, so it needs their sizes.
    assert plots.options(wildcards("coverage_trend_hard")).endswith(" --ratio 3.0")
    whole = wildcards("small_vs_large_over_time", "study/")
    assert (plots.tables(whole), plots.options(whole)) == (["resources/public_scores.csv"], "")


def test_the_papers_values_are_asked_for_by_its_own_models_alone(study):
    assert Plots(study).published(wildcards("headline")) == []
    config = copy.deepcopy(CONFIG)
    for name, entry in config["models"].items():
        entry["parameters"] = 27e9 if name == "se" else 9e9
    assert Plots(Study(completed(config))).published(wildcards("headline")) == []
    paper = Study(completed(yaml.safe_load((ROOT / "config" / "paper.yaml").read_text())))
    assert Plots(paper).published(wildcards("headline")) == ["resources/published_numbers.csv"]
    assert Plots(paper).published(wildcards("claims")) == []
    # Which of the paper's values an experiment's sources have beside them.
    assert "--role wc-number=number_matched " in Plots(paper).options(wildcards("number-matched_math", "study/"))


def test_an_experiment_called_like_a_figure_is_refused():
    config = copy.deepcopy(CONFIG)
    config["experiments"]["coverage_trend"] = config["experiments"]["mixing"]
    with pytest.raises(UserError, match=r"experiments\.coverage_trend: has a figure, so another name"):
        Plots(Study(completed(config)))


def test_an_edit_of_one_figure_remakes_no_other(tmp_path, monkeypatch):
    modules = ("yetbetter.figures.headline", "yetbetter.figures.reasoning", "yetbetter.figures.finetuned")

    def digests() -> dict[str, str]:
        code.code_of.cache_clear()
        code.read_module.cache_clear()
        return {module.rpartition(".")[2]: code.code_of("plot_figure", module) for module in modules}

    for path in [SCRIPTS / "plot_figure.py", *(SCRIPTS / "yetbetter").rglob("*.py")]:
        copied = tmp_path / path.relative_to(SCRIPTS)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_bytes(path.read_bytes())
    monkeypatch.setattr(code, "SCRIPTS", tmp_path)

    def changed(module: str) -> set[str]:
        before = digests()
        with open(tmp_path / "yetbetter" / "figures" / f"{module}.py", "a") as file:
            file.write("# edited\n")
        after = digests()
        return {name for name in before if before[name] != after[name]}

    assert changed("headline") == {"headline"}
    assert changed("finetuned") == {"finetuned", "reasoning"}
    assert changed("look") == {"headline", "reasoning", "finetuned"}
    assert changed("registry") == changed("mixing") == set()


@pytest.fixture
def toy(tmp_path, monkeypatch) -> Figure:
    """A figure whose module lies outside the package."""
    (tmp_path / "toy_figure.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    figure = Figure(
        "toy",
        per=CELLS,
        file="toy_{dataset}",
        tables=("finetuned",),
        category="Toys",
        labels={"figure": "toy", "data set": "{dataset}"},
        caption="A bar for every row of a data set.",
        options=("dataset", "title"),
        only=lambda dataset: dataset.name == "hard",
        module="toy_figure",
    )
    monkeypatch.setitem(registry.FIGURES, "toy", figure)
    return figure


def test_a_figure_from_outside_is_planned_and_plotted(toy, study, tmp_path, monkeypatch):
    made = Made(study)
    assert [path for path in made.figures("") if "toy" in path] == [
        f"results/pocket/figures/toy_hard.{kind}" for kind in ("pdf", "png")
    ]
    assert made.plots.category(wildcards("toy_hard")) == "Toys"
    assert made.plots.options(wildcards("toy_hard")) == "--dataset hard"
    (tmp_path / "finetuned.csv").write_text("dataset,value\nhard,0.5\neasy,0.7\n")
    files = {kind: tmp_path / f"toy.{kind}" for kind in ("pdf", "png")}
    words = ["toy", "--tables", str(tmp_path / "finetuned.csv"), "--dataset", "hard", "--title", "A toy"]
    words += [word for kind, path in files.items() for word in (f"--output-{kind}", str(path))]
    monkeypatch.setattr(sys, "argv", ["plot_figure.py", *words])
    monkeypatch.syspath_prepend(SCRIPTS)
    importlib.import_module("plot_figure").main()
    assert files["pdf"].read_bytes().startswith(b"%PDF") and files["png"].read_bytes().startswith(b"\x89PNG")


def test_a_table_too_few_or_too_many_is_refused_in_one_line(toy, tmp_path, monkeypatch):
    words = ["toy", "--tables", "arms.csv", "--output-pdf", "a", "--output-png", "b"]
    monkeypatch.setattr(sys, "argv", ["plot_figure.py", *words])
    monkeypatch.syspath_prepend(SCRIPTS)
    with pytest.raises(UserError, match=r"--tables arms\.csv: toy is plotted from finetuned"):
        importlib.import_module("plot_figure").main()


def test_the_kinds_are_those_that_configs_ask_for():
    asked = {entry.get("figure") for entry in CONFIG["experiments"].values()} - {None}
    assert asked | {LADDER} == set(KINDS)
    assert all(figure.options == registry.EXPERIMENT for name, figure in KINDS.items() if name != LADDER)
