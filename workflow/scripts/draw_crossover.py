"""Draw SE and WC data along the sampling budget, their difference, and where it changes its sign."""

from yetbetter import plot_experiments, plots, plots_crossover
from yetbetter.program import run


def main() -> None:
    args = plot_experiments.command_line(__doc__).parse_args()
    figure = plots_crossover.crossover(plot_experiments.read_experiment(args))
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
