"""Who answers a declaration: one function, or the methods of a class by their verbs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.project.routes.records import MOUNT, Declared
from flake8_backend.project.sql.places import At
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.routes.resources import Resources
    from flake8_backend.project.values import ClassRef

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_IMPLIED = frozenset({"HEAD", "OPTIONS"})  # frameworks answer these by themselves
_SUFFIX = "suffix"
_ALLOWED = ("http_method_names", "methods")


@dataclass(frozen=True)
class Served:
    """One answer: verbs in capitals, ``module:qualified name``, and the function, where it is one of the project."""

    verbs: tuple[str, ...]
    handler: str
    node: tuple[str, int] | None
    cls: ClassRef | None = None


class Handlers:
    """Answers of declarations over one project."""

    def __init__(self, registered: Resources) -> None:
        self._found = registered
        self._table = registered.table
        self._evaluator = registered.evaluator
        self._knowledge = registered.knowledge

    def served(self, declared: Declared) -> Iterator[Served]:
        """The answers of a declaration, one for each method that answers."""
        target = declared.target
        if declared.kind == MOUNT and target.node is None:
            yield Served((), self._label(target.cls, target.name), None, target.cls)
        elif target.node is not None:
            verbs = self._let_through(declared, declared.verbs)
            yield Served(
                _without_implied(verbs), self._function_label(target.node, target.cls), target.node, target.cls
            )
        elif target.cls is not None:
            yield from self._of_class(declared, target.cls)
        else:
            yield Served(declared.verbs, target.name, None)

    def framework(self, served: Served) -> str | None:
        """The pack of the class that answers, or of the decorator that makes a view of a function."""
        names = self._evaluator.library_bases(served.cls) if served.cls is not None else []
        for name in names:
            for marker in self._knowledge.markers(name):
                if marker.kind in ("route", "websocket") and marker.form == "class":
                    return marker.pack
        if served.node is not None and served.cls is None:
            at = At(served.node[0])
            for decorator in self._table.by_name[served.node[0]].function(served.node[1]).decorators:
                marker_of, _ = self._found.declaration(at, decorator)
                if marker_of is not None and marker_of.kind == "route":
                    return marker_of.pack
        return None

    # --- functions ---------------------------------------------------------------------------------------------

    def _function_label(self, node: tuple[str, int], cls: ClassRef | None = None) -> str:
        function = self._table.by_name[node[0]].function(node[1])
        if cls is not None and cls.home is not None:
            return f"{self._label(cls, '')}.{function.name}"
        return f"{node[0]}:{function.qualname}"

    def _let_through(self, declared: Declared, verbs: tuple[str, ...]) -> tuple[str, ...]:
        """The verbs that decorators of the function let through, and what it is wrapped in where it is registered."""
        node = declared.target.node
        assert node is not None
        at = At(node[0])
        decorators = [(at, index) for index in self._table.by_name[node[0]].function(node[1]).decorators]
        for place in (*declared.target.around, *decorators):
            allowed = self._allowed(*place)
            if allowed is not None:
                return tuple(verb for verb in allowed if not verbs or verb in verbs)
        return verbs

    def _allowed(self, at: At, index: int) -> tuple[str, ...] | None:
        term = self._found.term(at, index)
        marker, name = self._found.declaration(at, index)
        if marker is None or marker.routing is None or marker.routing.does != "verbs":
            return None
        if marker.methods is not None:
            is_call = term[0] == terms.CALL
            return self._found.verbs(marker, name, (at, index)) if is_call else ("GET",)
        last = name.rpartition("_")[2].upper()
        if last == "SAFE":
            return ("GET",)
        if last.lower() in VERBS:
            return (last,)
        return tuple(self._found._named_verbs(at, term[2][0])) if term[0] == terms.CALL and term[2] else None

    # --- classes -----------------------------------------------------------------------------------------------

    def _label(self, cls: ClassRef | None, name: str) -> str:
        if cls is None or cls.home is None:
            return name or (cls.name if cls is not None else "")
        return f"{cls.home[0]}:{self._table.by_name[cls.home[0]].class_(cls.home[1]).qualname}"

    def _of_class(self, declared: Declared, cls: ClassRef) -> Iterator[Served]:
        label = self._label(cls, declared.target.name)
        methods = declared.target.methods
        pairs = self._pairs(declared, cls) if methods is None else methods.items()
        allowed = self._named(cls)
        found = False
        for verb, method in pairs:
            capital = verb.upper()
            if (declared.verbs and capital not in declared.verbs) or (allowed and capital not in allowed):
                continue
            found = True
            node = self._node(cls, method)
            yield Served((capital,), f"{label}.{method}" if label else method, node, cls)
        if not found:
            verbs = declared.verbs or allowed
            yield Served(_without_implied(verbs), label, None, cls)

    def _pairs(self, declared: Declared, cls: ClassRef) -> Iterator[tuple[str, str]]:
        """Verbs and the methods that answer them: ``get``, ``on_get``, ``on_get_collection``."""
        begin = (declared.marker.methods or "").partition("method name, ")[2]
        end = ""
        if declared.call is not None and declared.marker.option(_SUFFIX) is not None:
            given = self._found.parameter(declared.call, declared.marker, _SUFFIX)
            end = f"_{self._found.shown(*given)}" if given is not None else ""
        for verb in VERBS:
            name = f"{begin}{verb}{end}"
            if self._found.has_method(cls, name):
                yield verb, name

    def _node(self, cls: ClassRef, method: str) -> tuple[str, int] | None:
        found = self._evaluator.method(cls, method)
        return (found[0].name, found[1]) if found is not None else None

    def _named(self, cls: ClassRef) -> tuple[str, ...]:
        """The verbs to which a class restricts itself."""
        for attribute in _ALLOWED:
            for at, index in self._found.members(cls, attribute) or ():
                found = tuple(self._found._named_verbs(at, index))
                if found:
                    return found
        return ()


def _without_implied(verbs: Sequence[str]) -> tuple[str, ...]:
    """``HEAD`` and ``OPTIONS`` beside other verbs are what every framework adds by itself."""
    kept = tuple(verb for verb in verbs if verb not in _IMPLIED)
    return kept or tuple(verbs)
