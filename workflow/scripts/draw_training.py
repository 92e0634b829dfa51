"""Draw how the finetunings of one data set, budget and target went, step by step: loss and learning rate."""

from yetbetter.figures import look as plot_tables
from yetbetter.figures import style as plots
from yetbetter.figures import training as plots_training
from yetbetter.program import run
from yetbetter.tables import NUMBERS, read_table


def main() -> None:
    parser = plots.command_line(__doc__, "training.csv")
    parser.add_argument("--checkpoints", required=True, help="checkpoints.csv, of the same study")
    parser.add_argument("--budget", required=True)
    parser.add_argument("--target", required=True)
    args = parser.parse_args()
    table = read_table(args.table, plots_training.COLUMNS, NUMBERS)
    checkpoints = read_table(args.checkpoints, plots_training.COLUMNS[:-2], NUMBERS)
    look = plot_tables.Look(args.strong, args.weak, table.values("source"))
    place = {"dataset": plot_tables.choose_dataset(table, args.dataset), "budget": args.budget, "target": args.target}
    title = f"{place['dataset']}, {plot_tables.budget_label(args.budget)}, target: {look.label(args.target)}"
    figure = plots_training.training(table.where(**place), checkpoints.where(**place), look, title)
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
