"""Compares packs with the distributions that they tell of, in environments that are thrown away."""
