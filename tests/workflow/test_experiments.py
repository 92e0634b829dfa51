"""Figures of experiments: which ones a study plans, and that Snakemake makes them from tables alone."""

import importlib
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ALONE = ("--allowed-rules", "plot_figure")


def add_experiments(config: dict) -> None:
    main = config["experiments"]["main"] | {"datasets": ["hard"], "targets": ["student"], "extra": True}
    config["sources"]["wc-one"] = {"draws": [{"model": "wc", "match": "compute"}], "filter": "none"}
    config["experiments"] |= {
        "sideways": main | {"figure": "bars", "title": "WC's data, one way & another", "sources": ["wc-one", "wc"]},
        "along": main | {"figure": "crossover", "sources": ["se", "wc"]},
        "plain": main | {"sources": ["se", "wc"]},
    }


def test_the_study_plots_a_figure_for_each_experiment_that_names_one(fresh):
    fresh.change_config(add_experiments)
    jobs = fresh.planned("study")
    planned = sorted(job["figure"] for job in jobs["plot_figure"] if job["part"] == "study/")
    # The sources of the other experiment are those of the base grid, whose data has its figure already.
    data = ["data_quality_sideways_hard"]
    assert planned == ["along_hard", "claims", *data, "sideways_hard", "small_vs_large_over_time"]
    assert all(job["part"] == "" for job in fresh.planned("figures")["plot_figure"])


def test_figures_of_experiments_come_from_tables_alone(fresh, monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[1] / "unit")
    tables = importlib.import_module("study_tables")
    fresh.change_config(add_experiments)
    folder = fresh.results / "study" / "tables"
    folder.mkdir(parents=True)
    tables.write_study(folder, tables.made_up_study())
    names = ("sideways_hard", "along_hard", "small_vs_large_over_time")
    wanted = [str((fresh.results / "study" / "figures" / f"{name}.png").relative_to(fresh.folder)) for name in names]
    fresh.run(*wanted, options=ALONE)
    assert {path.stem for path in (fresh.results / "study" / "figures").glob("*.png")} == set(names)


def test_an_experiment_called_like_a_figure_of_the_grid_is_refused(fresh):
    fresh.change_config(lambda config: config["experiments"]["main"].update(figure="bars"))
    fresh.change_config(lambda config: config["experiments"].update(finetuned=config["experiments"]["main"]))
    done = fresh.run("study", options=("--dry-run",), check=False)
    assert done.returncode and "experiments.finetuned: has a figure, so another name" in done.stdout + done.stderr
