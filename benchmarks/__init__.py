"""Comparisons of Nitro with its peers: ``python -m benchmarks [names] [--markdown]``."""
