"""Terms to values: names across modules, attributes through classes, calls through returns and packs.

Evaluation is on demand and remembered. A cycle is cut where it is met, and nothing that depended on the cut is
remembered, so that the answer does not depend on who asked first.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from flake8_backend.project import iteration, queries, stubs
from flake8_backend.project.modules import TODO, Module, ModuleTable
from flake8_backend.project.values import (
    Awaitable,
    ClassRef,
    Constant,
    External,
    FunctionRef,
    Instance,
    Items,
    Manager,
    ModuleRef,
    Partial,
    Place,
    Relation,
    Union,
    Value,
    one_of,
    options,
)
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flake8_backend.knowledge.facts import CallFact, Knowledge
    from flake8_backend.knowledge.names import TypeExpr
    from flake8_backend.project.settings import Settings

_NEVER = sys.maxsize
_DEEPEST = 150
# Of one question from outside. What is cut is not remembered, so functions that return one another could take
# time without end; a large project's longest question takes some 8000.
_MOST_STEPS = 12_000
_ITERATORS = 5  # objects whose __iter__ gives another object of the project
_SELF_TYPES = frozenset({"typing.Self", "typing_extensions.Self"})
_WRAPPERS = frozenset(
    {"Optional", "Annotated", "ClassVar", "Final", "Mapped", "Required", "NotRequired", "WriteOnlyMapped"}
)
_SEQUENCES = {
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
BUILTIN_CLASSES = frozenset(
    {"list", "dict", "set", "frozenset", "tuple", "str", "bytes", "int", "float", "bool", "object", "type", "bytearray"}
)
NONE = Constant(None)


class Targets(Protocol):
    """What the evaluator asks of the models that names lead to."""

    def stand_in(self, name: str) -> ClassRef | None:
        """The project's class that stands for a library's."""

    def looked_up(self, module: Module, registry: int, call: Sequence[Any]) -> ClassRef | None:
        """The model that a registry gives for the names in a call."""


class Schema(Protocol):
    """What the evaluator asks of the project's models."""

    @property
    def targets(self) -> Targets:
        """The models that names lead to."""

    def relation_of(self, row: Instance, name: str) -> Value | None:
        """What reading a relation of a row gives."""

    def is_relation(self, cls: ClassRef, name: str) -> bool:
        """Whether an attribute of a model is a relation."""

    def orm_of(self, cls: ClassRef) -> str | None:
        """The pack that makes a class a model."""

    def narrows(self, model: str, column: str) -> str | None:
        """What equality with a column leaves: ``row``, ``parent`` or nothing known."""

    def relations(self, cls: ClassRef) -> Mapping[str, Any]:
        """All relations of a model by name."""

    def assumed_bases(self, module: Module, index: int) -> list[ClassRef]:
        """Bases that a class has where its declaration does not tell."""


