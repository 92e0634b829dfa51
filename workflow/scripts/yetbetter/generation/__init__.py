"""Sampling: engines, prompts, and the blocks of pools."""
