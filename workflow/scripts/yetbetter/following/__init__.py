"""Whether a text follows the verifiable instructions of its prompt (IFEval, Zhou et al. 2023).

    checkers = load_checkers()                              # lm-eval's, or one line that says how to install them
    constraints = read_constraints(problem, "problem 1")
    checkers.check(constraints, text)                       # strict and loose, official and repaired

Only the standard library is imported here. The checkers are loaded when they are needed.
"""

from yetbetter.following.checkers import Checkers, load_checkers
from yetbetter.following.constraints import KEYS, Constraints, read_constraints
from yetbetter.following.followed import Followed

__all__ = ["KEYS", "Checkers", "Constraints", "Followed", "load_checkers", "read_constraints"]
