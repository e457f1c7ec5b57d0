"""The options that the plugin adds to flake8: a module of their own, for they are declared in every run of flake8."""

from __future__ import annotations

OPTION_PREFIX = "backend-"

OPTIONS = {
    "profile": "default, or strict: also rules that are off by default",
    "extend-enable": "full codes of rules to turn on that are off by default",
    "preview": "also rules in preview",
    "default-timeout": "seconds that fixes pass as timeout",
    "cache-dir": "where to keep what was learnt of the project's files",
    "no-cache": "neither read nor write the cache",
}
"""Names without the prefix, and help texts."""
