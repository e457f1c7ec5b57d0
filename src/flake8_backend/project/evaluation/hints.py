"""Objects of the types that annotations name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation import generics
from flake8_backend.project.values import Awaitable, ClassRef, External, Instance, Items, Union, Value, one_of, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_WRAPPERS = frozenset(
    {"Optional", "Annotated", "ClassVar", "Final", "Mapped", "Required", "NotRequired", "WriteOnlyMapped"}
)
SEQUENCES = {
    "List": "list",
    "Sequence": "list",
    "Iterable": "list",
    "Iterator": "list",
    "Collection": "list",
    "Set": "set",
    "FrozenSet": "frozenset",
    "Dict": "dict",
    "Mapping": "dict",
    "MutableMapping": "dict",
    "Tuple": "tuple",
    "AsyncIterator": "list",
    "AsyncGenerator": "list",
    "AsyncIterable": "list",
    "Generator": "list",
}


def type_of(evaluator: Evaluator, module: Module, index: int) -> Value | None:
    """An object of the type that an annotation's term names."""
    if not index:
        return None
    key = (module.name, index)
    if key in evaluator.types:
        return evaluator.types[key]
    return evaluator.guarded(("type", *key), evaluator.types, key, _type_of, evaluator, module, index)  # type: ignore[no-any-return]


def _type_of(evaluator: Evaluator, module: Module, index: int) -> Value | None:
    term = module.summary.terms[index]
    operator = term[0]
    if operator == terms.NAME:
        return _named_type(evaluator, term[1])
    if operator == terms.ITEM:
        return _generic_type(evaluator, module, term)
    if operator == terms.UNION:
        return one_of([evaluator.type_of(module, option) for option in term[1]])
    if operator == terms.BINARY and term[1] == "|":
        return one_of([evaluator.type_of(module, term[2]), evaluator.type_of(module, term[3])])
    if operator == terms.CONSTANT and isinstance(term[1], str) and term[1].isidentifier():
        return _named_type(evaluator, f"{module.name}.{term[1]}")
    if operator in (terms.CLASS, terms.ATTRIBUTE):
        return _as_type(evaluator, evaluator.value(module, index))
    return None


def _named_type(evaluator: Evaluator, dotted: str) -> Value | None:
    alias = _alias(evaluator, dotted)
    if alias is not None:
        return evaluator.type_of(*alias)
    if dotted in generics.SELF_TYPES:
        return Instance(ClassRef(dotted))
    if generics.is_type_variable(evaluator, dotted):
        return Instance(ClassRef(dotted))
    bare = dotted.rpartition(".")[2]
    if dotted.startswith(("typing.", "collections.abc.")) and bare in SEQUENCES:
        return Instance(ClassRef(SEQUENCES[bare]))
    return _as_type(evaluator, evaluator.resolve(dotted))


def _alias(evaluator: Evaluator, dotted: str) -> tuple[Module, int] | None:
    """The type expression behind ``SessionDep = Annotated[Session, Depends(get_db)]``, wherever it is."""
    if dotted not in evaluator.aliases:
        evaluator.aliases[dotted] = None  # star imports may go round in a circle
        evaluator.aliases[dotted] = _find_alias(evaluator, dotted)
    return evaluator.aliases[dotted]


def _find_alias(evaluator: Evaluator, dotted: str) -> tuple[Module, int] | None:
    if dotted.partition(".")[0] not in evaluator.table.tops:
        return None
    module, rest = evaluator.table.split(dotted)
    if module is None or not rest or "." in rest:
        return None
    bound = module.summary.names.get(rest)
    if bound is None:
        for star in module.summary.stars:
            found = _alias(evaluator, f"{star}.{rest}")
            if found is not None:
                return found
        return None
    index = bound[-1]
    term = module.summary.terms[index]
    if term[0] == terms.ANNOTATED:
        index = term[2]
        term = module.summary.terms[index]
    if term[0] in (terms.ITEM, terms.BINARY, terms.UNION):
        return module, index
    return _alias(evaluator, term[1]) if term[0] == terms.NAME else None


def _as_type(evaluator: Evaluator, value: Value | None) -> Value | None:
    if isinstance(value, ClassRef):
        return Instance(value, value.args)
    if isinstance(value, External):
        last = value.name.rpartition(".")[2]
        return Instance(ClassRef(value.name)) if last[:1].isupper() and last not in ("Any", "TypeVar") else None
    if isinstance(value, Union):
        return one_of([_as_type(evaluator, option) for option in value.options])
    return None


def _generic_type(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Value | None:
    owner = module.summary.terms[term[1]]
    arguments = generics.argument_terms(module, term[2])
    if not arguments:
        return None
    bare = _last_name(evaluator, owner[1]) if owner[0] == terms.NAME else ""
    if bare in _WRAPPERS:
        if bare == "Annotated":
            injected = evaluator.injected(module, arguments[1:])
            return injected or evaluator.type_of(module, arguments[0])
        return evaluator.type_of(module, arguments[0])
    if bare == "Union":
        return one_of([evaluator.type_of(module, argument) for argument in arguments])
    if bare in ("type", "Type"):
        inner = evaluator.type_of(module, arguments[0])
        return inner.cls if isinstance(inner, Instance) else None
    if bare in ("Awaitable", "Coroutine"):
        return Awaitable(evaluator.type_of(module, arguments[-1]))
    if bare == "Callable":
        return None
    values = tuple(evaluator.type_of(module, argument) for argument in arguments)
    container = None
    if owner[0] == terms.NAME and _is_of_typing(evaluator, owner[1]):
        container = SEQUENCES.get(bare)
    elif owner[0] == terms.NAME and owner[1] == f"builtins.{bare}":
        container = bare
    if container is not None:
        if container == "tuple" and len(values) > 1 and values[1] is not None:
            return Items(values)
        return Instance(ClassRef(container), values[-1:] if container == "dict" else values[:1])
    base = evaluator.value(module, term[1])
    for option in options(base):
        if isinstance(option, ClassRef):
            return Instance(ClassRef(option.name, option.home, values), values)
        if isinstance(option, External):
            return Instance(ClassRef(option.name), values)
    return None


def _last_name(evaluator: Evaluator, dotted: str) -> str:
    """The last component of a name, of what an alias stands for: ``from typing import Optional as Maybe``."""
    value = evaluator.resolve(dotted)
    return (value.name if isinstance(value, External) else dotted).rpartition(".")[2]


def _is_of_typing(evaluator: Evaluator, dotted: str) -> bool:
    """Whether a name means one of the abstract containers of the standard library."""
    value = evaluator.resolve(dotted)
    name = value.name if isinstance(value, (External, ClassRef)) else dotted
    return name.startswith(("typing.", "typing_extensions.", "collections.abc."))
