"""What Python's own functions over collections give: ``sorted(rows)``, ``enumerate(rows)``, ``found.get(key)``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, External, Instance, Items, Value, one_of
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_MODULES = frozenset({"builtins", "itertools", "collections", "more_itertools"})


def collection(element: Value | None, like: Value | None = None) -> Instance:
    """A list of ``element``, in memory; it keeps the query of the collection it was made from."""
    query = like.query if isinstance(like, Instance) else None
    return Instance(ClassRef("list"), (element,) if element is not None else (), query, fetched=True)


def result(evaluator: Evaluator, callee: External, module: Module, term: Sequence[Any]) -> Value | None:
    """What calling a function of Python's own gives, ``None`` where it says nothing of its elements."""
    head, _, name = callee.name.rpartition(".")
    if isinstance(callee.receiver, Instance):
        method = _METHODS.get(name) if head in ("list", "dict", "tuple", "set") else None
        return method(callee.receiver) if method is not None else None
    if head.partition(".")[0] not in _MODULES:
        return None
    function = _FUNCTIONS.get(callee.name.partition(".")[2])
    values = [evaluator.value(module, index) for index in term[2]]
    if function is None or not values:
        return None
    if any(keyword == terms.STAR for keyword, _ in term[3]):
        return None
    return function(evaluator, values)


_Function = Callable[["Evaluator", list[Value | None]], Value | None]


def _same(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return collection(evaluator.element(values[0]), values[0])


def _second(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return _same(evaluator, values[1:]) if len(values) > 1 else None


def _enumerated(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return collection(Items((Instance(ClassRef("int")), evaluator.element(values[0]))))


def _zipped(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return collection(Items(tuple(evaluator.element(value) for value in values)))


def _grouped(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return collection(Items((None, _same(evaluator, values))))


def _chunked(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return collection(_same(evaluator, values))


def _chained(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return collection(one_of([evaluator.element(value) for value in values]))


def _flattened(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return collection(evaluator.element(evaluator.element(values[0])))


def _one(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return evaluator.element(values[0]) if len(values) == 1 else None


def _next(evaluator: Evaluator, values: list[Value | None]) -> Value | None:
    return evaluator.element(values[0])


_FUNCTIONS: dict[str, _Function] = {
    "sorted": _same,
    "reversed": _same,
    "iter": _same,
    "islice": _same,
    "deque": _same,
    "cycle": _same,
    "unique_everseen": _same,
    "filter": _second,
    "takewhile": _second,
    "dropwhile": _second,
    "filterfalse": _second,
    "enumerate": _enumerated,
    "zip": _zipped,
    "zip_longest": _zipped,
    "pairwise": _zipped,
    "groupby": _grouped,
    "batched": _chunked,
    "chunked": _chunked,
    "ichunked": _chunked,
    "sliced": _chunked,
    "grouper": _chunked,
    "chain": _chained,
    "chain.from_iterable": _flattened,
    "flatten": _flattened,
    "max": _one,
    "min": _one,
    "next": _next,
}


def _inner(receiver: Instance) -> Value | None:
    return receiver.args[-1] if receiver.args else None


_METHODS: dict[str, Callable[[Instance], Value | None]] = {
    "pop": _inner,
    "popleft": _inner,
    "get": _inner,
    "setdefault": _inner,
    "copy": lambda receiver: receiver,
    "values": lambda receiver: collection(_inner(receiver)),
    "items": lambda receiver: collection(Items((None, _inner(receiver)))),
}
