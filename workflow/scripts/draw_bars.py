"""Draw the accuracy of an experiment's sources side by side, with what each is and its difference from the baseline."""

from yetbetter import plot_experiments, plots, plots_bars
from yetbetter.program import run


def main() -> None:
    args = plot_experiments.command_line(__doc__).parse_args()
    figure = plots_bars.bars(plot_experiments.read_experiment(args))
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
