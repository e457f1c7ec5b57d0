"""Settings of all tests."""

from __future__ import annotations

# sources to be analysed, some of them named like tests: never imported
collect_ignore = ["fixtures", "corpus"]
