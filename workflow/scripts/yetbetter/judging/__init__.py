"""Judging: a model that is asked whether the reasoning of solutions is sound."""
