"""Functions evaluated for the call at hand: parameters and ``self`` take the values that this call gives them.

Everywhere else a parameter is what its annotation says, whoever calls. That is not enough where a helper narrows the
query it was given, or a base class reads what its subclass declares.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluate import Evaluator
from flake8_backend.project.evaluation import calls
from flake8_backend.project.values import (
    Awaitable,
    ClassRef,
    Constant,
    FunctionRef,
    Instance,
    Items,
    Manager,
    Relation,
    Value,
    options,
)
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.summary import BLOCK_DATA, BLOCK_KIND, BLOCK_PARENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flake8_backend.project.modules import Module

Root = tuple[str, str, int, int]  # module, operator, function or class index, parameter index
Environment = tuple[tuple[Root, Value], ...]
NOTHING: Environment = ()
_NO_ROOTS: frozenset[Root] = frozenset()
_MOST_NESTED = 10
_BRANCHES = frozenset({scopes.IF, scopes.ELSE, scopes.MEMO})
_FLAG = BLOCK_DATA + 1  # where a branch names the parameter that decides


def children(term: Sequence[Any]) -> Sequence[int]:
    """The terms that a term is made of."""
    operator = term[0]
    if operator == terms.CALL:
        return (term[1], *term[2], *(value for _, value in term[3]))
    if operator in _ONE_CHILD:
        return (term[1],)
    if operator in (terms.ITEM, terms.ANNOTATED, terms.EQUAL, terms.ORDER):
        return (term[1], term[2])
    if operator == terms.GROWN:
        return (term[1], *term[2], *term[3])
    if operator in (terms.COMPREHENSION, terms.BINARY):
        return (term[2], term[3])
    if operator == terms.UNPACK:
        return (term[2],)
    if operator == terms.UNION:
        return term[1]  # type: ignore[no-any-return]
    if operator == terms.DISPLAY:
        return term[2]  # type: ignore[no-any-return]
    if operator == terms.STRING:
        return tuple(part[0] for part in term[1])
    return ()


_ROOTLESS = frozenset({terms.NAME, terms.CONSTANT, terms.FUNCTION})
_ONE_CHILD = frozenset({terms.ATTRIBUTE, terms.AWAIT, terms.ELEMENT, terms.ENTER, terms.ALLOWED})


def roots_of(evaluator: Evaluator, module: Module) -> Sequence[frozenset[Root]]:
    """For every term of a module, the parameters and the ``self`` that it is made from."""
    known = evaluator.root.roots.get(module.name)
    if known is None:
        known = []
        for term in module.summary.terms:
            operator = term[0]
            if operator in _ROOTLESS:
                known.append(_NO_ROOTS)
            elif operator in _ONE_CHILD:
                known.append(known[term[1]])
            else:
                known.append(_roots(module.name, term, known))
        evaluator.root.roots[module.name] = known
    return known


def _roots(module: str, term: Sequence[Any], known: Sequence[frozenset[Root]]) -> frozenset[Root]:
    operator = term[0]
    if operator == terms.PARAMETER:
        return frozenset({(module, terms.PARAMETER, term[1], term[2])})
    if operator in (terms.SELF, terms.CLASS, terms.SUPER):
        return frozenset({self_root(module, term[1])})
    found = _NO_ROOTS
    for child in children(term):
        if known[child]:
            found = found | known[child] if found else known[child]
    return found


def self_root(module: str, class_index: int) -> Root:
    """The root that stands for ``self`` and ``cls`` in the methods of a class."""
    return (module, terms.SELF, class_index, -1)


class Bound(Evaluator):
    """An evaluator for which some parameters have values; everything else is asked of the one it was made from."""

    def __init__(self, base: Evaluator, environment: Environment) -> None:
        self.root = base.root
        self.table, self.knowledge, self.schema = base.table, base.knowledge, self.root.schema
        self.settings = self.root.settings
        self.visited = self.root.visited
        self.environment = environment
        self._given: Mapping[Root, Value] = dict(environment)
        self._local: dict[tuple[str, int], Value | None] = {}
        self.members = self.root.members

    # What does not depend on the environment is computed and remembered once for all.

    def guarded(self, key: Any, store: Any, slot: Any, compute: Any, *arguments: Any) -> Any:
        """As outside of any call, for these values."""
        return self.root.guarded((self.environment, key), store, slot, compute, *arguments)

    def resolve(self, dotted: str) -> Value | None:
        """As outside of any call."""
        return self.root.resolve(dotted)

    def lineage(self, cls: ClassRef) -> tuple[ClassRef, ...]:
        """As outside of any call."""
        return self.root.lineage(cls)

    def type_of(self, module: Module, index: int) -> Value | None:
        """As outside of any call."""
        return self.root.type_of(module, index)

    # What does.

    def value(self, module: Module, index: int) -> Value | None:
        """What the term ``index`` of ``module`` denotes with the values given."""
        if not index:
            return None
        roots = roots_of(self, module)[index]
        if not roots or self._given.keys().isdisjoint(roots):
            return self.root.value(module, index)
        slot = (module.name, index)
        if slot in self._local:
            return self._local[slot]
        term = module.summary.terms[index]
        if term[0] == terms.PARAMETER:
            return self._given[(module.name, terms.PARAMETER, term[1], term[2])]
        if term[0] in (terms.SELF, terms.CLASS):
            return self._receiver(module, term)
        return self.guarded(slot, self._local, slot, self._compute, module, term)  # type: ignore[no-any-return]

    def _receiver(self, module: Module, term: Sequence[Any]) -> Value:
        given = self._given[self_root(module.name, term[1])]
        if term[0] == terms.CLASS and isinstance(given, Instance):
            return given.cls
        if term[0] == terms.SELF and isinstance(given, ClassRef):
            return Instance(given, given.args)
        return given

    def own_instance(self, module: Module, class_index: int) -> Instance:
        """The object whose class ``super()`` starts from."""
        given = self._given.get(self_root(module.name, class_index))
        if isinstance(given, ClassRef):
            return Instance(given, given.args)
        return given if isinstance(given, Instance) else super().own_instance(module, class_index)


def bound(evaluator: Evaluator, environment: Environment) -> Evaluator:
    """An evaluator with these values, the same one for the same values."""
    if not environment:
        return evaluator.root
    known = evaluator.root.bound_evaluators
    if environment not in known:
        known[environment] = Bound(evaluator, environment)
    return known[environment]


def with_receiver(evaluator: Evaluator, module: Module, class_index: int, receiver: Instance) -> Evaluator:
    """An evaluator for which ``self`` of a class is an object of one of its subclasses."""
    return bound(evaluator, ((self_root(module.name, class_index), receiver),))


# --- calls ------------------------------------------------------------------------------------------------------


def returned(
    evaluator: Evaluator,
    function: FunctionRef,
    module: Module | None,
    term: Sequence[Any] | None,
    plain: Value | None,
) -> Value | None:
    """What a call gives, given its arguments and receiver: ``plain``, what it gives whoever calls, or more
    than that.
    """
    wanted = _output_roots(evaluator, function)
    if not wanted or not _may_say_more(evaluator, plain):
        return plain
    environment = tuple(
        (root, value) for root, value in environment_of(evaluator, function, module, term) if root in wanted
    )
    if not any(_is_telling(value) for _, value in environment):
        return plain
    root = evaluator.root
    slot = (function.module, function.index, environment)
    if slot in root.bound_returns:
        return root.bound_returns[slot]
    if root.nested > _MOST_NESTED:
        root.cut_here()
        return plain
    root.nested += 1
    try:
        value = root.guarded(("bound", *slot), root.bound_returns, slot, _evaluated, root, function, environment)
    finally:
        root.nested -= 1
    return plain if value is None else value


def _evaluated(root: Evaluator, function: FunctionRef, environment: Environment) -> Value | None:
    return calls.result_of_body(bound(root, environment), root.table.by_name[function.module], function.index)


def environment_of(
    evaluator: Evaluator, function: FunctionRef, module: Module | None, term: Sequence[Any] | None
) -> Environment:
    """The values that a call gives to the parameters of a function, and its receiver."""
    home = evaluator.table.by_name[function.module]
    summary = home.function(function.index)
    found: list[tuple[Root, Value]] = []
    receiver = function.receiver
    is_method = summary.class_index >= 0 and summary.kind == "method"
    takes_self = is_method and not _is_static(home, summary)
    if takes_self and receiver is not None:
        found.append((self_root(home.name, summary.class_index), receiver))
    if module is not None and term is not None:
        shift = 1 if takes_self else 0
        for position, (name, _, _) in enumerate(summary.parameters[shift:]):
            index = evaluator.argument(module, term, position, name)
            value = evaluator.value(module, index) if index else None
            if value is not None:
                found.append(((home.name, terms.PARAMETER, function.index, position + shift), value))
    return tuple(found)


def is_run(evaluator: Evaluator, module: Module, function: int, block: int, environment: Environment) -> bool:
    """Whether a call that gives these values may run a block: ``if full:`` is not run where ``full`` is False."""
    summary = module.function(function)
    given = dict(environment)
    while block >= 0:
        data = summary.blocks[block]
        position = decided_by(data)
        if position is not None:
            expected = data[_FLAG + 1]
            value = given.get((module.name, terms.PARAMETER, function, position))
            if value is None and summary.parameters[position][2]:
                value = evaluator.root.value(module, summary.parameters[position][2])
            if isinstance(value, Constant) and bool(value.value) != bool(expected):
                return False
        block = data[BLOCK_PARENT]
    return True


def decided_by(block: Sequence[Any]) -> int | None:
    """The position of the parameter whose truth decides whether a block is run."""
    return int(block[_FLAG]) if len(block) > _FLAG and block[BLOCK_KIND] in _BRANCHES else None


def _is_static(module: Module, summary: Any) -> bool:
    return any(
        module.summary.terms[decorator][:2] == (terms.NAME, "builtins.staticmethod")
        or list(module.summary.terms[decorator][:2]) == [terms.NAME, "builtins.staticmethod"]
        for decorator in summary.decorators
    )


def _output_roots(evaluator: Evaluator, function: FunctionRef) -> frozenset[Root]:
    """The parameters and the ``self`` that a function's results are made from."""
    slot = (function.module, function.index)
    known = evaluator.root.output_roots
    if slot not in known:
        module = evaluator.table.by_name[function.module]
        summary = module.function(function.index)
        roots = roots_of(evaluator, module)
        known[slot] = frozenset().union(*(roots[row[0]] for row in (*summary.outputs, *summary.yields)))
    return known[slot]  # type: ignore[no-any-return]


