"""Draw an experiment's finetuned models: side by side, by mixing ratio, by sample counts, or along the budget."""

from yetbetter.figures import bars as plots_bars
from yetbetter.figures import crossover as plots_crossover
from yetbetter.figures import experiment as plot_experiments
from yetbetter.figures import mixing as plots_mixing
from yetbetter.figures import samples as plots_samples
from yetbetter.figures import style as plots
from yetbetter.program import run

DRAW = {
    "bars": plots_bars.bars,
    "mixing": plots_mixing.mixing,
    "samples": plots_samples.samples,
    "crossover": plots_crossover.crossover,
}


def main() -> None:
    parser = plot_experiments.command_line(__doc__)
    parser.add_argument("--kind", required=True, choices=DRAW)
    args = parser.parse_args()
    figure = DRAW[args.kind](plot_experiments.read_experiment(args))
    plots.save(figure, args.output_pdf, args.output_png)


if __name__ == "__main__":
    run(main)
