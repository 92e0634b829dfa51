"""Draw maj@k on functional variants of the test problems and on the control, SE against WC."""

from yetbetter.figures import finetuned as plots_finetuned
from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.program import run
from yetbetter.tables import NUMBERS, read_table


def main() -> None:
    args = plots.command_line(__doc__, "finetuned.csv").parse_args()
    table = read_table(args.table, plots_finetuned.FINETUNED, NUMBERS)
    look = plot_tables.Look(args.strong, args.weak, table.values("source"))
    dataset = plot_tables.choose_dataset(table, args.dataset)
    figure = plots_finetuned.functional_transfer(table, dataset, look)
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
