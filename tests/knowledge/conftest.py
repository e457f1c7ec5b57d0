"""Packs written on the spot."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from flake8_backend.knowledge import loader
from flake8_backend.knowledge.facts import Knowledge

WritePack = Callable[[str], Path]
Know = Callable[..., Knowledge]


@pytest.fixture
def write_pack(tmp_path: Path) -> WritePack:
    """Write TOML into a file of its own."""
    numbers = itertools.count(1)

    def write(text: str) -> Path:
        path = tmp_path / f"pack{next(numbers)}.toml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def know(write_pack: WritePack) -> Know:
    """Load the packs in these texts, each a layer of the user's, over this project's own."""

    def load(*texts: str, imports: tuple[str, ...] = ()) -> Knowledge:
        return loader.load(imports, extra_packs=[write_pack(text) for text in texts])

    return load
