"""Draw coverage, diversity and false positive rate of the training data, SE against WC."""

from dataclasses import replace

from yetbetter.figures import data_quality as plots_data
from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.program import run
from yetbetter.tables import NUMBERS, read_table


def main() -> None:
    parser = plots.command_line(__doc__, "data_quality.csv")
    parser.add_argument("--published", help="the paper's printed numbers, drawn beside ours")
    parser.add_argument("--sources", nargs="+", help="the sources to draw, in order; left out: all, by role")
    parser.add_argument("--budgets", nargs="+", help="the budgets to draw; left out: all")
    parser.add_argument("--title", default="", help="what the sources have in common")
    args = parser.parse_args()
    table = whole = read_table(args.table, (*plots_data.DATA_QUALITY, "model"), NUMBERS)
    look = plot_tables.Look(args.strong, args.weak, table.values("source"))
    dataset = plot_tables.choose_dataset(table, args.dataset)
    paper = plot_tables.Paper(args.published, "data", dataset, look)
    if args.sources:
        table = table.where(source=tuple(args.sources))
        look = replace(look, names=args.sources, writers={row["source"]: row["model"] for row in whole.rows})
    if args.budgets:
        table = table.where(budget=tuple(args.budgets))
    figure = plots_data.data_quality(table, dataset, look, paper, args.sources, args.title)
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
