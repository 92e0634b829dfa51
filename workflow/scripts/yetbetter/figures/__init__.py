"""Figures, plotted from tables alone; `registry` lists them, and each has a module of its name with `plot(request)`.

Fractions are shown in percent. What a table lacks is marked: "n/a" for bars, a cross for curves.
"""
