from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from flake8_backend.knowledge import compiled

CHECKOUT = Path(__file__).parents[2]
PACKS = "flake8_backend/knowledge/packs/"


def test_the_wheel_carries_the_packs_compiled(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="the build backend is not installed")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=CHECKOUT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = {
            name.removeprefix(PACKS): archive.read(name)
            for name in archive.namelist()
            if name.startswith(PACKS) and name.endswith(".toml")
        }
        text = archive.read(PACKS + compiled.COMPILED).decode()
    assert text == compiled.compile_packs(files)
