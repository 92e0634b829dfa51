"""Names that may occur in formulas: Greek letters and functions."""


def listed(text: str) -> frozenset[str]:
    """The words of a list that is written as text."""
    return frozenset(text.split())


GREEK = listed(
    """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau upsilon
    phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma Phi Psi Omega ell hbar
    """
)
# How a function is written -> its name.
FUNCTIONS = {
    **{name: name for name in listed("sin cos tan sec csc cot sinh cosh tanh ln log exp gcd lcm min max")},
    **{name: name for name in ["arcsin", "arccos", "arctan", "floor", "abs"]},
    **{"asin": "arcsin", "acos": "arccos", "atan": "arctan", "ceil": "ceil", "ceiling": "ceil"},
}
