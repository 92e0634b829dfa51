"""Versions of sampling, training and grading, raised deliberately when the same settings give another result.

Rules pass them as params, so that Snakemake reruns the job. Fingerprints hold them, so that no old draft is resumed.
"""

SAMPLER_VERSION = 1
TRAINING_VERSION = 1
EVALUATION_VERSION = 1
# Also raised when the same answer of a judge is read as another verdict.
JUDGE_VERSION = 1
VERIFIER_VERSION = 1
# Part of every verdict file's fingerprint: raised deliberately when a verdict may change.
GRADER_VERSION = 5
# The same for tasks whose answers are programs.
EXECUTION_VERSION = 2
# The same for answers to instructions.
FOLLOWING_VERSION = 1
# Of a verifier's training data and of its scores.
VERIFIER_VERSION = 1
# Of the chat format that targets of such tasks are trained and asked in.
CHAT_VERSION = 1

# Versions of the steps before training, used by the rules only. Another value reruns the step, and the training if the
# training data change. The first values are digests of the code at that time.
WORLD_VERSION = "f4b8251eb8cd2780"
IMPORT_VERSION = "f30f4c82e7fba7de"
REASONING_VERSION = "076d2aaf8e8d82b4"
SELECTION_VERSION = "bfe842a3a9ce2030"
HUMAN_SELECTION_VERSION = "ac1d5ed42a987567"