def _may_say_more(evaluator: Evaluator, plain: Value | None) -> bool:
    """Whether a result is one that arguments can make more precise: unknown, a query, rows, a manager of rows."""
    if plain is None:
        return True
    for option in options(plain):
        inner = option.value if isinstance(option, (Awaitable, Manager)) else option
        if inner is None:
            return True
        if isinstance(inner, Instance) and (inner.query is not None or _holds_rows(evaluator, inner)):
            return True
    return False


def _holds_rows(evaluator: Evaluator, value: Instance) -> bool:
    if value.cls.home is None:
        fact = evaluator.knowledge.klass(value.cls.name)
        return bool(fact is not None and (fact.iterates or fact.params)) or value.cls.name in ("list", "tuple", "set")
    return any(base.home is None and "row" in _parameters(evaluator, base) for base in evaluator.lineage(value.cls))


def _parameters(evaluator: Evaluator, base: ClassRef) -> Sequence[str]:
    fact = evaluator.knowledge.klass(base.name)
    return fact.params if fact is not None else ()


def _is_telling(value: Value) -> bool:
    """Whether a value says something that the annotation of a parameter does not."""
    for option in options(value):
        if isinstance(option, Instance) and (option.query is not None or option.cls.home is not None):
            return True
        if isinstance(option, Items) and any(item is not None and _is_telling(item) for item in option.items):
            return True
        if isinstance(option, (ClassRef, Relation)):
            return True
    return False


__all__ = [
    "Bound",
    "Constant",
    "Environment",
    "bound",
    "children",
    "environment_of",
    "returned",
    "roots_of",
    "self_root",
]
