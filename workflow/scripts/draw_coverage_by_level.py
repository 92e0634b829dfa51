"""Draw coverage at each level of difficulty, SE against WC, with the samples of each budget."""

from yetbetter.figures import data_quality as plots_data
from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.program import run
from yetbetter.tables import NUMBERS, read_table


def main() -> None:
    parser = plots.command_line(__doc__, "coverage.csv")
    parser.add_argument("--arms", required=True, help="arms.csv: samples per question of each budget and source")
    parser.add_argument("--published", help="the paper's printed numbers, drawn beside ours")
    args = parser.parse_args()
    table = read_table(args.table, plots_data.COVERAGE, NUMBERS)
    arms = read_table(args.arms, plot_tables.ARMS, NUMBERS)
    look = plot_tables.Look(args.strong, args.weak, table.values("model"))
    dataset = plot_tables.choose_dataset(table, args.dataset)
    paper = plot_tables.Paper(args.published, "coverage_by_level", dataset, look)
    figure = plots_data.coverage_by_level(table, arms, dataset, look, paper)
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
