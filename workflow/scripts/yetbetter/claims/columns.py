"""The columns of claims.csv and claim_comparisons.csv."""

REPRODUCED, CONTRADICTED, INCONCLUSIVE, NOT_RUN = VERDICTS = ("reproduced", "contradicted", "inconclusive", "not run")

# One row per claim. effect, low, high (95 %), margin, basis: of the comparison that decides, named under `decided_by`;
# unit: points, percent or solutions. p: over all comparisons and both directions (`claims.verdicts`); p_holm: corrected
# for the other claims.
# paper_effect: what the paper printed for that comparison. needs_*: problems, or else seeds, for 80 % power, both if
# neither alone would do; needs_for: the effect that they are counted for. cells: paths, divided by blanks.
CLAIMS = (
    *("claim", "name", "sentence", "verdict", "reason"),
    *("effect", "unit", "low", "high", "relation", "margin", "p", "p_holm"),
    *("comparisons", "decided_by", "basis", "problems", "seeds", "paper_effect"),
    *("needs_problems", "needs_seeds", "needs_for", "cells"),
)
# One row per comparison (two for `same_sign`). p_for: one-sided, that the claim's word holds here; p_against: that its
# opposite does; verdict: of this comparison alone, not corrected. basis: what the interval knows.
COMPARISONS = (
    *("claim", "name", "comparison", "place", "metric", "verdict"),
    *("effect", "unit", "low", "high", "relation", "margin", "p_for", "p_against"),
    *("difference_points", "difference_percent", "basis", "problems", "seeds", "freedom"),
    *("paper_effect", "needs_problems", "needs_seeds", "needs_for", "cells"),
)
