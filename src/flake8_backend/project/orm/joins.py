"""Which side of a relationship without annotation holds the foreign key, and so whether it gives one row or many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import ClassRef, Constant, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module


class Joins:
    """Foreign keys of SQLAlchemy models, read from their columns."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._tables: dict[ClassRef, frozenset[str]] = {}
        self._keys: dict[ClassRef, dict[str, str]] = {}

    def is_many(
        self,
        cls: ClassRef,
        name: str,
        target: ClassRef | None,
        module: Module,
        call: Sequence[Any],
        *,
        declared: bool | None = None,
    ) -> bool:
        """Whether ``name = relationship(…)`` in ``cls`` gives a collection; ``declared`` is what its annotation
        says.
        """
        uselist = self._constant(module, call, "uselist")
        if isinstance(uselist, bool):
            return uselist
        if declared is not None:
            return declared
        argument = self._evaluator.argument
        if argument(module, call, 1, "secondary"):
            return True
        held = self.holds_named_key(cls, module, call)
        if held is not None:
            return not held
        if target is None:
            return _is_plural(name)
        here, there = self.leads(cls, target), self.leads(target, cls)
        if cls == target or (here and there):
            return not argument(module, call, None, "remote_side") if cls == target else _is_plural(name)
        return there if here or there else _is_plural(name)

    def holds_named_key(self, cls: ClassRef, module: Module, call: Sequence[Any]) -> bool | None:
        """Whether the columns in ``foreign_keys=`` are columns of ``cls``, None where it names none."""
        foreign = self._evaluator.argument(module, call, None, "foreign_keys")
        columns = set(self._columns(module, foreign)) if foreign else set()
        if not columns:
            return None
        own = self.keys(cls)
        return any(column in own and owner in ("", _bare(cls)) for owner, column in columns)

    def only_leads(self, cls: ClassRef | None, target: ClassRef) -> bool:
        """Whether ``cls`` holds the one foreign key between the two tables."""
        return cls is not None and cls != target and self.leads(cls, target) and not self.leads(target, cls)

    def leads(self, cls: ClassRef, target: ClassRef) -> bool:
        """Whether a column of ``cls`` refers to the table of ``target``."""
        return not self.tables(target).isdisjoint(self.keys(cls).values())

    def tables(self, cls: ClassRef) -> frozenset[str]:
        """The names that the table of a model may go by, without underscores; those of its bases count too."""
        known = self._tables.get(cls)
        if known is None:
            known = self._tables[cls] = frozenset(self._table_names(cls))
        return known

    def _table_names(self, cls: ClassRef) -> Iterator[str]:
        for base in self._evaluator.lineage(cls):
            if base.home is None:
                continue
            module = self._evaluator.table.by_name[base.home[0]]
            yield _plain(_bare(base))
            for term in module.class_(base.home[1]).attributes.get("__tablename__", ()):
                parts = module.summary.terms[term]
                if parts[0] == terms.CONSTANT and isinstance(parts[1], str):
                    yield _plain(parts[1])

    def keys(self, cls: ClassRef) -> dict[str, str]:
        """Foreign keys of a model: column to table, the columns of mixins included."""
        known = self._keys.get(cls)
        if known is None:
            known = self._keys[cls] = {}
            for base in reversed(self._evaluator.lineage(cls)):
                if base.home is not None:
                    known.update(self._own_keys(base))
        return known

    def _own_keys(self, cls: ClassRef) -> Iterator[tuple[str, str]]:
        assert cls.home is not None
        module = self._evaluator.table.by_name[cls.home[0]]
        for name, bound in module.class_(cls.home[1]).attributes.items():
            for term in bound:
                table = self._referred(module, term)
                if table is not None:
                    yield name, _plain(table)

    def _referred(self, module: Module, index: int) -> str | None:
        """The table that a column declared with a foreign key refers to."""
        term = module.summary.terms[index]
        if term[0] == terms.ANNOTATED and term[2]:
            term = module.summary.terms[term[2]]
        if term[0] != terms.CALL:
            return None
        for argument in (*term[2], *(value for _, value in term[3])):
            inner = module.summary.terms[argument]
            if inner[0] == terms.CALL and inner[2] and _called(module, inner) == "ForeignKey":
                return self._table_of(module, inner[2][0])
        key = self._constant(module, term, "foreign_key")
        return key.rpartition(".")[0].rpartition(".")[2] if isinstance(key, str) else None

    def _table_of(self, module: Module, index: int) -> str | None:
        """``"orders.id"`` and ``Order.id`` both refer to the table of orders."""
        term = module.summary.terms[index]
        if term[0] == terms.CONSTANT and isinstance(term[1], str):
            return term[1].rpartition(".")[0].rpartition(".")[2]
        if term[0] == terms.ATTRIBUTE:
            owner = self._evaluator.value(module, term[1])
        elif term[0] == terms.NAME:
            owner = self._evaluator.resolve(term[1].rpartition(".")[0])
        else:
            return None
        for option in options(owner):
            if isinstance(option, ClassRef) and option.home is not None:
                return _bare(option)
        return None

    def _columns(self, module: Module, index: int) -> Iterator[tuple[str, str]]:
        """Owner and column of ``foreign_keys=``: ``user_id``, ``Order.user_id``, ``"[Order.user_id]"``, lists of them."""
        term = module.summary.terms[index]
        if term[0] == terms.DISPLAY:
            for part in term[2]:
                yield from self._columns(module, part)
        elif term[0] == terms.CONSTANT and isinstance(term[1], str):
            for text in term[1].strip("[]() ").split(","):
                owner, _, column = text.strip().rpartition(".")
                yield owner.rpartition(".")[2], column
        elif term[0] == terms.NAME:
            owner, _, column = term[1].rpartition(".")
            yield owner.rpartition(".")[2], column
        elif term[0] in (terms.CALL, terms.ANNOTATED):
            for name, bound in self._bound_columns(module).items():
                if index in bound:
                    yield "", name

    @staticmethod
    def _bound_columns(module: Module) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for klass in module.summary.classes:
            for name, bound in klass.attributes.items():
                for term in bound:
                    parts = module.summary.terms[term]
                    found.setdefault(name, []).extend([term, parts[2]] if parts[0] == terms.ANNOTATED else [term])
        return found

    def _constant(self, module: Module, call: Sequence[Any], name: str) -> Any:
        index = self._evaluator.argument(module, call, None, name)
        for value in options(self._evaluator.value(module, index)) if index else ():
            return value.value if isinstance(value, Constant) else None
        return None


def _bare(cls: ClassRef) -> str:
    return cls.name.rpartition(".")[2]


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


def _is_plural(name: str) -> bool:
    return name.endswith("s") and not name.endswith(("ss", "status", "us"))


def _called(module: Module, call: Sequence[Any]) -> str:
    callee = module.summary.terms[call[1]]
    dotted = callee[1] if callee[0] == terms.NAME else callee[2] if callee[0] == terms.ATTRIBUTE else ""
    return str(dotted).rpartition(".")[2]
