"""How database queries change along a chain of calls: what they load, whether they are bounded, what rows they give."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from flake8_backend.project.orm.conditions import absent, narrowed
from flake8_backend.project.values import (
    EVERYTHING,
    ClassRef,
    Constant,
    External,
    FunctionRef,
    Instance,
    Items,
    Place,
    Query,
    Relation,
    Union,
    Value,
    one_of,
    options,
)
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.knowledge.facts import CallFact
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

_QUERY_ROLES = frozenset(
    {
        "orm-lazy",
        "orm-eager",
        "orm-bound",
        "orm-evaluate",
        "orm-evaluate-one",
        "orm-guard",
        "orm-not-eager",
        "lock-rows",
    }
)
_ONE = frozenset({"orm-evaluate-one", "orm-write"})
_BUILDING = frozenset({"orm-lazy", "orm-eager", "orm-bound", "orm-guard", "orm-not-eager", "lock-rows"})
_KEEPING = frozenset({"all", "get_queryset"})  # of a related manager: rows that came with their owner are kept
_COLUMNS = frozenset({"load_only", "undefer", "defer"})  # loader options about columns
_FILTERING = frozenset({"filter", "where", "filter_by"})
_NARROWING = frozenset({"exclude", "find"})  # by conditions that are no equality with a column
_PICKING = frozenset({"values", "values_list"})  # annotating what they give groups by it
_AGGREGATING = frozenset({"group_by", "aggregate"})
LOADER = "loader option"


def as_row(row: Value | None, query: Query | None) -> Value | None:
    """One row of what a query gives, carrying what the query loads."""
    if query is None:
        return row
    if isinstance(row, Instance) and row.query is None:
        return replace(row, query=query, is_row=True)
    if isinstance(row, Items):
        return Items(tuple(as_row(item, query) for item in row.items))
    if isinstance(row, Union):
        return Union(tuple(v for v in (as_row(option, query) for option in row.options) if v is not None))
    return row


def fetched(value: Value | None, source: Instance) -> Value | None:
    """What awaiting a queryset gives: its rows, or one of them."""
    if not isinstance(value, Instance) or source.query is None:
        return value
    if value.cls.home is None and value.cls.name in ("list", "tuple", "dict", "set"):
        return replace(value, query=source.query, fetched=True)
    return as_row(value, source.query)


def row_of(value: Value | None) -> Value | None:
    """The row that a statement or queryset gives."""
    if isinstance(value, Union):
        return one_of([row_of(option) for option in value.options])
    if isinstance(value, Instance) and value.query is not None and not value.is_row and value.args:
        return as_row(value.args[0], value.query)
    return value


def sliced(value: Instance, has_upper: bool) -> Value | None:
    """``value[a:b]``: a bound when there is an upper end."""
    if value.query is None or not has_upper or value.fetched:
        return value
    return replace(value, query=replace(value.query, bounded=True))


def is_statement(evaluator: Evaluator, value: Instance) -> bool:
    """Whether ``value`` is a query that is handed to something that runs it."""
    return value.query is not None and not value.is_row and value.cls.home is None


def is_run(fact: CallFact) -> bool:
    """Whether a call runs a statement that it is given."""
    return fact.role in ("db-execute", "db-fetch") or fact.name.rpartition(".")[2] in ("scalars", "execute", "exec")


def after_call(
    evaluator: Evaluator,
    fact: CallFact,
    callee: External,
    value: Value | None,
    module: Module,
    term: Sequence[Any],
) -> Value | None:
    """The result of a call with its query: started, narrowed, bounded, given more to load, or run."""
    if isinstance(value, Union):
        return one_of([after_call(evaluator, fact, callee, option, module, term) for option in value.options])
    role = fact.role
    receiver = callee.receiver
    if value is None or (isinstance(value, Instance) and not value.args):
        rows = _of_view(evaluator, fact, receiver)
        if rows is not None:
            return rows
    query = receiver.query if isinstance(receiver, Instance) and not receiver.is_row else None
    if is_run(fact):
        statement = _statement(evaluator, module, term)
        if statement is not None and isinstance(value, Instance):
            return replace(value, args=statement.args or value.args, query=statement.query)
    if role not in _QUERY_ROLES and query is None:
        return value
    if role == "orm-eager" and receiver is None and isinstance(value, Instance) and not value.args:
        named = _prefetch(evaluator, fact, module, term)
        if named is not None:
            return replace(value, query=named)
    if query is None:
        query = _begun(evaluator, receiver, value, module, term)
        if query is None:
            return value
    query = _changed(evaluator, fact, query, module, term)
    if isinstance(value, Instance):
        if role in _ONE and holds_rows(evaluator, value.cls):
            return as_row(value.args[0], query) if value.args else None
        if role in _ONE or (role == "db-fetch" and not _is_collection(value)):
            return replace(value, query=query, is_row=True)
        fetched = value.cls.home is None and value.cls.name in ("list", "tuple", "dict", "set")
        return replace(value, query=query, fetched=fetched)
    if isinstance(value, Items):
        return as_row(value, query)
    return value


def _begun(
    evaluator: Evaluator, receiver: Value | None, value: Value | None, module: Module, term: Sequence[Any]
) -> Query | None:
    """The query that a call begins, by what it gives or by what it is called on."""
    given = value.query if isinstance(value, Instance) and not value.is_row else None
    query = given or _started(evaluator, receiver, value)
    if query is None:
        return None
    if isinstance(receiver, Instance) and _is_of_parent(evaluator, receiver.cls):
        query = replace(query, of_parent=True)
    owner = module.summary.terms[term[1]]
    if owner[0] == terms.ATTRIBUTE and _is_rows(evaluator, receiver) and _is_given(evaluator, module, owner[1]):
        query = replace(query, bounded=True)  # where it was made it may have been bounded
    return query if query.model is not None else _of_columns(evaluator, query, module, term)


def _of_view(evaluator: Evaluator, fact: CallFact, receiver: Value | None) -> Value | None:
    """``self.get_queryset()`` of a view that does not define it gives its ``queryset``; ``get_object`` a row of it."""
    name = fact.name.rpartition(".")[2]
    if name not in ("get_queryset", "get_object") or not isinstance(receiver, Instance) or receiver.cls.home is None:
        return None
    if holds_rows(evaluator, receiver.cls):
        return None
    if name == "get_queryset":
        rows = evaluator.attribute(receiver, "queryset")
        return rows if isinstance(rows, (Instance, Union)) else _of_model(evaluator, receiver)
    found = evaluator.method(receiver.cls, "get_queryset")
    if found is not None:
        rows = evaluator.call_function(FunctionRef(found[0].name, found[1], receiver))
    else:
        rows = evaluator.attribute(receiver, "queryset")
    return one_of([row_of(option) for option in options(rows)])


def _of_model(evaluator: Evaluator, view: Instance) -> Value | None:
    """All rows of the model that a view names."""
    model = evaluator.attribute(view, "model")
    manager = evaluator.attribute(model, "objects") if isinstance(model, ClassRef) else None
    if not isinstance(manager, Instance) or not isinstance(model, ClassRef):
        return None
    return manager if manager.query is not None else replace(manager, query=Query(model.name))


def _is_collection(value: Instance) -> bool:
    return value.cls.home is None and value.cls.name in ("list", "set", "tuple", "dict")


def _started(evaluator: Evaluator, receiver: Value | None, value: Value | None) -> Query | None:
    """A query begins at a manager, a model's ``query`` or a statement function, all of which name the model."""
    for candidate in (value, receiver):
        if isinstance(candidate, Instance):
            for argument in candidate.args:
                if isinstance(argument, Instance) and _is_about(evaluator, argument.cls):
                    return Query(argument.cls.name)
            if _is_about(evaluator, candidate.cls) and (candidate is value or _is_model(evaluator, candidate.cls)):
                return Query(candidate.cls.name)
    if isinstance(value, Instance) and value.args:
        return Query(None)
    if isinstance(value, Instance) and value.cls.name.endswith(".Load"):
        return Query(LOADER)
    return None


