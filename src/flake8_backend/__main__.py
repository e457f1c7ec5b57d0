"""``python -m flake8_backend`` is ``backend-fix``."""

from __future__ import annotations

from flake8_backend.cli.main import entry

if __name__ == "__main__":
    entry()
