"""What models of pydantic read of an object that they are built from: fields named like its relations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flake8_backend.core.diagnostic import Span
from flake8_backend.project.calls.effects import Link
from flake8_backend.project.values import ClassRef, External, Instance, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flake8_backend.project.items.loads import Load
    from flake8_backend.project.items.rows import Rows
    from flake8_backend.project.solution import Solution

_MODEL = "pydantic.BaseModel"
_FROM_OBJECT = frozenset({"model_validate", "from_orm"})
_DEEPEST = 4
_ALL, _READ = "all", "read"


class Schemas:
    """Classes whose objects are built from the attributes of others."""

    def __init__(self, solution: Solution, rows: Rows) -> None:
        self._solution = solution
        self._evaluator = solution.evaluator
        self._rows = rows

    def built_by(self, callee: Value) -> ClassRef | None:
        """The class whose object a call builds from the attributes of its argument."""
        if not isinstance(callee, External) or callee.name.rpartition(".")[2] not in _FROM_OBJECT:
            return None
        cls = callee.receiver
        return cls if isinstance(cls, ClassRef) and self.is_schema(cls) else None

    def is_schema(self, cls: ClassRef) -> bool:
        """Whether a class of the project declares what it is made of."""
        return cls.home is not None and self._evaluator.is_a(cls, _MODEL)

    def fields(self, cls: ClassRef) -> dict[str, tuple[Value | None, str, Span]]:
        """The type of each field by name, and where it is declared."""
        found: dict[str, tuple[Value | None, str, Span]] = {}
        for base in reversed(self._evaluator.lineage(cls)):
            if base.home is None:
                continue
            module = self._evaluator.table.by_name[base.home[0]]
            summary = module.class_(base.home[1])
            for name, bound in summary.attributes.items():
                term = module.summary.terms[bound[-1]]
                if term[0] == terms.ANNOTATED:
                    place = Span(*summary.places.get(name, summary.span))
                    found[name] = self._evaluator.type_of(module, term[1]), module.name, place
        return found

    def loads(self, cls: ClassRef, row: Instance, depth: int = 0) -> Iterator[Load]:
        """What building an object from ``row``, whose query is known, loads beyond what came with it."""
        from flake8_backend.project.items.loads import Load

        if depth > _DEEPEST or row.query is None or row.query.loads_everything:
            return
        for name, (declared, module, place) in self.fields(cls).items():
            link = Link(f"{cls.name.rpartition('.')[2]}.{name}", module, place)
            fact = self._rows.relation(row, name)
            if fact is None:
                function = self._rows.is_property(row, name)
                for load in self._rows.called(self._evaluator, function) if function is not None else ():
                    yield load.through(link)
                continue
            if self._rows.unloaded(row, name) is not None:
                path = f"{row.query.path}.{name}".lstrip(".")
                yield Load(row.cls, fact, row.query, path, _ALL if fact.many else _READ, place, 0, 0, (link,))
            inner = self._nested(declared)
            if inner is None or fact.target is None:
                continue
            below = self._rows.stepped(row, fact)
            for load in self.loads(inner, below, depth + 1) if below is not None else ():
                yield load.through(link)

    def _nested(self, declared: Value | None) -> ClassRef | None:
        """The schema that a field's type is, or holds a list of."""
        for option in options(declared):
            if isinstance(option, Instance):
                if self.is_schema(option.cls):
                    return option.cls
                for argument in option.args:
                    if isinstance(argument, Instance) and self.is_schema(argument.cls):
                        return argument.cls
        return None
