"""Draw coverage@k of SE and of WC, and of WC at the compute of k SE samples."""

from yetbetter.figures import data_quality as plots_data
from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.program import run
from yetbetter.tables import NUMBERS, read_table


def main() -> None:
    parser = plots.command_line(__doc__, "coverage.csv")
    parser.add_argument("--ratio", type=float, required=True, help="WC samples that cost as much as one SE sample")
    parser.add_argument("--published", help="the paper's printed numbers, drawn beside ours")
    args = parser.parse_args()
    table = read_table(args.table, plots_data.COVERAGE, NUMBERS)
    look = plot_tables.Look(args.strong, args.weak, table.values("model"))
    dataset = plot_tables.choose_dataset(table, args.dataset)
    paper = plot_tables.Paper(args.published, "coverage_trend", dataset, look)
    figure = plots_data.coverage_trend(table, dataset, look, args.ratio, paper)
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
