"""Queries, one class per table that is read."""
