"""What flake8's own configuration says about codes of this project, read without flake8.

flake8 takes the nearest of setup.cfg, tox.ini and .flake8 that has a section for it. Its lists concern many tools:
whatever cannot concern a code of this project is left out here.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.config_keys import ConfigError, Place, checked, nearest, unknown_code
from flake8_backend.flake8_options import OPTION_PREFIX, OPTIONS
from flake8_backend.project.files.globs import anchored
from flake8_backend.selection import PREFIX, PerFileIgnores, Selection, is_ours

if TYPE_CHECKING:
    import configparser
    from collections.abc import Iterable, Iterator, Mapping

FILES = ("setup.cfg", "tox.ini", ".flake8")
SECTION = "flake8"
_BOOLEANS = {**dict.fromkeys(("1", "yes", "true", "on"), True), **dict.fromkeys(("0", "no", "false", "off"), False)}
_SEPARATORS = re.compile(r"[,\s]+")
_TOKEN = re.compile(
    r"(?P<code>[A-Z]+[0-9]*(?=$|\s|,))|(?P<file>[^\s:,]+)|(?P<colon>\s*:\s*)|(?P<comma>\s*,\s*)|(?P<space>\s+)"
)
_OUR_NUMBERED = re.compile(rf"{PREFIX}\d*\Z")


@dataclass(frozen=True)
class Flake8Config:
    """flake8's side of the configuration, its command line included where the plugin runs."""

    selection: Selection = field(default_factory=Selection)
    per_file_ignores: PerFileIgnores = field(default_factory=PerFileIgnores)
    exclude: tuple[str, ...] = ()
    disable_noqa: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = "flake8"

    @cached_property
    def warning(self) -> str:
        """One line when the configuration, perhaps unawares, leaves out all that this project reports."""
        if not self.selection.leaves_out_everything():
            return ""
        return f"{self.name}: `select` names no {PREFIX} code, so nothing is reported: add {PREFIX} to it"


def split_list(text: str) -> list[str]:
    """The items of a list separated by commas or blanks."""
    return [item for item in _SEPARATORS.split(text) if item]


def our_codes(codes: Iterable[str], key: str, place: Place) -> tuple[str, ...]:
    """Those of ``codes`` that can concern this project; raises ConfigError for one that does not exist."""
    ours = tuple(code for code in codes if is_ours(code))
    for code in ours:
        if _OUR_NUMBERED.match(code) and (problem := unknown_code(code)):
            raise place.error(f"{key}: {problem}")
    return ours


def per_file_ignores(text: str, key: str, place: Place) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Patterns and their codes, ``a.py b.py: BE001, BE002``, as flake8 reads them; raises ConfigError."""
    files: list[str] = []
    codes: list[str] = []
    in_codes, separated = False, True
    for match in _TOKEN.finditer(text.strip()):
        kind, token = match.lastgroup, match.group()
        if kind in ("comma", "space"):
            separated = True
        elif kind == "colon" and not in_codes:
            in_codes = separated = True
        elif kind == "code" and in_codes and separated:
            codes.append(token)
            separated = False
        elif kind == "file" and separated:
            if in_codes:
                yield from ((file, our_codes(codes, key, place)) for file in files if codes)
                files, codes, in_codes = [], [], False
            files.append(token)
            separated = False
        else:
            raise place.error(f"{key}: unexpected `{token.strip()}`; write `pattern: codes`")
    if text.strip() and not in_codes:
        raise place.error(f"{key}: `{files[-1] if files else text.strip()}` has no codes; write `pattern: codes`")
    yield from ((file, our_codes(codes, key, place)) for file in files if codes)


def find_flake8_config(start: Path) -> Path | None:
    """The file that flake8 would take when run in the folder ``start``; it never climbs into the home folder."""
    home = Path("~").expanduser()
    for folder in (start, *start.parents):
        if folder == home and folder != start:
            return None
        for name in FILES:
            path = folder / name
            parser = _read(path)
            if parser is not None and any(parser.has_section(name) for name in (SECTION, "flake8:local-plugins")):
                return path
    return None


def _read(path: Path) -> configparser.RawConfigParser | None:
    """The sections of a file; None where flake8 would pass over it."""
    import configparser

    parser = configparser.RawConfigParser()
    try:
        with path.open(encoding="utf-8") as file:
            parser.read_file(file)
    except (OSError, UnicodeDecodeError, configparser.Error):
        return None
    return parser


def read_flake8_config(path: Path) -> Flake8Config:
    """What the file at ``path`` says; raises ConfigError."""
    parser = _read(path)
    if parser is None:
        raise ConfigError(f"{path}: cannot be read as a configuration of flake8")
    if not parser.has_section(SECTION):
        return Flake8Config(name=str(path))
    place = Place(str(path), path.parent)
    values = {key.replace("_", "-"): value for key, value in parser.items(SECTION)}

    def listed(key: str) -> tuple[str, ...] | None:
        return our_codes(split_list(values[key]), key, place) if key in values else None

    return Flake8Config(
        selection=selection(listed("select"), listed("ignore"), listed("extend-select"), listed("extend-ignore")),
        per_file_ignores=PerFileIgnores(
            tuple(
                (anchored(pattern, place.folder), codes)
                for pattern, codes in per_file_ignores(values.get("per-file-ignores", ""), "per-file-ignores", place)
            )
        ),
        exclude=tuple(
            anchored(pattern, place.folder)
            for key in ("exclude", "extend-exclude")
            for pattern in split_list(values.get(key, ""))
        ),
        disable_noqa=_boolean(values.get("disable-noqa", "false"), "disable-noqa", place),
        settings=settings_of(values, place),
        name=str(path),
    )


def selection(
    select: tuple[str, ...] | None,
    ignore: tuple[str, ...] | None,
    extend_select: tuple[str, ...] | None,
    extend_ignore: tuple[str, ...] | None,
) -> Selection:
    """The lists as flake8 has them, None where it was given none."""
    return Selection(select, ignore, extend_select or (), extend_ignore or ())


def settings_of(values: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """The plugin's own options among ``values``, as keys of ``[tool.flake8-backend]``; raises ConfigError."""
    found = {}
    for key, value in values.items():
        if not key.startswith(OPTION_PREFIX):
            continue
        name = key.removeprefix(OPTION_PREFIX)
        if name not in OPTIONS:
            hint = nearest(key, [OPTION_PREFIX + option for option in OPTIONS])
            raise place.error(f"unknown option `{key}`{hint}")
        found.update(_setting(name, value, key, place))
    return checked(found, place)


def _setting(name: str, value: Any, key: str, place: Place) -> dict[str, Any]:
    if name == "no-cache":
        return {"cache": not _boolean(value, key, place)}
    if name == "preview":
        return {name: _boolean(value, key, place)}
    if name == "extend-enable":
        return {name: split_list(value) if isinstance(value, str) else list(value)}
    if name == "default-timeout":
        return {name: _number(value, key, place)}
    return {name: os.fspath(value)}


def _boolean(value: Any, key: str, place: Place) -> bool:
    if isinstance(value, bool):
        return value
    try:
        return _BOOLEANS[str(value).lower()]
    except KeyError:
        raise place.error(f"{key} must be true or false, not {value!r}") from None


def _number(value: Any, key: str, place: Place) -> float:
    try:
        return float(value)
    except ValueError:
        raise place.error(f"{key} must be a number of seconds, not {value!r}") from None