def _is_rows(evaluator: Evaluator, value: Value | None) -> bool:
    return isinstance(value, Instance) and bool(value.args) and holds_rows(evaluator, value.cls)


def _is_given(evaluator: Evaluator, module: Module, index: int) -> bool:
    """Whether nothing but the type is known of a query: a parameter, or what another function is said to return."""
    term = module.summary.terms[index]
    if term[0] == terms.UNION:
        return any(_is_given(evaluator, module, part) for part in term[1])
    if term[0] == terms.UNPACK:
        return _is_given(evaluator, module, term[2])
    if term[0] == terms.CALL:
        return any(isinstance(callee, FunctionRef) for callee in options(evaluator.value(module, term[1])))
    return bool(term[0] == terms.PARAMETER)


def _is_of_parent(evaluator: Evaluator, cls: ClassRef) -> bool:
    """Whether it is the manager of a relation that a library's model declares: ``user.groups``."""
    return any(base.home is None and base.name.endswith(".RelatedManager") for base in evaluator.lineage(cls))


def _of_columns(evaluator: Evaluator, query: Query, module: Module, term: Sequence[Any]) -> Query:
    """``select(Order.id)`` and ``query(Order.id)`` are about the model that owns the first column."""
    for argument in term[2][:1]:
        column = module.summary.terms[argument]
        owner = None
        if column[0] == terms.NAME:
            owner = evaluator.resolve(column[1].rpartition(".")[0])
        elif column[0] == terms.ATTRIBUTE:
            owner = evaluator.value(module, column[1])
        if isinstance(owner, ClassRef) and _is_model(evaluator, owner):
            return replace(query, model=owner.name, columns=True)
    return query


