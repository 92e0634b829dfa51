"""The figure of the finetuned models' false positive rates: right answers that rest on wrong reasoning."""

from matplotlib.figure import Figure

from yetbetter.figures.finetuned import finetuned
from yetbetter.figures.look import ARMS, FINETUNED, Paper, choose_dataset
from yetbetter.figures.request import Request


def plot(request: Request) -> Figure:
    table = request.read("finetuned", FINETUNED)
    arms = request.read("arms", ARMS)
    look = request.look(table.values("source"))
    dataset = choose_dataset(table, request.dataset)
    # The paper gives these rates in words only, so there are no printed values to plot.
    paper = Paper(None, "", dataset, look)
    return finetuned(table, dataset, look, paper, request.benchmark, "false_positive_rate", arms)
