"""Linear predictions of what was held out."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SPARE = 2  # observations that a fit must have beyond its coefficients


class Prediction(NamedTuple):
    """Errors of held-out predictions: root mean squares in the unit of the values, those of the mean beside them.

    explained: 1 - squared error / squared error of the mean; below 0 if the mean predicts better.
    """

    error: float
    error_of_mean: float

    @property
    def explained(self) -> float:
        return 1 - (self.error / self.error_of_mean) ** 2 if self.error_of_mean else math.nan


def predict_held_out(features: np.ndarray, values: np.ndarray, groups: Sequence[str]) -> Prediction | None:
    """Each group is predicted by least squares, with an intercept, and by the mean of all other groups.

    features: shape (observations, features); values, groups: (observations,). None if some group leaves too few others.
    """
    groups = np.asarray(groups)
    residuals, from_mean = np.empty(len(values)), np.empty(len(values))
    design = np.column_stack([np.ones(len(values)), features])
    for group in np.unique(groups):
        held, rest = groups == group, groups != group
        if rest.sum() < design.shape[1] + SPARE:
            return None
        coefficients, *_ = np.linalg.lstsq(design[rest], values[rest], rcond=None)
        residuals[held] = values[held] - design[held] @ coefficients
        from_mean[held] = values[held] - values[rest].mean()
    if not len(values):
        return None
    return Prediction(math.sqrt((residuals**2).mean()), math.sqrt((from_mean**2).mean()))