def _is_about(evaluator: Evaluator, cls: ClassRef) -> bool:
    """Whether rows are of this class: a model, or another class of the project that is no collection of rows."""
    return _is_model(evaluator, cls) or (cls.home is not None and not holds_rows(evaluator, cls))


def _is_model(evaluator: Evaluator, cls: ClassRef) -> bool:
    return evaluator.schema is not None and evaluator.schema.orm_of(cls) is not None


def holds_rows(evaluator: Evaluator, cls: ClassRef) -> bool:
    """Whether objects of a class are querysets, managers, statements or results: collections of rows."""
    for base in evaluator.lineage(cls):
        fact = evaluator.knowledge.klass(base.name) if base.home is None else None
        if fact is not None and "row" in fact.params:
            return True
    return False


def _statement(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Instance | None:
    """The statement that is executed: the first argument that is a query."""
    for argument in [*term[2][:2], *(value for name, value in term[3] if name == "statement")]:
        for option in options(evaluator.value(module, argument)):
            if isinstance(option, Instance) and option.query is not None:
                return option
    return None


def _changed(evaluator: Evaluator, fact: CallFact, query: Query, module: Module, term: Sequence[Any]) -> Query:
    role = fact.role
    name = fact.name.rpartition(".")[2]
    if name in _KEEPING and query.held is not False:
        return query if query.source is not None else replace(query, source=evaluator.place(module, term))
    if role in _BUILDING:
        if query.held is not False:
            query = Query(query.model, given=query.given, of_parent=query.of_parent)
        query = replace(query, source=_grown(query.source, evaluator.place(module, term)), path="", root=None)
    if role == "orm-bound":
        return replace(query, bounded=True)
    if role in ("orm-eager", "orm-guard") and name not in _COLUMNS:
        return query.loading(_loaded(evaluator, query, module, term))
    if name == "options":
        return query.loading(_loader_paths(evaluator, module, term))
    if role == "orm-lazy" and name in ("select", "select_extend") and len(term[2]) > 1:
        return query.loading(_selected(evaluator, query, module, term))
    if role == "orm-lazy" and name == "none":
        return replace(query, source=None)  # it gives no rows, so nothing is to be loaded with them
    if role == "orm-lazy" and name == "only":
        return replace(query, only=frozenset(_names_in(evaluator, module, term)))
    if role == "orm-lazy" and name == "distinct" and (query.columns or term[2]):  # of the columns that are named
        return replace(query, selective=True)
    if role == "orm-lazy" and name == "select" and query.model is not None and not query.columns:
        query = _of_columns(evaluator, query, module, term)  # `Order.select(Order.status)`
    if role == "orm-lazy" and (term[2] or term[3]):
        if name in _AGGREGATING or (name == "annotate" and query.columns):
            return replace(query, selective=True)
        if name in _PICKING:
            return replace(query, columns=True)
        if name in _NARROWING:
            return replace(query, filtered=True)
        if name in _FILTERING:
            return narrowed(evaluator, query.loading(absent(evaluator, module, term)), module, term)
    return query


def _names_in(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> Iterator[str]:
    """The texts among the arguments of a call."""
    for index in term[2]:
        for option in options(evaluator.value(module, index)):
            if isinstance(option, Constant) and isinstance(option.value, str):
                yield option.value


def _grown(source: Place | None, place: Place) -> Place:
    """Where more is appended to a query: the last call of the expression that it began with."""
    if source is None or (source.module, source.line, source.column) == (place.module, place.line, place.column):
        return place
    return source


def _selected(evaluator: Evaluator, query: Query, module: Module, term: Sequence[Any]) -> frozenset[str]:
    """The relations to the other models that ``Order.select(Order, Customer)`` names: their columns come along."""
    found = [evaluator.value(module, argument) for argument in term[2]]
    models = [value for value in found if isinstance(value, ClassRef) and value.home is not None]
    own = next((model for model in models if model.name == query.model), None)
    if own is None or evaluator.schema is None:
        return frozenset()
    relations = evaluator.schema.relations(own)
    return frozenset(name for name, fact in relations.items() if fact.target in models and fact.target != own)


def _loaded(evaluator: Evaluator, query: Query, module: Module, term: Sequence[Any]) -> frozenset[str]:
    """Relations named by ``select_related("a__b")``, ``Prefetch("items")``, ``joinedload(Order.items)``."""
    paths = set()
    prefix = ""
    if query.model == LOADER and query.eager:
        prefix = max(query.eager, key=lambda path: (path.count("."), path)) + "."
    if not term[2] and not term[3]:
        return frozenset({EVERYTHING})
    for argument in term[2]:
        paths |= {prefix + path for path in _paths_of(evaluator, evaluator.value(module, argument))}
    for name, argument in term[3]:
        if name in (terms.STAR, terms.DOUBLE_STAR):
            paths |= _paths_in(evaluator, evaluator.value(module, argument))
    return frozenset(paths)


def _paths_in(evaluator: Evaluator, value: Value | None) -> set[str]:
    """The relations that a collection of names or loader options stands for."""
    found: set[str] = set()
    for option in options(value):
        parts = option.items if isinstance(option, Items) else (evaluator.element(option),)
        for part in parts:
            found.update(_paths_of(evaluator, part))
    return found if value is not None else {EVERYTHING}


def _prefetch(evaluator: Evaluator, fact: CallFact, module: Module, term: Sequence[Any]) -> Query | None:
    """``Prefetch("items", queryset=…, to_attr=…)``: the relation, and what the queryset loads beyond it."""
    if fact.name.rpartition(".")[2] != "Prefetch":
        return None
    lookup = evaluator.value(module, evaluator.argument(module, term, 0, "lookup"))
    inner = evaluator.value(module, evaluator.argument(module, term, 1, "queryset"))
    renamed = evaluator.value(module, evaluator.argument(module, term, 2, "to_attr"))
    found: set[str] = set()
    for name in _paths_of(evaluator, lookup):
        if isinstance(renamed, Constant) and isinstance(renamed.value, str):
            name = f"{name.rpartition('.')[0]}.{renamed.value}".lstrip(".")
        found.add(name)
        for option in options(inner):
            query = option.query if isinstance(option, Instance) else None
            found.update(f"{name}.{path}" for path in (query.eager if query is not None else ()))
    return Query(LOADER, frozenset(found))


def _paths_of(evaluator: Evaluator, value: Value | None) -> list[str]:
    if value is None:
        return [EVERYTHING]
    found: list[str] = []
    for option in options(value):
        if isinstance(option, Constant) and isinstance(option.value, str):
            found.append(option.value.replace("__", "."))
        elif isinstance(option, Relation):
            found.append(option.name)
        elif isinstance(option, Instance) and option.query is not None and option.query.model == LOADER:
            found.extend(option.query.eager)
        elif option != Constant(None):
            found.append(EVERYTHING)
    return found


def _loader_paths(evaluator: Evaluator, module: Module, term: Sequence[Any]) -> frozenset[str]:
    paths: set[str] = set()
    for argument in term[2]:
        paths.update(_paths_of(evaluator, evaluator.value(module, argument)))
    for name, argument in term[3]:
        if name == terms.STAR:
            paths |= _paths_in(evaluator, evaluator.value(module, argument))
    return frozenset(paths)


def managers(evaluator: Evaluator, model: ClassRef, value: Value | None) -> Value | None:
    """What a class attribute of a model gives: a manager is about that model, and loads what its ``get_queryset`` does."""
    if evaluator.schema is None or not any(_is_bare_manager(evaluator, option) for option in options(value)):
        return value
    if evaluator.schema.orm_of(model) is None:
        return value
    found: list[Value | None] = [
        _manager(evaluator, model, option)
        if isinstance(option, Instance) and _is_bare_manager(evaluator, option)
        else option
        for option in options(value)
    ]
    return one_of(found)


def _is_bare_manager(evaluator: Evaluator, value: Value) -> bool:
    return isinstance(value, Instance) and not value.args and not value.is_row and holds_rows(evaluator, value.cls)


def _manager(evaluator: Evaluator, model: ClassRef, value: Instance) -> Instance:
    manager = replace(value, args=(Instance(model),))
    found = evaluator.method(value.cls, "get_queryset")
    if found is None:
        return manager
    rows = evaluator.call_function(FunctionRef(found[0].name, found[1], manager))
    loaded = [option.query for option in options(rows) if isinstance(option, Instance) and option.query is not None]
    if not loaded:
        return replace(manager, query=Query(model.name, frozenset({EVERYTHING})))
    eager = frozenset().union(*(query.eager for query in loaded))
    return replace(manager, query=Query(model.name, eager))


def custom_method(evaluator: Evaluator, value: Instance, name: str) -> Value | None:
    """A method of a model's own manager, read from a queryset or related manager, which have it too."""
    model = value.args[0]
    if not isinstance(model, Instance) or model.cls.home is None or not holds_rows(evaluator, value.cls):
        return None
    known = evaluator.knowledge
    if known.call(f"{value.cls.name}.{name}") is not None or known.attribute(value.cls.name, name) is not None:
        return None
    for manager in options(evaluator.attribute(model.cls, "objects")):
        if isinstance(manager, Instance) and manager.cls.home is not None:
            found = evaluator.method(manager.cls, name)
            if found is not None:
                return FunctionRef(found[0].name, found[1], value)
    return None


def model_of(value: Value | None) -> ClassRef | None:
    """The project class whose rows ``value`` is about."""
    if isinstance(value, Instance):
        for argument in value.args:
            if isinstance(argument, Instance) and argument.cls.home is not None:
                return argument.cls
        if value.cls.home is not None:
            return value.cls
    return None
