"""Our reading of flake8's configuration against flake8's own code."""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import pytest
from flake8 import exceptions
from flake8.options.config import _find_config_file
from flake8.style_guide import Decision, DecisionEngine, StyleGuideManager
from flake8.utils import parse_files_to_codes_mapping

from flake8_backend.config_flake8 import find_flake8_config, per_file_ignores, split_list
from flake8_backend.config_keys import ConfigError, Place
from flake8_backend.project.files.globs import anchored
from flake8_backend.selection import PerFileIgnores, Selection

PREFIXES = ("B", "BE", "BE0", "BE00", "BE001", "BE002", "BE1", "E501", "F")
CODES = ("BE001", "BE002", "BE013", "BE101")


def some(choose: random.Random) -> tuple[str, ...]:
    return tuple(choose.choices(PREFIXES, k=choose.randint(0, 3)))


def namespace(selection: Selection, ignores: str = "") -> argparse.Namespace:
    return argparse.Namespace(
        select=None if selection.select is None else list(selection.select),
        ignore=None if selection.ignore is None else list(selection.ignore),
        extend_select=list(selection.extend_select) or None,
        extend_ignore=list(selection.extend_ignore) or None,
        extended_default_select=["BE", "C90", "E", "F", "W"],
        extended_default_ignore=[],
        per_file_ignores=ignores,
    )


@pytest.mark.parametrize("seed", range(8))
def test_selection(seed: int) -> None:
    choose = random.Random(seed)
    for _ in range(100):
        maybe = [choose.choice((None, some(choose))) for _ in range(2)]
        selection = Selection(maybe[0], maybe[1], some(choose), some(choose))
        engine = DecisionEngine(namespace(selection))
        for code in CODES:
            assert selection.allows(code) == (engine.decision_for(code) is Decision.Selected), (selection, code)


FILES = ("a.py", "tests/*", "tests/deep/*.py", "*.py", "*/a.py", "tests/", "deep/", "tests/a.py,b.py", "./a.py")


def entry(choose: random.Random) -> str:
    separator = choose.choice((", ", " ", ","))
    return choose.choice(FILES) + choose.choice((":", " : ")) + separator.join(some(choose) or CODES)


@pytest.mark.parametrize("seed", range(8))
def test_per_file_ignores(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    choose = random.Random(seed)
    paths = [tmp_path / name for name in ("a.py", "b.py", "tests/a.py", "tests/deep/c.py", "x/deep/a.py")]
    for _ in range(20):
        text = "\n".join(entry(choose) for _ in range(choose.randint(1, 4)))
        selection = Selection(None, some(choose), some(choose), ())
        formatter: Any = None
        manager = StyleGuideManager(namespace(selection, text), formatter)
        place = Place("x", tmp_path)
        ignores = PerFileIgnores(tuple((anchored(file, tmp_path), codes) for file, codes in split_of(text, place)))
        for path in paths:
            guide = manager.style_guide_for(str(path))
            for code in CODES:
                expected = guide.should_report_error(code) is Decision.Selected
                assert selection.allows(code, ignored_here=ignores.of(path)) == expected, (text, path, code)


def split_of(text: str, place: Place) -> list[tuple[str, tuple[str, ...]]]:
    return list(per_file_ignores(text, "per-file-ignores", place))


PIECES = ("a.py", "b/*.py", ":", ",", " ", "\n", "BE001", "E501", "BE", "README", ": ", " :", "x:y", "\n  ")


@pytest.mark.parametrize("seed", range(8))
def test_the_grammar_of_per_file_ignores(seed: int, tmp_path: Path) -> None:
    choose = random.Random(seed)
    for _ in range(200):
        text = "".join(choose.choices(PIECES, k=choose.randint(1, 9)))
        expected: object
        try:
            expected = [
                (file, tuple(code for code in codes if code.startswith("BE")))
                for file, codes in parse_files_to_codes_mapping(text)
            ]
        except exceptions.ExecutionError:
            expected = ConfigError
        actual: object
        try:
            actual = split_of(text, Place("x", tmp_path))
        except ConfigError:
            actual = ConfigError
        assert actual == expected, repr(text)


@pytest.mark.parametrize("text", ["a, b", "a b", " a,,b ", "a\n  b,\n", "", ",", "a\tb"])
def test_lists(text: str) -> None:
    from flake8.utils import parse_comma_separated_list

    assert split_list(text) == parse_comma_separated_list(text)


CONTENTS = ("", "[flake8]\nselect = E\n", "[flake8:local-plugins]\n", "[metadata]\nname = x\n", "broken", "[x]\né\n")


@pytest.mark.parametrize("seed", range(6))
def test_which_file_is_found(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose = random.Random(seed)
    for number in range(30):
        root = tmp_path / str(number)
        start = root / "a/b/c"
        start.mkdir(parents=True)
        for folder in (start, *start.parents[:3]):
            for name in ("setup.cfg", "tox.ini", ".flake8"):
                if choose.random() < 0.2:
                    (folder / name).write_text(choose.choice(CONTENTS), encoding=choose.choice(("utf-8", "latin-1")))
        monkeypatch.setenv("HOME", str(choose.choice((root, root / "a", start, tmp_path.parent))))
        expected = _find_config_file(str(start))
        assert find_flake8_config(start) == (None if expected is None else Path(expected))
