"""Checks Python servers for what senior backend engineers insist on, and repairs what it can."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    # reading the metadata takes milliseconds that a run of flake8 need not pay
    if name == "__version__":
        from importlib.metadata import version

        return version("flake8-backend")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
