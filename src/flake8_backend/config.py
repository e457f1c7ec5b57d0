"""Options: read from all places once, checked, and frozen.

Three places speak, the stronger first: the command line, flake8's configuration, ``[tool.flake8-backend]`` in the
nearest pyproject.toml that has this table. A key in a stronger place replaces the same key in a weaker one. What
flake8's lists select and ignore always holds, since flake8 filters by them whatever this project thinks; where they
say nothing about a code, pyproject.toml decides. Patterns that leave out files add up.
"""

from __future__ import annotations

import functools
import importlib
import json
import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flake8_backend.config_flake8 import Flake8Config, find_flake8_config, read_flake8_config
from flake8_backend.config_keys import PACK_TABLES, TOOL_CODES, ConfigError, Place, checked
from flake8_backend.core.rule import Default, Rule, Status
from flake8_backend.core.source import digest
from flake8_backend.project.files.globs import PathPatterns
from flake8_backend.project.files.roots import NEVER_INDEXED
from flake8_backend.selection import PREFIX, longest_prefix

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flake8_backend.core.diagnostic import Json

__all__ = ["DEFAULT_EXCLUDE", "ConfigError", "Options", "Overrides", "load_options"]

TABLE = "flake8-backend"
PYPROJECT = "pyproject.toml"

DEFAULT_EXCLUDE = tuple(
    sorted(
        NEVER_INDEXED
        | {"*.egg", ".pants.d", ".pyenv", ".venv", ".vscode", "_build", "buck-out", "build", "dist", "venv"}
    )
)
"""What linters usually leave out: the folders of tools, and where builds and environments are put."""

