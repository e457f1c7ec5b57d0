"""Which functions of a project register routes: those with such a call or decorator in them, and their callers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.routes.declaring import ROUTES, Declaring
from flake8_backend.project.sql.places import At, Place
from flake8_backend.project.values import FunctionRef, Value
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.project.calls.callsites import CallSites
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

Node = tuple[str, int]
_Decoration = tuple[int, str, int]  # the decorator's term; FUNCTION or CLASS, and its index
_CALLED_ON_ROUTERS = frozenset({"include", "mount", "register"})
_GROWING = {"append": False, "insert": False, "extend": True}  # whether it takes a list


class Scanning(Declaring):
    """The functions that bear on routes, over one project."""

    def __init__(self, evaluator: Evaluator, sites: CallSites) -> None:
        super().__init__(evaluator)
        self._sites = sites

    @cached_property
    def _words(self) -> frozenset[str]:
        """The last components of the names that register something, as calls or as decorators."""
        found: set[str] = set()
        for kind in ("route", "websocket", "router"):
            for marker in self.knowledge.markers_of_kind(kind):
                if marker.form != "class":
                    found.update(name.rpartition(".")[2] for name in marker.names)
        return frozenset(found)

    def _frame(self, module: Module, index: int) -> Node:
        """The function or module whose running runs a frame: class bodies run with what is around them."""
        while module.function(index).kind == "class":
            index = module.function(index).parent
        return module.name, max(index, 0)

    @cached_property
    def _decorations(self) -> dict[Node, list[_Decoration]]:
        """Decorated functions and classes by the function that runs their definition."""
        found: dict[Node, list[_Decoration]] = {}
        for module in self.table:
            for index, function in enumerate(module.summary.functions):
                for decorator in reversed(function.decorators if function.kind != "class" else ()):
                    node = self._frame(module, function.parent)
                    found.setdefault(node, []).append((decorator, terms.FUNCTION, index))
            for index, klass in enumerate(module.summary.classes):
                for decorator in reversed(klass.decorators):
                    node = self._frame(module, module.function(klass.function).parent)
                    found.setdefault(node, []).append((decorator, terms.CLASS, index))
        return found

    @cached_property
    def _calls(self) -> dict[Node, list[int]]:
        """Calls whose names the packs know, by the function that they stand in."""
        found: dict[Node, list[int]] = {}
        for module in self.table:
            for index, function in enumerate(module.summary.functions):
                own = [site[SITE_TERM] for site in function.sites if self._is_known(module, site[SITE_TERM])]
                if own:
                    found.setdefault(self._frame(module, index), []).extend(own)
        return found

    def _is_known(self, module: Module, index: int) -> bool:
        callee = module.summary.terms[module.summary.terms[index][1]]
        last = self._last(module, callee)
        return last in self._words or callee[0] == terms.CALL

    def _last(self, module: Module, callee: Sequence[Any]) -> str:
        if callee[0] == terms.ATTRIBUTE:
            return str(callee[2])
        if callee[0] != terms.NAME:
            return ""
        dotted = str(callee[1])
        rest = dotted.removeprefix(f"{module.name}.")
        bound = module.summary.names.get(rest, ()) if "." not in rest else ()
        imported = module.summary.terms[bound[-1]] if bound else terms.NOTHING
        return str(imported[1] if imported[0] == terms.NAME else dotted).rpartition(".")[2]

    @cached_property
    def _registering(self) -> frozenset[Node]:
        """The functions in which something is registered, and those that call them."""
        found = {
            node
            for node, calls in self._calls.items()
            if node[1] and any(self._registers(At(node[0]), call) for call in calls)
        }
        found |= {
            node
            for node, decorations in self._decorations.items()
            if node[1] and any(self._may_register(At(node[0]), decorator) for decorator, _, _ in decorations)
        }
        pending = list(found)
        while pending:
            node = pending.pop()
            outer = self._around(node)
            for other in (
                *outer,
                *((caller.site.module, caller.site.function) for caller in self._sites.callers(node)),
            ):
                frame = self._frame(self.table.by_name[other[0]], other[1])
                if frame[1] and frame not in found:
                    found.add(frame)
                    pending.append(frame)
        return frozenset(found)

    def _around(self, node: Node) -> list[Node]:
        """The function that makes a decorator: the one around it."""
        parent = self.table.by_name[node[0]].function(node[1]).parent
        return [(node[0], parent)] if parent > 0 else []

    def _registers(self, at: At, index: int) -> bool:
        marker, _ = self.declaration(at, index)
        if marker is None:
            callee = self.term(at, self.term(at, index)[1])
            if callee[0] == terms.ATTRIBUTE and "_" in callee[2] and self.term(at, callee[1])[0] == terms.PARAMETER:
                return True  # `app.add_url_rule(…)`: callers tell what it is
            return callee[0] == terms.CALL and self._registers(at, self.term(at, index)[1])
        does = marker.routing.does if marker.routing is not None else ""
        return marker.kind in ROUTES or does in _CALLED_ON_ROUTERS

    def _may_register(self, at: At, index: int) -> bool:
        term = self.term(at, index)
        callee = self.term(at, term[1]) if term[0] == terms.CALL else term
        return self._last(self.module(at), callee) in self._words

    def registers(self, value: Value) -> bool:
        """Whether something is a function of the project that registers routes."""
        return isinstance(value, FunctionRef) and (value.module, value.index) in self._registering

    @cached_property
    def _entering(self) -> dict[Node, list[int]]:
        """Calls of functions that register something, by the function that they stand in."""
        found: dict[Node, list[int]] = {}
        for node in sorted(self._registering):
            for caller in self._sites.callers(node):
                site = caller.site
                frame = self._frame(self.table.by_name[site.module], site.function)
                found.setdefault(frame, []).append(site.term)
        return found

    def put_in(self, dotted: str) -> list[tuple[Place, bool]]:
        """What calls put into a module's list, and whether each is a list: ``urlpatterns.append(path(…))``."""
        return self._put_in.get(dotted, [])

    @cached_property
    def _put_in(self) -> dict[str, list[tuple[Place, bool]]]:
        found: dict[str, list[tuple[Place, bool]]] = {}
        for module in self.table:
            for function in module.summary.functions[:1]:
                for site in function.sites:
                    term = module.summary.terms[site[SITE_TERM]]
                    callee = module.summary.terms[term[1]]
                    owner, _, method = str(callee[1]).rpartition(".") if callee[0] == terms.NAME else ("", "", "")
                    if owner and method in _GROWING and term[2]:
                        found.setdefault(owner, []).append(((At(module.name), term[2][-1]), _GROWING[method]))
        return found
