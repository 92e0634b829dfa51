"""Write the page of a plan, one HTML file that opens without a network, and its figures.

    python write_plan.py --config CONFIG --plans results/pocket/plan/hard results/pocket/plan/easy \\
        --template workflow/report/plan.html.j2 --output plan.html

CONFIG is the study's config as JSON. Each plan is a folder that plan_sampling.py wrote into; its
figure is written there as coverage.pdf and coverage.png.
"""

import argparse
from pathlib import Path

from yetbetter.figures.look import Look
from yetbetter.figures.names import names_of
from yetbetter.figures.registry import KINDS
from yetbetter.program import Output, Parser, json_object, run
from yetbetter.report.plan_page import Plan, read_plan, write_plan
from yetbetter.study.checks import SCHEMA, check_config


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", required=True, type=json_object)
    parser.add_argument("--plans", required=True, type=Path, nargs="+", help="folders, each named like its data set")
    parser.add_argument("--template", required=True, type=Path)
    parser.add_argument("--output", action=Output, required=True, help="the page (HTML)")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    config = check_config(arguments.config, SCHEMA, "--config", KINDS)
    plans = [read_plan(folder, config) for folder in arguments.plans]
    figures = {plan.dataset: plot(plan, config) for plan in plans}
    write_plan(arguments.output, arguments.template, config, plans, figures)


def plot(plan: Plan, config: dict) -> Path:
    from yetbetter.figures.plan import plot_plan
    from yetbetter.figures.style import save

    names = names_of(config)
    look = Look(names.strong_model, names.weak_model, plan.curves.values("model"), study=names)
    figure = plot_plan(plan.curves, plan.pilot_samples, config["budgets"], plan.dataset, look)
    pdf, png = (plan.folder / f"coverage.{kind}" for kind in ("pdf", "png"))
    save(figure, pdf, png)
    return png


if __name__ == "__main__":
    run(main)
