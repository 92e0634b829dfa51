"""Plot one figure of the registry (yetbetter/figures/registry.py) from tables alone.

    python plot_figure.py headline --tables finetuned.csv differences.csv arms.csv --budget low \\
        --output-pdf headline.pdf --output-png headline.png
"""

import argparse

from yetbetter.figures.registry import FIGURES
from yetbetter.figures.request import add_options, read_request
from yetbetter.figures.style import save
from yetbetter.program import Output, Parser, run


def parse_arguments() -> argparse.Namespace:
    parser = Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = parser.add_subparsers(dest="name", required=True, metavar="NAME", help="of the figure; see NAME --help")
    for figure in FIGURES.values():
        options = names.add_parser(figure.name, help=figure.category, description=figure.caption.replace("%", "%%"))
        add_options(options, figure)
        options.add_argument("--output-pdf", action=Output, required=True)
        options.add_argument("--output-png", action=Output, required=True)
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    figure = FIGURES[arguments.name]
    save(figure.plot(read_request(figure, arguments)), arguments.output_pdf, arguments.output_png)


if __name__ == "__main__":
    run(main)
