"""The columns of a plan's tables, apart from what makes them: a page needs no forecast."""

LEAST = 0.005  # a lead in coverage that counts as one; a pilot in which hardly anything was solved shows smaller ones
PILOT = (
    *("dataset", "model", "questions", "samples", "solved", "pass_at_1", "tokens_per_solution", "seconds_per_sample"),
    *("false_positive_rate", "checked", "family", "weight"),
)
CURVES = ("dataset", "match", "reference", "reference_samples", "model", "samples", "metric", "value", "low", "high")
ALLOCATIONS = (
    *("dataset", "budget", "match", "model", "draws", "samples", "share", "stop_after", "groups", "looked_at"),
    *("coverage", "low", "high"),
    *("reference", "difference", "difference_low", "difference_high", "chance_ahead"),
    *("distinct", "distinct_low", "distinct_high", "kept", "false_positives"),
    *(
        "tokens",
        "flops",
        "gpu_hours",
        "gpu_hours_measured",
        "dollars",
        "recommended",
        "rival",
        "lead",
        "lead_low",
        "lead_high",
        "settled",
        "questions_to_settle",
    ),
)
