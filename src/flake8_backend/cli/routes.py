"""``backend-fix routes``: every path that the projects serve, with verbs, handler, guards and answer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.cli import output
from flake8_backend.cli.arguments import Parser, UsageError, add_project_paths, relative
from flake8_backend.cli.output import counted
from flake8_backend.cli.session import Session, session_of
from flake8_backend.config_keys import nearest

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from flake8_backend.project.routes import Route

SUMMARY = "list every path that the projects serve, with verbs, handler, guards and answer"
_ANY = "*"
_NONE = "none"
_SEPARATOR = ", "


@dataclass(frozen=True)
class Row:
    """A route, and the file that its handler stands in."""

    route: Route
    path: Path

    @property
    def sort_key(self) -> tuple[Any, ...]:
        """By path, then verb; several projects one after the other where they serve the same."""
        return *self.route.sort_key, str(self.path)


def add_arguments(parser: Parser) -> None:
    """What ``routes`` understands."""
    add_project_paths(parser)
    add = parser.add_argument
    add("--format", "--output-format", choices=("text", "json"), default="text", help="default: text")
    add("--framework", metavar="NAME", help="only routes of this framework, as the table names it")
    add("--guard", metavar="NAME", help="only routes with this guard; none: only those without any")
    add("--quiet", "-q", action="store_true", help="no summary")


def run(arguments: argparse.Namespace) -> int:
    """Print the table and give 0; raises UsageError and ConfigError."""
    session = session_of(arguments)
    rows = sorted(_rows(session), key=lambda row: row.sort_key)
    shown = [row for row in rows if _is_wanted(row.route, arguments)]
    _check(arguments.framework, rows)
    if arguments.format == "json":
        print(json.dumps({"routes": [_as_json(row) for row in shown]}, indent=2, ensure_ascii=False))
    else:
        _print_table(shown)
    for problem in session.problems:
        output.say_warning(f"{problem.path}: {problem.reason}")
    for warning in session.warnings:
        output.say_warning(warning)
    if not arguments.quiet:
        output.say(_summary(shown, session.size))
    return 0


def _rows(session: Session) -> Iterator[Row]:
    """The routes whose handlers stand in the files that the run is about; a library's where they are registered."""
    for project, paths in session.projects():
        wanted = {path.relative_to(project.root).as_posix() for path in paths if path.is_relative_to(project.root)}
        for route in project.solution.routes:
            if route.file in wanted:
                yield Row(route, project.root / route.file)


def _is_wanted(route: Route, arguments: argparse.Namespace) -> bool:
    if arguments.framework is not None and route.framework != arguments.framework:
        return False
    if arguments.guard is None:
        return True
    return not route.guards if arguments.guard == _NONE else arguments.guard in route.guards


def _check(framework: str | None, rows: Sequence[Row]) -> None:
    known = sorted({row.route.framework for row in rows})
    if framework is not None and known and framework not in known:
        raise UsageError(f"no route is of `{framework}`{nearest(framework, known)}")


def _as_json(row: Row) -> dict[str, Any]:
    route = row.route
    return {
        "framework": route.framework,
        "verbs": list(route.verbs),
        "path": route.path,
        "kind": route.kind,
        "handler": route.handler,
        "dependencies": list(route.dependencies),
        "guards": list(route.guards),
        "response": route.response,
        "pagination": route.pagination,
        "mounted": route.mounted,
        "file": relative(row.path),
        "line": route.line,
    }


def _summary(rows: Sequence[Row], size: int) -> str:
    told = f"{counted(len(rows), 'route')} in {counted(size, 'file')}"
    loose = sum(not row.route.mounted for row in rows)
    return f"{told}; no application serves {loose:,} of them." if loose else f"{told}."


# --- text -------------------------------------------------------------------------------------------------------


def _note(route: Route) -> str:
    if not route.mounted:
        return "not mounted"
    return "" if route.kind == "http" else route.kind


_COLUMNS: dict[str, Callable[[Route], str]] = {
    "VERBS": lambda route: ",".join(route.verbs) or _ANY,
    "PATH": lambda route: route.path,
    "HANDLER": lambda route: route.handler,
    "GUARDS": lambda route: _SEPARATOR.join(route.guards),
    "DEPENDENCIES": lambda route: _SEPARATOR.join(name for name in route.dependencies if name not in route.guards),
    "RESPONSE": lambda route: route.response or "",
    "PAGINATION": lambda route: route.pagination or "",
    "FRAMEWORK": lambda route: route.framework,
    "NOTE": _note,
}


def _print_table(rows: Sequence[Row]) -> None:
    """Aligned columns, those left out in which nothing stands."""
    if not rows:
        return
    columns = {name: [cell(row.route) for row in rows] for name, cell in _COLUMNS.items()}
    kept = {name: [name, *cells] for name, cells in columns.items() if any(cells)}
    widths = [max(map(len, cells)) for cells in kept.values()]
    for cells in zip(*kept.values(), strict=True):
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
