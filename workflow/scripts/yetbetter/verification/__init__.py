"""Verifiers: models that are trained to tell right solutions from wrong ones."""