class Evaluator:
    """Values of terms over a table of modules and what the packs know."""

    def __init__(self, table: ModuleTable, knowledge: Knowledge) -> None:
        self.table = table
        self.knowledge = knowledge
        self.schema: Schema | None = None
        self.settings: Settings | None = None
        self._active: dict[Any, int] = {}
        self._cut = _NEVER
        self._steps = 0
        self._names: dict[str, Value | None] = {}
        self._returns: dict[tuple[str, int], Value | None] = {}
        self._types: dict[tuple[str, int], Value | None] = {}
        self._aliases: dict[str, tuple[Module, int] | None] = {}
        self._lineages: dict[ClassRef, tuple[ClassRef, ...]] = {}
        self._members: dict[tuple[ClassRef, str], Value | None] = {}
        self.visited: set[str] = set()
        # for evaluation with given arguments, see binding
        self.refine: Callable[..., Value | None] | None = None
        self.rebind: Callable[..., Evaluator] | None = None
        self.root: Evaluator = self
        self.roots: dict[str, Any] = {}
        self.output_roots: dict[tuple[str, int], Any] = {}
        self.bound_returns: dict[Any, Value | None] = {}
        self.bound_evaluators: dict[Any, Evaluator] = {}
        self.nested = 0

    # --- remembering -------------------------------------------------------------------------------------------

    def _guarded(self, key: Any, store: Any, slot: Any, compute: Any, *arguments: Any) -> Any:
        """``compute(*arguments)``, remembered in ``store[slot]`` unless a cycle was cut below."""
        depth = self._active.get(key)
        if depth is not None:
            self._cut = min(self._cut, depth)
            return None
        depth = len(self._active)
        self._steps = self._steps + 1 if depth else 0
        if depth > _DEEPEST or self._steps > _MOST_STEPS:
            self._cut = 0
            return None
        outer, self._cut = self._cut, _NEVER
        self._active[key] = depth
        try:
            value = compute(*arguments)
        finally:
            del self._active[key]
        if self._cut >= depth:
            store[slot] = value
            self._cut = outer
        else:
            self._cut = min(self._cut, outer)
        return value

    def cut_here(self) -> None:
        """Give up for now: nothing that depends on this answer is remembered."""
        self._cut = 0

    def value(self, module: Module, index: int) -> Value | None:
        """What the term ``index`` of ``module`` denotes."""
        if not index:
            return None
        found = module.values[index]
        if found is not TODO:
            return found  # type: ignore[no-any-return]
        term = module.summary.terms[index]
        if term[0] == terms.NAME:
            return self.resolve(term[1])
        return self._guarded((module.name, index), module.values, index, self._compute, module, index, term)  # type: ignore[no-any-return]

    def _compute(self, module: Module, index: int, term: Sequence[Any]) -> Value | None:
        handler = _TERMS.get(term[0])
        return handler(self, module, index, term) if handler is not None else None

    # --- names -------------------------------------------------------------------------------------------------

    def resolve(self, dotted: str) -> Value | None:
        """What an absolute dotted name denotes, in the project or in a library."""
        if dotted in self._names:
            return self._names[dotted]
        return self._guarded(dotted, self._names, dotted, self._resolve, dotted)  # type: ignore[no-any-return]

    def _resolve(self, dotted: str) -> Value | None:
        if dotted.partition(".")[0] not in self.table.tops:
            return self._external(dotted)
        module, rest = self.table.split(dotted)
        if module is None:
            return ModuleRef(dotted) if dotted in self.table.packages else self._external(dotted)
        if not rest:
            return ModuleRef(module.name)
        first, _, remaining = rest.partition(".")
        value = self._global(module, first)
        for name in remaining.split(".") if remaining else ():
            value = self.attribute(value, name)
        return value

    def _global(self, module: Module, name: str) -> Value | None:
        self.visited.add(module.name)
        bound = module.summary.names.get(name)
        if bound is not None:
            return one_of([self.value(module, term) for term in bound])
        for star in module.summary.stars:
            value = self.resolve(f"{star}.{name}")
            if value is not None and not (isinstance(value, External) and star.partition(".")[0] in self.table.tops):
                return value
        return None

    def _external(self, dotted: str) -> Value | None:
        if dotted.startswith("builtins."):
            name = dotted[9:]
            if name in BUILTIN_CLASSES:
                return ClassRef(name)
        name = self.knowledge.canonical(dotted)
        declared = self.knowledge.object_type(name)
        if declared is not None:
            return self.instantiate(declared, None, None)
        if self.knowledge.is_class(name):
            return ClassRef(name)
        head, _, last = name.rpartition(".")
        if head.count(".") >= 1 and last:
            owner = self._owner(head)
            if owner is not None:
                return self.attribute(owner, last)
        return External(name)

    def _owner(self, head: str) -> Value | None:
        """The known object or class that a longer name reads from, if any."""
        value = self.resolve(head)
        return value if isinstance(value, (Instance, ClassRef)) else None

    # --- classes -----------------------------------------------------------------------------------------------

    def lineage(self, cls: ClassRef) -> tuple[ClassRef, ...]:
        """The class and its bases in lookup order, libraries' classes included; generic bases keep their arguments."""
        found = self._lineages.get(cls)
        if found is not None:
            return found
        result = self._guarded(("lineage", cls), self._lineages, cls, self._lineage, cls)
        return result if result is not None else (cls,)

    def _lineage(self, cls: ClassRef) -> tuple[ClassRef, ...]:
        if cls.home is None:
            fact = self.knowledge.klass(cls.name)
            bases = [ClassRef(base, None, cls.args) for base in fact.bases] if fact else []
        else:
            module = self.table.by_name[cls.home[0]]
            bases = []
            for term in module.class_(cls.home[1]).bases:
                base = self._base(module, term)
                if base is not None:
                    bases.append(base)
                    bases += self._made_from(module, term)
            if self.schema is not None and any(self._is_unknown(base) for base in bases):
                bases += self.schema.assumed_bases(module, cls.home[1])
        lines = [list(self.lineage(base)) for base in bases] + [bases]
        return (cls, *_merge([line for line in lines if line]))

    def _base(self, module: Module, term: int) -> ClassRef | None:
        parts = module.summary.terms[term]
        if parts[0] == terms.ITEM:
            base = self.value(module, parts[1])
            if isinstance(base, ClassRef):
                return ClassRef(base.name, base.home, self._type_arguments(module, parts[2]))
            return ClassRef(base.name) if isinstance(base, External) else None
        value = self.value(module, term)
        for option in options(value):
            if isinstance(option, ClassRef):
                return option
            if isinstance(option, External):
                return ClassRef(option.name)
        return None

    def _is_unknown(self, cls: ClassRef) -> bool:
        return cls.home is None and "." in cls.name and not self.knowledge.is_class(cls.name)

    def _made_from(self, module: Module, term: int) -> list[ClassRef]:
        """``Manager.from_queryset(Orders)`` as a base: the class that the method belongs to is one as well."""
        parts = module.summary.terms[term]
        callee = self.value(module, parts[1]) if parts[0] == terms.CALL else None
        receiver = callee.receiver if isinstance(callee, External) else None
        return [receiver] if isinstance(receiver, ClassRef) else []

    def is_a(self, cls: ClassRef, name: str) -> bool:
        """Whether ``cls`` is or derives from the library class ``name``."""
        return any(base.home is None and base.name == name for base in self.lineage(cls))

    def library_bases(self, cls: ClassRef) -> list[str]:
        """Names of the library classes that ``cls`` is or derives from."""
        return [base.name for base in self.lineage(cls) if base.home is None]

    def method(self, cls: ClassRef, name: str) -> tuple[Module, int, ClassRef] | None:
        """Where a project method is defined: module, function index, class."""
        for base in self.lineage(cls):
            if base.home is not None:
                module = self.table.by_name[base.home[0]]
                index = module.class_(base.home[1]).methods.get(name)
                if index is not None:
                    return module, index, base
            elif self._library_member(base, name):
                return None
        return None

    def _library_member(self, cls: ClassRef, name: str) -> bool:
        fact = self.knowledge.klass(cls.name)
        if fact is not None and name in fact.attributes:
            return True
        call = self.knowledge.call(f"{cls.name}.{name}")
        return call is not None

    # --- attributes --------------------------------------------------------------------------------------------

    def attribute(self, value: Value | None, name: str) -> Value | None:
        """What ``value.name`` denotes."""
        if isinstance(value, Union):
            return one_of([self.attribute(option, name) for option in value.options])
        if isinstance(value, Instance):
            return self._instance_attribute(value, name)
        if isinstance(value, ClassRef):
            return self._class_attribute(value, name)
        if isinstance(value, ModuleRef):
            return self.resolve(f"{value.name}.{name}")
        if isinstance(value, External):
            return self.resolve(f"{value.name}.{name}") if value.receiver is None else None
        if isinstance(value, FunctionRef):
            return self._function_attribute(value, name)
        return None

    def _function_attribute(self, value: FunctionRef, name: str) -> Value | None:
        """A decorated function may be an object of the decorator's library: ``task.delay``."""
        declared = self.decorated_type(value)
        return self.attribute(declared, name) if declared is not None else None

    def decorated_type(self, value: FunctionRef) -> Instance | None:
        """The library object that a function's decorator makes of it, if the packs tell."""
        module = self.table.by_name[value.module]
        for term in module.function(value.index).decorators:
            decorator = self.decorator_name(module, term)
            fact = self.knowledge.call(decorator) if decorator else None
            if fact is not None and fact.returns is not None and not fact.returns.is_variable:
                made = self.instantiate(fact.returns, None, None)
                if isinstance(made, Instance) and self.knowledge.is_class(made.cls.name):
                    return made
        return None

    def decorator_name(self, module: Module, term: int) -> str | None:
        """The library name of a decorator or marker, called or not."""
        parts = module.summary.terms[term]
        if parts[0] == terms.CALL:
            term = parts[1]
        value = self.value(module, term)
        if isinstance(value, External):
            return value.name
        return value.name if isinstance(value, ClassRef) and value.home is None else None

    def _class_attribute(self, cls: ClassRef, name: str) -> Value | None:
        if self.schema is not None and cls.home is not None and self.schema.is_relation(cls, name):
            return Relation(cls, name)
        for base in self.lineage(cls):
            if base.home is None:
                found = self._library_class_attribute(base, cls, name)
                if found is not None:
                    return found
                continue
            module = self.table.by_name[base.home[0]]
            summary = module.class_(base.home[1])
            index = summary.methods.get(name)
            if index is not None:
                return FunctionRef(module.name, index, cls)
            bound = summary.attributes.get(name)
            if bound is not None:
                return queries.managers(self, cls, one_of([self._declared(module, term) for term in bound]))
            nested = self._nested_class(module, summary.qualname, name)
            if nested is not None:
                return nested
        return None

    def _nested_class(self, module: Module, owner: str, name: str) -> ClassRef | None:
        wanted = f"{owner}.{name}"
        for index, klass in enumerate(module.summary.classes):
            if klass.qualname == wanted:
                return ClassRef(f"{module.name}.{wanted}", (module.name, index))
        return None

    def _library_class_attribute(self, base: ClassRef, cls: ClassRef, name: str) -> Value | None:
        fact = self.knowledge.klass(base.name)
        if fact is not None:
            expr = self.knowledge.attribute(base.name, name) or fact.attributes.get("*")
            if expr is not None:
                return self.instantiate(expr, cls, None)
        call = self.knowledge.call(f"{base.name}.{name}")
        if call is not None or cls.home is None:
            return External(f"{base.name}.{name}", cls)
        return None

    def _declared(self, module: Module, term: int) -> Value | None:
        return self.value(module, term)

    def _instance_attribute(self, value: Instance, name: str) -> Value | None:
        cls = value.cls
        if value.args:
            remote = stubs.method(self, value, name)
            if remote is not None:
                return remote
        if self.schema is not None and (cls.home is not None or value.is_row):
            related = self.schema.relation_of(value, name)
            if related is not None:
                return related
        if cls.home is None and value.args:
            custom = queries.custom_method(self, value, name)
            if custom is not None:
                return custom
        if cls.home is None and not value.args and value.query is None:
            key = (cls, name)
            if key in self._members:
                return self._members[key]
            found = self._members[key] = self._library_attribute(value, cls, name)
            return found
        for base in self.lineage(cls):
            if base.home is None:
                found = self._library_attribute(value, base, name)
                if found is not None:
                    return found
                continue
            found = self._project_attribute(value, base, name)
            if found is not None:
                return found if not base.args else self._bind_type_arguments(found, base)
        return None

    def _library_attribute(self, value: Instance, base: ClassRef, name: str) -> Value | None:
        fact = self.knowledge.klass(base.name)
        call = self.knowledge.call(f"{base.name}.{name}")
        if call is not None:
            return External(f"{base.name}.{name}", value)
        expr = self.knowledge.attribute(base.name, name) or (fact.attributes.get("*") if fact else None)
        if expr is not None:
            return self.instantiate(expr, value, None)
        if self.settings is not None and self.settings.is_read_from(base.name):
            return self.settings.value(name)
        if self.knowledge.call(f"{base.name}.*") is not None:
            return External(f"{base.name}.*", value)
        if value.cls.home is not None and self.knowledge.canonical(f"{base.name}.{name}") != f"{base.name}.{name}":
            return External(f"{base.name}.{name}", value)
        if value.cls.home is not None and self.knowledge.markers(f"{base.name}.{name}"):
            return External(f"{base.name}.{name}", value)
        return External(f"{base.name}.{name}", value) if value.cls.home is None and base == value.cls else None

    def _project_attribute(self, value: Instance, base: ClassRef, name: str) -> Value | None:
        assert base.home is not None
        module = self.table.by_name[base.home[0]]
        summary = module.class_(base.home[1])
        index = summary.methods.get(name)
        if index is not None:
            function = FunctionRef(module.name, index, value)
            return self.call_function(function) if self.is_property(module, index) else function
        bound = [*summary.instance.get(name, ()), *summary.attributes.get(name, ())]
        if bound:
            self.visited.add(module.name)
            found = one_of([self._declared(module, term) for term in bound])
            if found is not None or base.home == value.cls.home or self.root.rebind is None:
                return found
            # a base class assigns what its subclass makes: `self.client = self.make_client()`
            bound_to = self.root.rebind(self, module, base.home[1], replace(value, query=None))
            return one_of([bound_to.value(module, term) for term in bound])
        return None

    def is_property(self, module: Module, index: int) -> bool:
        """Whether a method is read rather than called."""
        for term in module.function(index).decorators:
            parts = module.summary.terms[term]
            if parts[0] == terms.NAME:
                name = parts[1]
                if name in ("builtins.property", "functools.cached_property") or name.endswith("cached_property"):
                    return True
                if name.endswith(("hybrid_property", ".abstractproperty")):
                    return True
        return False

    def _bind_type_arguments(self, value: Value, base: ClassRef) -> Value:
        """A generic base's parameters, in the order of its ``Generic[...]`` bases, take the arguments given to it."""
        parameters = self._parameters_of(base)
        if not parameters:
            return value
        return self.substitute(value, dict(zip(parameters, base.args, strict=False)))  # type: ignore[no-any-return]

    def _parameters_of(self, cls: ClassRef) -> list[str]:
        if cls.home is None:
            return []
        module = self.table.by_name[cls.home[0]]
        for term in module.class_(cls.home[1]).bases:
            parts = module.summary.terms[term]
            if parts[0] != terms.ITEM:
                continue
            names = []
            for argument in self._arguments_terms(module, parts[2]):
                inner = module.summary.terms[argument]
                if inner[0] == terms.NAME and self._is_type_variable(inner[1]):
                    names.append(inner[1])
            if names:
                return names
        return []

    def _is_type_variable(self, dotted: str) -> bool:
        value = self.resolve(dotted)
        return isinstance(value, Instance) and value.cls.name.endswith(".TypeVar")

    def substitute(self, value: Value | None, bound: dict[str, Value | None]) -> Any:
        """``value`` with type variables replaced by what they are bound to."""
        if isinstance(value, Instance):
            if value.cls.name in bound:
                replaced = bound[value.cls.name]
                return replaced if replaced is not None else None
            if value.args:
                args = tuple(self.substitute(arg, bound) for arg in value.args)
                return Instance(value.cls, args, value.query, value.is_row, value.fetched)
        if isinstance(value, ClassRef) and value.name in bound:
            replaced = bound[value.name]
            return replaced.cls if isinstance(replaced, Instance) else None
        if isinstance(value, Awaitable):
            return Awaitable(self.substitute(value.value, bound))
        if isinstance(value, FunctionRef) and isinstance(value.receiver, Instance) and not value.receiver.args:
            receiver = value.receiver
            known = tuple(bound.values())
            return FunctionRef(value.module, value.index, Instance(receiver.cls, known, receiver.query))
        if isinstance(value, Items):
            return Items(tuple(self.substitute(item, bound) for item in value.items))
        return value

    # --- calls -------------------------------------------------------------------------------------------------

    def call(self, callee: Value | None, module: Module, term: Sequence[Any]) -> Value | None:
        """What a call gives: ``term`` is the call's term in ``module``."""
        if isinstance(callee, Union):
            return one_of([self.call(option, module, term) for option in callee.options])
        if isinstance(callee, ClassRef):
            if callee.home is not None:
                return stubs.made(self, callee, module, term) or Instance(callee, callee.args)
            fact = self.knowledge.call(callee.name)
            if fact is not None and fact.returns is not None:
                return self._result(fact, External(callee.name), module, term)
            return self._built(callee, module, term)
        if isinstance(callee, FunctionRef):
            return self.call_function(callee, module, term)
        if isinstance(callee, External):
            fact = self.knowledge.call(callee.name)
            if fact is not None:
                return self._result(fact, callee, module, term)
            last = callee.name.rpartition(".")[2]
            if last[:1].isupper() and callee.receiver is None:
                cls = ClassRef(callee.name)
                return stubs.made(self, cls, module, term) or Instance(cls)
            return iteration.result(self, callee, module, term)
        if isinstance(callee, Partial):
            return self.call(callee.function, module, term)
        if isinstance(callee, Instance):
            return self._call_instance(callee, module, term)
        return None

    def _built(self, cls: ClassRef, module: Module, term: Sequence[Any]) -> Value | None:
        """A builtin container made of another one keeps its elements."""
        if cls.name in ("list", "set", "frozenset", "tuple") and term[2]:
            inner = self.value(module, term[2][0])
            element = self.element(inner)
            query = inner.query if isinstance(inner, Instance) else None
            return Instance(cls, (element,), query, fetched=True) if element is not None or query else Instance(cls)
        return Instance(cls, cls.args)

    def _call_instance(self, callee: Instance, module: Module, term: Sequence[Any]) -> Value | None:
        if callee.cls.home is not None:
            found = self.method(callee.cls, "__call__")
            if found is not None:
                return self.call_function(FunctionRef(found[0].name, found[1], callee), module, term)
        for base in self.lineage(callee.cls):
            fact = self.knowledge.klass(base.name) if base.home is None else None
            if fact is not None and fact.calls is not None:
                return self.instantiate(fact.calls, callee, (module, term))
        return None

    def _result(self, fact: CallFact, callee: External, module: Module, term: Sequence[Any]) -> Value | None:
        if fact.role == "partial" and term[2]:
            inner = self.value(module, term[2][0])
            made = next(index for index, other in enumerate(module.summary.terms) if other is term)
            return Partial(inner, module.name, made) if inner is not None else None
        value = None
        if fact.returns is not None:
            value = self.instantiate(fact.returns, callee.receiver, (module, term))
            if fact.returns.argument is not None and fact.returns.parameter:
                value = queries.row_of(value)
        value = queries.after_call(self, fact, callee, value, module, term)
        if "await" in fact.use or "async with" in fact.use:
            return Awaitable(value)
        return value

    def call_function(
        self, function: FunctionRef, module: Module | None = None, term: Sequence[Any] | None = None
    ) -> Value | None:
        """What calling a project function gives: its annotation, refined by what its body returns for this call."""
        key = (function.module, function.index)
        home = self.table.by_name[function.module]
        root = self.root
        if key in root._returns:
            value = root._returns[key]
        else:
            value = root._guarded(("returns", *key), root._returns, key, root._function_result, home, function.index)
        if root.refine is not None:
            value = root.refine(self, function, module, term, value)
        return self._adapt(value, function, home)

    def _adapt(self, value: Value | None, function: FunctionRef, home: Module) -> Value | None:
        """The result for this receiver: ``Self`` and type variables take the receiver's class and arguments."""
        receiver = function.receiver
        if value is None or receiver is None:
            return value
        cls = receiver.cls if isinstance(receiver, Instance) else receiver
        if not isinstance(cls, ClassRef):
            return value
        bound: dict[str, Value | None] = {name: Instance(cls) for name in _SELF_TYPES}
        for base in self.lineage(cls):
            if base.args and base.home is not None:
                bound.update(zip(self._parameters_of(base), base.args, strict=False))
        return self.substitute(value, bound)  # type: ignore[no-any-return]

    def _function_result(self, module: Module, index: int) -> Value | None:
        function = module.function(index)
        self.visited.add(module.name)
        declared = self.type_of(module, function.returns)
        if function.is_generator:
            yielded = one_of([self.value(module, item[0]) for item in function.yields])
            element = yielded or self.element(declared)
            if self._is_context_manager(module, index):
                return Manager(element)
            return Instance(ClassRef("list"), (element,))
        body = None
        if declared is None or self._is_vague(declared):
            body = one_of([self.value(module, item[0]) for item in function.outputs])
            if declared is not None and not self._refines(body, declared):
                body = None
        value = body or declared
        return Awaitable(value) if function.is_async else value

    @staticmethod
    def _is_vague(declared: Value) -> bool:
        """Annotations that hide the query behind a container or a base class."""
        return isinstance(declared, Instance) and not declared.query

    @staticmethod
    def _refines(body: Value | None, declared: Value) -> bool:
        """A body says more than its annotation when it tells which query the rows come from, or which callable."""
        found = [option for option in options(body) if isinstance(option, Instance) and option.query is not None]
        return bool(found)

    def _is_context_manager(self, module: Module, index: int) -> bool:
        for term in module.function(index).decorators:
            parts = module.summary.terms[term]
            name = parts[1] if parts[0] == terms.NAME else ""
            if name.endswith(("contextmanager",)):
                return True
        return False

    # --- types -------------------------------------------------------------------------------------------------

    def instantiate(
        self, expr: TypeExpr, receiver: Value | None, call: tuple[Module, Sequence[Any]] | None
    ) -> Value | None:
        """A value of the type that a pack tells, for this receiver and this call."""
        name = expr.name
        if expr.is_variable:
            return self._type_variable(expr, receiver, call)
        if name == "None":
            return NONE
        args = tuple(self.instantiate(arg, receiver, call) for arg in expr.args)
        if name == "tuple" and args:
            return Items(args)
        if name == "type" and args:
            return args[0].cls if isinstance(args[0], Instance) else None
        if name.startswith(("collections.abc.", "typing.")):
            name = _SEQUENCES.get(name.rpartition(".")[2], name)
        query = None
        for argument in args:
            if isinstance(argument, Instance) and argument.query is not None:
                query = argument.query
        rows = tuple(
            arg.args[0] if isinstance(arg, Instance) and queries.is_statement(self, arg) and arg.args else arg
            for arg in args
        )
        stand_in = self.schema.targets.stand_in(name) if self.schema is not None else None
        return Instance(stand_in or ClassRef(name), rows, query)

    def _type_variable(
        self, expr: TypeExpr, receiver: Value | None, call: tuple[Module, Sequence[Any]] | None
    ) -> Value | None:
        if expr.name == "$self":
            return receiver
        if expr.name == "$class":
            cls = receiver.cls if isinstance(receiver, Instance) else receiver
            return Instance(cls) if isinstance(cls, ClassRef) else None
        wanted = expr.argument
        if wanted is not None:
            if call is None:
                return None
            module, term = call
            value = argument_value(self, module, term, wanted)
            if value is None and expr.default is not None and not self._is_given(module, term, wanted):
                return self.instantiate(expr.default, receiver, call)
            if isinstance(value, Awaitable):  # what takes a coroutine gives its result
                value = value.value
            return Instance(value, value.args) if isinstance(value, ClassRef) else value
        return self._type_parameter(expr.parameter or "", receiver)

    def _is_given(self, module: Module, term: Sequence[Any], wanted: int | str) -> bool:
        """Whether a call has an argument, or may have it among those that are spread into it."""
        position, name = (wanted, None) if isinstance(wanted, int) else (None, wanted)
        if self.argument(module, term, position, name):
            return True
        return any(keyword in (terms.STAR, terms.DOUBLE_STAR) for keyword, _ in term[3])

    def _type_parameter(self, name: str, receiver: Value | None) -> Value | None:
        if not isinstance(receiver, Instance):
            return None
        position = 0
        for base in self.lineage(receiver.cls):
            fact = self.knowledge.klass(base.name) if base.home is None else None
            if fact is not None and name in fact.params:
                position = fact.params.index(name)
                args = receiver.args or base.args
                return args[position] if position < len(args) else None
        return receiver.args[position] if receiver.args else None

    def type_of(self, module: Module, index: int) -> Value | None:
        """An object of the type that an annotation's term names."""
        if not index:
            return None
        key = (module.name, index)
        if key in self._types:
            return self._types[key]
        return self._guarded(("type", *key), self._types, key, self._type_of, module, index)  # type: ignore[no-any-return]

    def _type_of(self, module: Module, index: int) -> Value | None:
        term = module.summary.terms[index]
        operator = term[0]
        if operator == terms.NAME:
            return self._named_type(term[1])
        if operator == terms.ITEM:
            return self._generic_type(module, term)
        if operator == terms.UNION:
            return one_of([self.type_of(module, option) for option in term[1]])
        if operator == terms.BINARY and term[1] == "|":
            return one_of([self.type_of(module, term[2]), self.type_of(module, term[3])])
        if operator == terms.CONSTANT and isinstance(term[1], str) and term[1].isidentifier():
            return self._named_type(f"{module.name}.{term[1]}")
        if operator in (terms.CLASS, terms.ATTRIBUTE):
            return self._as_type(self.value(module, index))
        return None

    def _named_type(self, dotted: str) -> Value | None:
        alias = self._alias(dotted)
        if alias is not None:
            return self.type_of(*alias)
        if dotted in _SELF_TYPES:
            return Instance(ClassRef(dotted))
        if self._is_type_variable(dotted):
            return Instance(ClassRef(dotted))
        bare = dotted.rpartition(".")[2]
        if dotted.startswith(("typing.", "collections.abc.")) and bare in _SEQUENCES:
            return Instance(ClassRef(_SEQUENCES[bare]))
        return self._as_type(self.resolve(dotted))

    def _alias(self, dotted: str) -> tuple[Module, int] | None:
        """The type expression behind ``SessionDep = Annotated[Session, Depends(get_db)]``, wherever it is."""
        if dotted not in self._aliases:
            self._aliases[dotted] = None  # star imports may go round in a circle
            self._aliases[dotted] = self._find_alias(dotted)
        return self._aliases[dotted]

    def _find_alias(self, dotted: str) -> tuple[Module, int] | None:
        if dotted.partition(".")[0] not in self.table.tops:
            return None
        module, rest = self.table.split(dotted)
        if module is None or not rest or "." in rest:
            return None
        bound = module.summary.names.get(rest)
        if bound is None:
            for star in module.summary.stars:
                found = self._alias(f"{star}.{rest}")
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
        return self._alias(term[1]) if term[0] == terms.NAME else None

    def _as_type(self, value: Value | None) -> Value | None:
        if isinstance(value, ClassRef):
            return Instance(value, value.args)
        if isinstance(value, External):
            last = value.name.rpartition(".")[2]
            return Instance(ClassRef(value.name)) if last[:1].isupper() and last not in ("Any", "TypeVar") else None
        if isinstance(value, Union):
            return one_of([self._as_type(option) for option in value.options])
        return None

    def _arguments_terms(self, module: Module, key: int) -> Sequence[int]:
        term = module.summary.terms[key]
        return term[2] if term[0] == terms.DISPLAY else (key,)

    def _type_arguments(self, module: Module, key: int) -> tuple[Value | None, ...]:
        return tuple(self.type_of(module, argument) for argument in self._arguments_terms(module, key))

    def _generic_type(self, module: Module, term: Sequence[Any]) -> Value | None:
        owner = module.summary.terms[term[1]]
        arguments = self._arguments_terms(module, term[2])
        if not arguments:
            return None
        bare = self._last_name(owner[1]) if owner[0] == terms.NAME else ""
        if bare in _WRAPPERS:
            if bare == "Annotated":
                injected = self.injected(module, arguments[1:])
                return injected or self.type_of(module, arguments[0])
            return self.type_of(module, arguments[0])
        if bare == "Union":
            return one_of([self.type_of(module, argument) for argument in arguments])
        if bare in ("type", "Type"):
            inner = self.type_of(module, arguments[0])
            return inner.cls if isinstance(inner, Instance) else None
        if bare in ("Awaitable", "Coroutine"):
            return Awaitable(self.type_of(module, arguments[-1]))
        if bare == "Callable":
            return None
        values = tuple(self.type_of(module, argument) for argument in arguments)
        container = None
        if owner[0] == terms.NAME and self._is_of_typing(owner[1]):
            container = _SEQUENCES.get(bare)
        elif owner[0] == terms.NAME and owner[1] == f"builtins.{bare}":
            container = bare
        if container is not None:
            if container == "tuple" and len(values) > 1 and values[1] is not None:
                return Items(values)
            return Instance(ClassRef(container), values[-1:] if container == "dict" else values[:1])
        base = self.value(module, term[1])
        for option in options(base):
            if isinstance(option, ClassRef):
                return Instance(ClassRef(option.name, option.home, values), values)
            if isinstance(option, External):
                return Instance(ClassRef(option.name), values)
        return None

    def _last_name(self, dotted: str) -> str:
        """The last component of a name, of what an alias stands for: ``from typing import Optional as Maybe``."""
        value = self.resolve(dotted)
        return (value.name if isinstance(value, External) else dotted).rpartition(".")[2]

    def _is_of_typing(self, dotted: str) -> bool:
        """Whether a name means one of the abstract containers of the standard library."""
        value = self.resolve(dotted)
        name = value.name if isinstance(value, (External, ClassRef)) else dotted
        return name.startswith(("typing.", "typing_extensions.", "collections.abc."))

    def injected(self, module: Module, arguments: Sequence[int]) -> Value | None:
        """What a dependency marker among ``arguments`` provides, None when it only confirms the annotation."""
        for argument in arguments:
            term = module.summary.terms[argument]
            if term[0] != terms.CALL:
                continue
            name = self.decorator_name(module, argument)
            if name is None or not any(m.kind == "dependency" for m in self.knowledge.markers(name)):
                continue
            provider = self.argument(module, term, 0, "dependency")
            value = self.provided(self.value(module, provider)) if provider else None
            if value is not None:
                return value
        return None

    def provided(self, provider: Value | None) -> Value | None:
        """What a dependency provider gives to the function that asks for it."""
        if isinstance(provider, FunctionRef):
            home = self.table.by_name[provider.module]
            function = home.function(provider.index)
            value = self.call_function(provider)
            if isinstance(value, Awaitable):
                value = value.value
            if isinstance(value, Manager):
                return value.value
            return self.element(value) if function.is_generator else value
        if isinstance(provider, ClassRef):
            return Instance(provider, provider.args)
        if isinstance(provider, Instance):
            found = self.method(provider.cls, "__call__") if provider.cls.home is not None else None
            return self.provided(FunctionRef(found[0].name, found[1], provider)) if found else None
        return None

    # --- arguments ---------------------------------------------------------------------------------------------

    @staticmethod
    def argument(module: Module, term: Sequence[Any], position: int | None, name: str | None) -> int:
        """The term of an argument of a call, 0 when it is not passed by this position or name."""
        if position is not None and position < len(term[2]):
            return term[2][position]  # type: ignore[no-any-return]
        for keyword, value in term[3]:
            if keyword == name:
                return value  # type: ignore[no-any-return]
        return 0

    # --- going through -----------------------------------------------------------------------------------------

    def element(self, value: Value | None, depth: int = 0) -> Value | None:
        """What iterating ``value`` gives; ``depth`` counts the iterators that were asked for iterators on the way."""
        if isinstance(value, Union):
            return one_of([self.element(option, depth) for option in value.options])
        if isinstance(value, Items):
            return one_of(list(value.items))
        if not isinstance(value, Instance):
            return None
        cls = value.cls
        if cls.home is None and cls.name in _CONTAINERS:
            row = value.args[0] if value.args else None
            return queries.as_row(row, value.query)
        for base in self.lineage(cls):
            if base.home is not None:
                found = self.table.by_name[base.home[0]].class_(base.home[1]).methods.get("__iter__")
                if found is not None and depth < _ITERATORS:
                    given = self.call_function(FunctionRef(base.home[0], found, value))
                    return self._next(value) if given == value else self.element(given, depth + 1)
                if found is not None:
                    return None
                continue
            fact = self.knowledge.klass(base.name)
            if fact is not None and fact.iterates is not None:
                return queries.as_row(self.instantiate(fact.iterates, value, None), value.query)
        return None

    def _next(self, iterator: Instance) -> Value | None:
        found = self.method(iterator.cls, "__next__")
        return self.call_function(FunctionRef(found[0].name, found[1], iterator)) if found is not None else None

    def enter(self, value: Value | None) -> Value | None:
        """What ``with value as name`` binds."""
        if isinstance(value, Union):
            return one_of([self.enter(option) for option in value.options])
        if isinstance(value, Manager):
            return value.value
        if isinstance(value, Awaitable):
            return self.enter(value.value)
        if not isinstance(value, Instance):
            return None
        for base in self.lineage(value.cls):
            if base.home is not None:
                klass = self.table.by_name[base.home[0]].class_(base.home[1])
                for name in ("__aenter__", "__enter__"):
                    if name in klass.methods:
                        given = self.call_function(FunctionRef(base.home[0], klass.methods[name], value))
                        given = given.value if isinstance(given, Awaitable) else given
                        return given if given is not None and given != NONE else value
                continue
            fact = self.knowledge.klass(base.name)
            if fact is not None and fact.enters is not None:
                return self.instantiate(fact.enters, value, None)
        return value

    def awaited(self, value: Value | None) -> Value | None:
        """What ``await value`` gives."""
        if isinstance(value, Union):
            return one_of([self.awaited(option) for option in value.options])
        if isinstance(value, Awaitable):
            return value.value
        if isinstance(value, Instance):
            for base in self.lineage(value.cls):
                fact = self.knowledge.klass(base.name) if base.home is None else None
                if fact is not None and fact.awaits is not None:
                    return queries.fetched(self.instantiate(fact.awaits, value, None), value)
        return None

    def own_instance(self, module: Module, class_index: int) -> Instance:
        """The object whose class ``super()`` starts from."""
        return Instance(class_ref(module, class_index))

    def place(self, module: Module, term: Sequence[Any]) -> Place:
        """Where a call's term stands."""
        return Place(module.name, *term[4:8])


