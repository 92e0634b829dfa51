"""Draw each target's accuracy after finetuning on SE or on WC data, with paired differences."""

from yetbetter.figures import finetuned as plots_finetuned
from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.program import run
from yetbetter.tables import NUMBERS, read_table


def main() -> None:
    parser = plots.command_line(__doc__, "finetuned.csv")
    parser.add_argument("--differences", required=True, help="differences.csv: paired differences between sources")
    parser.add_argument("--arms", help="arms.csv, for the samples per question in the labels")
    parser.add_argument("--budget", default="low", help="the budget to draw")
    parser.add_argument("--published", help="the paper's printed numbers, drawn beside ours")
    args = parser.parse_args()
    table = read_table(args.table, plots_finetuned.FINETUNED, NUMBERS)
    differences = read_table(args.differences, plots_finetuned.DIFFERENCES, NUMBERS)
    arms = args.arms and read_table(args.arms, plot_tables.ARMS, NUMBERS)
    look = plot_tables.Look(args.strong, args.weak, table.values("source"))
    dataset = plot_tables.choose_dataset(table, args.dataset)
    paper = plot_tables.Paper(args.published, "finetuned", dataset, look)
    figure = plots_finetuned.headline(table, differences, dataset, args.budget, look, paper, arms)
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
