"""Versions of what draws and trains: raised on purpose when the same settings give another result.

The rules pass them as params, so that Snakemake reruns, and fingerprints hold them, so that no old draft is taken up.
"""

SAMPLER_VERSION = 1
TRAINING_VERSION = 1
EVALUATION_VERSION = 1
