"""Draw the finetuned models' false positive rates: right answers that rest on wrong reasoning."""

from yetbetter.figures import finetuned as plots_finetuned
from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.program import run
from yetbetter.tables import NUMBERS, read_table


def main() -> None:
    parser = plots.command_line(__doc__, "finetuned.csv")
    parser.add_argument("--benchmark", default="test", help="the benchmark to draw")
    parser.add_argument("--arms", help="arms.csv, for the samples per question in the labels")
    args = parser.parse_args()
    table = read_table(args.table, plots_finetuned.FINETUNED, NUMBERS)
    arms = args.arms and read_table(args.arms, plot_tables.ARMS, NUMBERS)
    look = plot_tables.Look(args.strong, args.weak, table.values("source"))
    dataset = plot_tables.choose_dataset(table, args.dataset)
    # The paper gives these rates in words only, so that nothing printed stands beside them.
    paper = plot_tables.Paper(None, "", dataset, look)
    figure = plots_finetuned.finetuned(table, dataset, look, paper, args.benchmark, "false_positive_rate", arms)
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
