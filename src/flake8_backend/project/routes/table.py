"""The route table: what every application of a project serves, with prefixes put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.routes import paths
from flake8_backend.project.routes.details import Details
from flake8_backend.project.routes.handlers import Handlers
from flake8_backend.project.routes.records import MOUNT, Declared, Included, Route, Router
from flake8_backend.project.routes.resources import Resources
from flake8_backend.project.values import Constant, options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.solution import Solution
    from flake8_backend.project.sql.places import Place

_DEEPEST = 12


class RouteTable:
    """The routes of one project, found when they are first asked for."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._found = Resources(solution.evaluator, solution.call_sites)
        self._handlers = Handlers(self._found)
        self._details = Details(solution, self._found)

    def routes(self) -> list[Route]:
        """Every route in the order of path and verb."""
        self._found.run()
        lists = self._urlconfs()
        rows: dict[Route, None] = {}
        routers = list(self._found.routers.values())
        for router in routers:
            if router.is_app and not router.is_held:
                rows.update(dict.fromkeys(self._below(router, "", (), mounted=True, seen=())))
        for router in lists:
            rows.update(dict.fromkeys(self._below(router, "", (), mounted=True, seen=())))
        for router in routers:
            if not router.is_app and not router.is_held and router not in lists:
                rows.update(dict.fromkeys(self._below(router, "", (), mounted=False, seen=())))
        return sorted(rows, key=lambda row: row.sort_key)

    def _urlconfs(self) -> list[Router]:
        """The lists of patterns that settings name as the root, else those that no other list includes."""
        named = [
            router
            for module in self._found.settings_modules
            for setting in self._found.roots
            for index in module.summary.names.get(setting, ())
            for value in options(self._solution.evaluator.value(module, index))
            if isinstance(value, Constant) and isinstance(value.value, str)
            for router in [self._found.urlconf(value.value)]
            if router is not None
        ]
        everywhere = [
            router
            for name in sorted(self._found.table.by_name)
            if not set(self._found.roots.values()).isdisjoint(self._found.table.by_name[name].summary.names)
            for router in [self._found.urlconf(name)]
            if router is not None
        ]
        return list(dict.fromkeys(named)) or [router for router in everywhere if not router.is_held]

    def _below(
        self, router: Router, prefix: str, dependencies: tuple[Place, ...], *, mounted: bool, seen: tuple[Router, ...]
    ) -> Iterator[Route]:
        if router in seen or len(seen) > _DEEPEST:
            return
        around = (*seen, router)
        passed = (*(() if router.alone else dependencies), *router.dependencies)
        start = paths.joined(prefix, router.prefix, router.joins) if router.prefix else prefix
        for entry in router.entries:
            if isinstance(entry, Included):
                yield from self._of_included(entry, prefix, start, passed, router, mounted=mounted, seen=around)
            else:
                yield from self._rows(entry, start, passed, router, mounted=mounted)

    def _of_included(
        self,
        entry: Included,
        prefix: str,
        start: str,
        passed: tuple[Place, ...],
        router: Router,
        *,
        mounted: bool,
        seen: tuple[Router, ...],
    ) -> Iterator[Route]:
        child = entry.child
        below = start
        if entry.mounts:
            below = start.rstrip("/") + (entry.prefix or "").rstrip("/")
        elif entry.prefix is not None:
            below = paths.joined(start, entry.prefix, router.joins)
        # a mounted application runs none of what the one around it asks for
        passed = (*(() if entry.alone or entry.mounts else passed), *entry.dependencies)
        if not entry.replaces or entry.prefix is None:
            yield from self._below(child, below, passed, mounted=mounted, seen=seen)
            return
        own, child.prefix = child.prefix, ""
        try:
            yield from list(self._below(child, below, passed, mounted=mounted, seen=seen))
        finally:
            child.prefix = own

    def _rows(
        self, entry: Declared, start: str, passed: tuple[Place, ...], router: Router, *, mounted: bool
    ) -> Iterator[Route]:
        path = paths.rooted(paths.joined(start, entry.path, router.joins))
        for served in self._handlers.served(entry):
            file, line = entry.place[0], entry.place[1]
            if served.node is not None:
                module = self._found.table.by_name[served.node[0]]
                file, line = module.path, module.function(served.node[1]).span[0]
            outer = () if entry.alone or entry.kind == MOUNT else passed
            around = self._details.around(entry, served, outer)
            response = self._details.response(entry, served)
            yield Route(
                framework=self._handlers.framework(served) or router.framework or entry.marker.pack,
                verbs=served.verbs,
                path=path,
                handler=served.handler,
                kind=entry.kind,
                dependencies=self._details.names(around),
                guards=self._details.guards(around, served),
                response=response,
                pagination=self._details.pagination(served, response),
                mounted=mounted,
                file=file,
                line=line,
                node=served.node,
            )
