"""Evaluation: benchmarks that finetuned models answer, and the scores of the answers."""