_REQUIRES_PYTHON = re.compile(r"""^\s*(?:requires-python|python)\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
_LOWEST = re.compile(r"(?:>=|\^|~=|~|==|>)\s*3\.(\d+)")


@dataclass(frozen=True)
class Options:
    """What a run was told. ``select``, ``ignore`` and ``per_file_ignores`` are those of pyproject.toml.

    ``default_timeout`` is in seconds, ``astroid_queries`` counts per file. Patterns and folders are absolute, or patterns of names.
    """

    select: tuple[str, ...] = (PREFIX,)
    ignore: tuple[str, ...] = ()
    extend_enable: tuple[str, ...] = ()
    profile: str = "default"
    preview: bool = False
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    default_timeout: float = 10
    astroid_queries: int = 0
    timeout_is_explicit: bool = False
    rule_options: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    packs: tuple[str, ...] = ()
    pack_rows: Mapping[str, Json] = field(default_factory=dict)
    cache_dir: str | None = None
    use_cache: bool = True
    target_version: tuple[int, int] | None = None
    flake8: Flake8Config = field(default_factory=Flake8Config)

    def is_active(self, rule: Rule) -> bool:
        """Whether findings of ``rule`` are wanted anywhere."""
        is_on = rule.default is Default.ON or self.profile == "strict"
        is_ready = rule.status is not Status.PREVIEW or self.preview
        return self.reports(rule.code) and ((is_on and is_ready) or self._asks_for(rule.code))

    def _asks_for(self, code: str) -> bool:
        """Whether ``code`` is written out in full somewhere; a prefix never turns on what is off by default."""
        ours = (*self.select, *self.extend_enable)
        return code in ours or self.flake8.selection.selecting(code) == len(code)

    def reports(self, code: str) -> bool:
        """Whether a finding of ``code`` is shown in a file that nothing special is said about."""
        return self._reports(code, flake8_ignores=(), our_ignores=())

    def reports_in(self, path: Path, code: str) -> bool:
        """Whether a finding of ``code`` is shown in the file at the absolute ``path``."""
        return self._reports(
            code, flake8_ignores=self.flake8.per_file_ignores.of(path), our_ignores=self._ignored_in(path)
        )

    def _reports(self, code: str, *, flake8_ignores: tuple[str, ...], our_ignores: tuple[str, ...]) -> bool:
        host = self.flake8.selection
        asked = host.selecting(code)
        ignoring = longest_prefix(code, (*self.ignore, *our_ignores))
        if code in TOOL_CODES:
            ignoring = max(ignoring, longest_prefix(code, (*(host.ignore or ()), *host.extend_ignore, *flake8_ignores)))
            return ignoring < 0 or asked > ignoring
        if not host.allows(code, ignored_here=flake8_ignores):
            return False
        # a stronger place that names the code, or as much of it as the ignoring prefix, is heard
        selecting = max(asked, longest_prefix(code, (*self.select, *self.extend_enable)))
        return selecting > ignoring or (asked >= 0 and asked >= ignoring)

    def _ignored_in(self, path: Path) -> tuple[str, ...]:
        name, text = path.name, str(path)
        return tuple(
            code for patterns, codes in self._per_file_patterns if patterns.matches(text, name) for code in codes
        )

    @functools.cached_property
    def _per_file_patterns(self) -> tuple[tuple[PathPatterns, tuple[str, ...]], ...]:
        return tuple((PathPatterns((pattern,)), codes) for pattern, codes in self.per_file_ignores)

    @functools.cached_property
    def exclusion(self) -> PathPatterns:
        """What is left out when folders are walked."""
        return PathPatterns((*self.exclude, *self.flake8.exclude))

    def fingerprint(self) -> str:
        """A digest of whatever changes findings: the active rules, their options, and the users' facts."""
        from flake8_backend.core.registry import all_rules

        told = {
            "active": [rule.code for rule in all_rules() if self.is_active(rule)],
            "timeout": [self.default_timeout, self.timeout_is_explicit],
            "rules": {code: dict(options) for code, options in self.rule_options.items()},
            "packs": [digest(Path(pack).read_bytes()) for pack in self.packs],
            "rows": dict(self.pack_rows),
            "target": self.target_version,
            "astroid": self.astroid_queries,
            "noqa": not self.flake8.disable_noqa,
        }
        return digest(json.dumps(told, sort_keys=True, default=str).encode())


@dataclass(frozen=True)
class Overrides:
    """What is stronger than files: the command line, or what flake8 has parsed already.

    ``table`` has keys of ``[tool.flake8-backend]``, unchecked. ``config`` is read in place of what would be found.
    ``flake8`` is given by the plugin; otherwise flake8's files are read.
    """

    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    exclude: tuple[str, ...] = ()
    table: Mapping[str, Json] = field(default_factory=dict)
    config: Path | None = None
    isolated: bool = False
    flake8: Flake8Config | None = None


def load_options(start: Path, overrides: Overrides | None = None) -> Options:
    """The options for the project at the absolute folder ``start``; raises ConfigError."""
    given = overrides or Overrides()
    here = Place("command line", Path.cwd())
    flake8 = given.flake8 or _flake8_config(start, given)
    merged: dict[str, Any] = {}
    for values in (_table(start, given), flake8.settings, checked(given.table, here)):
        for key, value in values.items():
            merged[key] = {**merged.get(key, {}), **value} if key.startswith(PREFIX) else value
    selection = replace(
        flake8.selection,
        select=given.select if given.select is not None else flake8.selection.select,
        ignore=given.ignore if given.ignore is not None else flake8.selection.ignore,
    )
    exclude = (*merged.get("exclude", DEFAULT_EXCLUDE), *merged.get("extend-exclude", ()), *given.exclude)
    target = merged.get("target-version") or (None if given.isolated else _requires_python(start))
    return Options(
        select=(*merged.get("select", (PREFIX,)), *merged.get("extend-select", ())),
        ignore=(*merged.get("ignore", ()), *merged.get("extend-ignore", ())),
        extend_enable=merged.get("extend-enable", ()),
        profile=merged.get("profile", "default"),
        preview=merged.get("preview", False),
        per_file_ignores=merged.get("per-file-ignores", ()),
        exclude=exclude,
        default_timeout=merged.get("default-timeout", 10),
        timeout_is_explicit="default-timeout" in merged,
        astroid_queries=merged.get("astroid-queries", 0),
        rule_options={key: value for key, value in merged.items() if key.startswith(PREFIX)},
        packs=merged.get("packs", ()),
        pack_rows={key: merged[key] for key in PACK_TABLES if key in merged},
        cache_dir=merged.get("cache-dir"),
        use_cache=merged.get("cache", True),
        target_version=target,
        flake8=replace(flake8, selection=selection),
    )


def _flake8_config(start: Path, given: Overrides) -> Flake8Config:
    if given.isolated or (given.config is not None and _is_toml(given.config)):
        return Flake8Config()
    path = given.config or find_flake8_config(start)
    return Flake8Config() if path is None else read_flake8_config(path)


def _is_toml(path: Path) -> bool:
    return path.suffix == ".toml"


def _table(start: Path, given: Overrides) -> dict[str, Any]:
    """The checked table of the file that counts for ``start``; raises ConfigError."""
    if given.isolated or (given.config is not None and not _is_toml(given.config)):
        return {}
    if given.config is not None:
        table = _table_of(given.config)
        if table is None:
            raise ConfigError(f"{given.config}: there is no table [tool.{TABLE}]")
        return table
    for folder in (start, *start.parents):
        path = folder / PYPROJECT
        table = _table_of(path) if path.is_file() else None
        if table is not None:
            return table
    return {}


@functools.lru_cache(maxsize=256)
def _read(path: Path, _: tuple[int, int]) -> bytes:
    return path.read_bytes()


def _bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        return _read(path, (status.st_mtime_ns, status.st_size))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from error


def _table_of(path: Path) -> dict[str, Any] | None:
    """The checked table in a TOML file, None when there is none; raises ConfigError."""
    data = _bytes(path)
    # a file that never speaks of us is not parsed: its mistakes are not ours to report, and parsing costs
    if TABLE.encode() not in data:
        return None
    tables = parse_toml(data, name=str(path))
    tool = tables.get("tool")
    table = tool.get(TABLE) if isinstance(tool, dict) else None
    if table is None:
        return None
    place = Place(str(path), path.parent)
    if not isinstance(table, dict):
        raise place.error(f"[tool.{TABLE}] must be a table")
    return checked(table, place)


def parse_toml(data: bytes, *, name: str) -> dict[str, Any]:
    """The tables of a TOML file called ``name``; raises ConfigError."""
    toml: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        tables: dict[str, Any] = toml.loads(data.decode("utf-8"))
    except ValueError as error:  # of TOML, or of UTF-8
        raise ConfigError(f"{name}: not valid TOML: {str(error).splitlines()[0]}") from error
    return tables


def _requires_python(start: Path) -> tuple[int, int] | None:
    """The lowest Python that the nearest pyproject.toml with such a statement admits."""
    for folder in (start, *start.parents):
        path = folder / PYPROJECT
        if path.is_file():
            stated = _REQUIRES_PYTHON.search(_bytes(path).decode("utf-8", "replace"))
            lowest = _LOWEST.search(stated[1]) if stated else None
            if lowest is not None:
                return (3, int(lowest[1]))
    return None
