"""Draw what validation said of every checkpoint of every finetuning, the chosen ones marked."""

from yetbetter.figures import checkpoints as plots_checkpoints
from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.program import run
from yetbetter.tables import NUMBERS, read_table


def main() -> None:
    args = plots.command_line(__doc__, "checkpoints.csv").parse_args()
    table = read_table(args.table, plots_checkpoints.COLUMNS, NUMBERS)
    look = plot_tables.Look(args.strong, args.weak, table.values("source"))
    figure = plots_checkpoints.checkpoints(table, plot_tables.choose_dataset(table, args.dataset), look)
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
