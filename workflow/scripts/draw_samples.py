"""Draw every count of SE samples against every count of WC samples: accuracy, and a matrix of differences."""

from yetbetter import plot_experiments, plots, plots_samples
from yetbetter.program import run


def main() -> None:
    args = plot_experiments.command_line(__doc__).parse_args()
    figure = plots_samples.samples(plot_experiments.read_experiment(args))
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
