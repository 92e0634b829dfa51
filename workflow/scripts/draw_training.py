"""Draw how finetunings went, step by step: loss, learning rate, tokens a second and the devices' utilisation.

    python draw_training.py --models low=FOLDER mid=FOLDER --title "MATH, low, from WC" \\
        --output-pdf CURVES.pdf --output-png CURVES.png

A folder is what finetune_model.py made. Curves are named by what stands before the =, the folder's own name by default.
"""

import argparse
from pathlib import Path

from yetbetter import plots, plots_training
from yetbetter.errors import UserError
from yetbetter.program import run


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", required=True, nargs="+", metavar="NAME=FOLDER", help="finetuned models")
    parser.add_argument("--title", default="")
    parser.add_argument("--output-pdf", required=True)
    parser.add_argument("--output-png", required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    runs = {}
    for word in arguments.models:
        name, _, folder = word.rpartition("=")
        name = name or Path(folder).name
        if name in runs:
            raise UserError(f"--models names {name!r} twice")
        runs[name] = plots_training.read_run(Path(folder))
    plots.save(plots_training.draw(runs, arguments.title), arguments.output_pdf, arguments.output_png)


if __name__ == "__main__":
    run(main)
