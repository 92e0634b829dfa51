"""Benchmarks that finetuned models answer."""
