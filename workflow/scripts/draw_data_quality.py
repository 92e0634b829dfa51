"""Draw coverage, diversity and false positive rate of the training data, SE against WC."""

from yetbetter import plot_tables, plots, plots_data
from yetbetter.program import run


def main() -> None:
    parser = plots.command_line(__doc__, "data_quality.csv")
    parser.add_argument("--published", help="the paper's printed numbers, drawn beside ours")
    args = parser.parse_args()
    table = plot_tables.read_table(args.table, plots_data.DATA_QUALITY)
    look = plot_tables.Look(args.strong, args.weak, table.values("source"))
    dataset = plot_tables.choose_dataset(table, args.dataset)
    paper = plot_tables.Paper(args.published, "data", dataset, look)
    figure = plots_data.data_quality(table, dataset, look, paper)
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
