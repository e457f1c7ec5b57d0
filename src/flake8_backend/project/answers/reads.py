"""Which functions answer requests for data: handlers of GET, resolvers of GraphQL queries, gRPC methods that read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.project.values import ClassRef, External, FunctionRef, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution
    from flake8_backend.semantic.summary import FunctionSummary

_NODE = tuple[str, int]
_RESOLVER = "resolver"
_GIVEN = "resolver"  # the parameter that takes one
_NAMED = "resolve_"
_WRITES = ("mutation", "subscription")
_PAGED = "Connection"
# generated code: its modules are named after the .proto file, its classes after the service
_GENERATED, _SERVICE = "_pb2_grpc", "Servicer"
_READING = ("List", "Get", "Find", "Search", "Query", "Fetch", "Read")


class Reads:
    """The functions of a project that answer requests for data, found on demand."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._given: frozenset[_NODE] | None = None

    def has(self, module: Module, node: _NODE) -> bool:
        """Whether a function answers GET requests, GraphQL queries or gRPC calls that read."""
        handler = self._solution.contexts.handler(node)
        if handler is not None:
            return (not handler.verbs or "GET" in handler.verbs) and not handler.is_websocket
        function = module.function(node[1])
        if self._solution.contexts.resolves(node) or node in self._handed_over:
            return True
        if function.kind != "method" or function.class_index < 0:
            return False
        return self._is_named_resolver(module, function) or self._is_remote_read(module, function)

    # --- GraphQL -----------------------------------------------------------------------------------------------

    @property
    def _handed_over(self) -> frozenset[_NODE]:
        """Resolvers that are arguments: ``orders: list[Order] = strawberry.field(resolver=list_orders)``."""
        if self._given is None:
            found: set[_NODE] = set()
            for module in self._solution.table:
                for function in module.summary.functions:
                    for site in function.sites:
                        term = module.summary.terms[site[SITE_TERM]]
                        for index in (value for name, value in term[3] if name == _GIVEN):
                            if self._declares_query(module, term[1]):
                                found.update(self._functions(module, index))
            self._given = frozenset(found)
        return self._given

    def _functions(self, module: Module, index: int) -> Iterator[_NODE]:
        for value in options(self._evaluator.value(module, index)):
            if isinstance(value, FunctionRef):
                yield value.module, value.index

    def _declares_query(self, module: Module, callee: int) -> bool:
        for value in options(self._evaluator.value(module, callee)):
            if isinstance(value, (External, ClassRef)):
                kinds = {marker.kind for marker in self._solution.knowledge.markers(value.name)}
                if _RESOLVER in kinds and _PAGED not in value.name and not is_write(value.name):
                    return True
        return False

    def _is_named_resolver(self, module: Module, function: FunctionSummary) -> bool:
        """``resolve_orders`` of a type whose field ``orders`` is declared with no pagination."""
        if not function.name.startswith(_NAMED):
            return False
        klass = module.class_(function.class_index)
        cls = ClassRef(f"{module.name}.{klass.qualname}", (module.name, function.class_index))
        bases = self._evaluator.library_bases(cls)
        markers = [marker for base in bases for marker in self._solution.knowledge.markers(base)]
        if not any(m.kind == _RESOLVER and m.form == "class" and _NAMED in (m.handler or "") for m in markers):
            return False
        declared = klass.attributes.get(function.name.removeprefix(_NAMED))
        return not declared or self._is_plain_list(module, declared[-1])

    def _is_plain_list(self, module: Module, index: int) -> bool:
        """A field of the library itself; a connection or a field class of the project's own may cut its rows."""
        term = module.summary.terms[index]
        if term[0] != terms.CALL:
            return False
        callees = list(options(self._evaluator.value(module, term[1])))
        return bool(callees) and all(
            isinstance(callee, (External, ClassRef))
            and getattr(callee, "home", None) is None
            and _PAGED not in callee.name
            for callee in callees
        )

    # --- gRPC --------------------------------------------------------------------------------------------------

    def _is_remote_read(self, module: Module, function: FunctionSummary) -> bool:
        """A method such as ``ListOrders`` of a service whose base class is generated; streams send row by row."""
        if not function.name.startswith(_READING) or function.is_generator:
            return False
        for base in module.class_(function.class_index).bases:
            for name in self._names_of(module, base):
                if name.endswith(_SERVICE) and name.rpartition(".")[0].endswith(_GENERATED):
                    return True
        return False

    def _names_of(self, module: Module, base: int) -> Iterator[str]:
        """The full name of a base class, of a module that is not in sight as well: generated code often is not kept."""
        for value in options(self._evaluator.value(module, base)):
            if isinstance(value, (External, ClassRef)):
                yield value.name
        term = module.summary.terms[base]
        if term[0] == terms.NAME:
            for index in module.summary.names.get(term[1].removeprefix(f"{module.name}."), ()):
                imported = module.summary.terms[index]
                if imported[0] == terms.NAME:
                    yield imported[1]


def is_write(name: str) -> bool:
    """Whether a declaration of a resolver is for writes or events: ``strawberry.mutation``, ``MutationType.field``."""
    return any(word in name.lower() for word in _WRITES)
