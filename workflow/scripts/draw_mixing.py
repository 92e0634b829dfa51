"""Draw accuracy against the share of the compute that went into WC samples, from SE only to WC only."""

from yetbetter import plot_experiments, plots, plots_mixing
from yetbetter.program import run


def main() -> None:
    args = plot_experiments.command_line(__doc__).parse_args()
    figure = plots_mixing.mixing(plot_experiments.read_experiment(args))
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
