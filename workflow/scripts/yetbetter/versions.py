"""Versions of what draws and trains: raised on purpose when the same settings give another result.

The rules pass them as params, so that Snakemake reruns, and fingerprints hold them, so that no old draft is taken up.
"""

SAMPLER_VERSION = 1
TRAINING_VERSION = 1
EVALUATION_VERSION = 1

# Of what is made before a model is trained, for the rules alone. Another text makes it again, and trains again if the
# training data change; the first values are digests of the code of that day.
WORLD_VERSION = "f4b8251eb8cd2780"
IMPORT_VERSION = "f30f4c82e7fba7de"
REASONING_VERSION = "076d2aaf8e8d82b4"
SELECTION_VERSION = "bfe842a3a9ce2030"
HUMAN_SELECTION_VERSION = "ac1d5ed42a987567"