def argument_value(evaluator: Evaluator, module: Module, term: Sequence[Any], wanted: int | str) -> Value | None:
    """The value of a call's argument by position or keyword."""
    if isinstance(wanted, int):
        return evaluator.value(module, evaluator.argument(module, term, wanted, None))
    return evaluator.value(module, evaluator.argument(module, term, None, wanted))


def _merge(lines: list[list[ClassRef]]) -> list[ClassRef]:
    """C3 order of the bases' lineages; where Python would refuse, the first line goes on."""
    merged: list[ClassRef] = []
    lines = [list(line) for line in lines]
    while lines:
        if len(lines) == 1:
            return merged + lines[0]
        for line in lines:
            head = line[0]
            if not any(head in other[1:] for other in lines):
                break
        else:
            head = lines[0][0]
        merged.append(head)
        lines = [[c for c in line if c != head] for line in lines]
        lines = [line for line in lines if line]
    return merged


_CONTAINERS = frozenset({"list", "set", "frozenset", "tuple", "dict"})


def _parameter(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    function = module.function(term[1])
    _, annotation, default = function.parameters[term[2]]
    if default:
        injected = self.injected(module, [default])
        if injected is not None:
            return injected
    declared = self.type_of(module, annotation)
    if declared is not None:
        return declared
    value = self.value(module, default) if default else None
    return value if isinstance(value, (Instance, ClassRef, FunctionRef, External)) else None


def _self(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    cls = class_ref(module, term[1])
    return Instance(cls)


def class_ref(module: Module, index: int) -> ClassRef:
    """A class of a module by its index in the summary."""
    return ClassRef(f"{module.name}.{module.class_(index).qualname}", (module.name, index))


def _class(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    return class_ref(module, term[1])


def _function(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    return FunctionRef(module.name, term[1])


def _attribute(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    owner = module.summary.terms[term[1]]
    if owner[0] == terms.SUPER:
        return _super_attribute(self, module, owner[1], term[2])
    return self.attribute(self.value(module, term[1]), term[2])


def _super_attribute(self: Evaluator, module: Module, class_index: int, name: str) -> Value | None:
    cls = class_ref(module, class_index)
    receiver = self.own_instance(module, class_index)
    line = self.lineage(receiver.cls)
    start = next((position for position, base in enumerate(line) if base.home == cls.home), 0)
    for base in line[start + 1 :]:
        found = (
            self._library_attribute(receiver, base, name)
            if base.home is None
            else self._project_attribute(receiver, base, name)
        )
        if found is not None:
            return found
    return None


def _call(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    callee = module.summary.terms[term[1]]
    if callee[0] == terms.ATTRIBUTE and callee[2] == "get_model" and self.schema is not None:
        model = self.schema.targets.looked_up(module, callee[1], term)
        if model is not None:
            return model
    return self.call(self.value(module, term[1]), module, term)


def _await(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    return self.awaited(self.value(module, term[1]))


def _element(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    return self.element(self.value(module, term[1]))


def _enter(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    return self.enter(self.value(module, term[1]))


def _item(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    key = module.summary.terms[term[2]]
    owner = self.value(module, term[1])
    results = [_item_of(self, module, option, key, term) for option in options(owner)]
    return one_of(results)


def _item_of(self: Evaluator, module: Module, owner: Value, key: Sequence[Any], term: Sequence[Any]) -> Value | None:
    if isinstance(owner, ClassRef):
        return ClassRef(owner.name, owner.home, self._type_arguments(module, term[2]))
    if isinstance(owner, Items):
        position = key[1] if key[0] == terms.CONSTANT else None
        if isinstance(position, int) and -len(owner.items) <= position < len(owner.items):
            return owner.items[position]
        return None
    if not isinstance(owner, Instance):
        return None
    if key[0] == terms.DISPLAY and key[1] == "slice":
        return queries.sliced(owner, bool(key[2]))
    if owner.cls.home is None and owner.cls.name in _CONTAINERS:
        return owner.args[-1] if owner.args else None  # of a dictionary: the value
    for base in self.lineage(owner.cls):
        fact = self.knowledge.klass(base.name) if base.home is None else None
        items = getattr(fact, "items", None) if fact is not None else None
        if items is not None:
            return self.instantiate(items, owner, None)
    if owner.query is not None:
        return self.element(owner)
    return None


def _union(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    return one_of([self.value(module, option) for option in term[1]])


def _constant(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    return Constant(term[1])


def _display(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    kind, parts = term[1], term[2]
    if kind == "tuple":
        return Items(tuple(self.value(module, part) for part in parts))
    if kind == "slice":
        return None
    elements = parts[1::2] if kind == "dict" else parts
    element = one_of([self.value(module, part) for part in elements])
    return Instance(ClassRef(kind), (element,) if element is not None else ())


def _comprehension(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    kind = "list" if term[1] == "generator" else term[1]
    source = self.value(module, term[3])
    query = source.query if isinstance(source, Instance) else None
    return Instance(ClassRef(kind), (self.value(module, term[2]),), query, fetched=True)


def _binary(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    left = self.value(module, term[2])
    if isinstance(left, Constant) and isinstance(left.value, str):
        return Instance(ClassRef("str"))
    if term[1] == "/" and isinstance(left, Instance):
        return left
    if term[1] in ("+", "|") and isinstance(left, Instance):
        return _joined(self, left, self.value(module, term[3]))
    if term[1] == "+" and isinstance(left, Items):
        right = self.value(module, term[3])
        return Items((*left.items, *right.items)) if isinstance(right, Items) else None
    return None


def _joined(self: Evaluator, left: Instance, right: Value | None) -> Value | None:
    """Two lists in a row hold the elements of both."""
    if left.cls.home is not None or left.cls.name not in _CONTAINERS:
        return left
    found = [self.element(left), self.element(right)]
    element = one_of(found) if None not in found else None
    return Instance(left.cls, () if element is None else (element,), left.query, fetched=left.fetched)


def _string(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    return Instance(ClassRef("str"))


def _unpack(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    results: list[Value | None] = []
    for option in options(self.value(module, term[2])):
        if isinstance(option, Items):
            results.append(option.items[term[1]] if term[1] < len(option.items) else None)
        else:
            results.append(self.element(option))
    return one_of(results)


def _annotated(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    declared = self.type_of(module, term[1])
    if term[2]:
        value = self.value(module, term[2])
        if declared is None or (isinstance(value, Instance) and value.query is not None):
            return value
        if isinstance(value, (FunctionRef, ClassRef, Items)):
            return value
    return declared


def _allowed(self: Evaluator, module: Module, index: int, term: Sequence[Any]) -> Value | None:
    return self.value(module, term[1])


_TERMS = {
    terms.PARAMETER: _parameter,
    terms.SELF: _self,
    terms.CLASS: _class,
    terms.FUNCTION: _function,
    terms.ATTRIBUTE: _attribute,
    terms.CALL: _call,
    terms.AWAIT: _await,
    terms.ELEMENT: _element,
    terms.ENTER: _enter,
    terms.ITEM: _item,
    terms.UNION: _union,
    terms.CONSTANT: _constant,
    terms.DISPLAY: _display,
    terms.COMPREHENSION: _comprehension,
    terms.BINARY: _binary,
    terms.STRING: _string,
    terms.UNPACK: _unpack,
    terms.ANNOTATED: _annotated,
    terms.ALLOWED: _allowed,
    terms.GROWN: _allowed,
}
