"""What the figures write above and below a target: its name, and what finetuning it is called."""

import textwrap

from matplotlib.axes import Axes

from yetbetter.figures.look import Look
from yetbetter.figures.style import FAINT
from yetbetter.tables import Table


def paradigm_of(table: Table, target: str, source: str) -> str:
    names = table.where(target=target, source=source).values("paradigm")
    return names[0] if names else ""


def title_target(axes: Axes, table: Table, look: Look, target: str) -> int:
    """Write the target above its panel, and below it the paradigms of SE and WC data. Returns the number of lines."""
    paradigms = {source: paradigm_of(table, target, source) for source in (look.strong, look.weak)}
    named = [f"{look.label(source)}: {name}" for source, name in paradigms.items() if name]
    lines = "\n".join(textwrap.fill(text, 34, subsequent_indent="  ") for text in named)
    axes.set_title(lines, loc="left", fontsize=7, color=FAINT)
    up = 10 + 9 * lines.count("\n") if lines else 0
    name = textwrap.fill(f"target: {look.label(target)}", 28)
    axes.annotate(
        name,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 6 + up),
        textcoords="offset points",
        fontsize=8,
        fontweight="bold",
    )
    return len(lines.splitlines()) + len(name.splitlines())
