"""Looking terms up: what a name, an attribute or a parameter was given, across modules and through calls.

Values tell what a term denotes; here the terms behind it are found, for questions about how a value was written.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.evaluation.binding import bound, environment_of
from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.sql.places import At, Followed, Place, takes_self
from flake8_backend.project.values import Awaitable, ClassRef, External, FunctionRef, Instance, Value, options
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

DEEPEST = 6  # names that stand for names, helpers that call helpers


class Lookup:
    """Terms behind terms, over one project."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.knowledge = evaluator.knowledge
        self.table = evaluator.table
        self._evaluators: dict[Followed, Evaluator] = {}

    # --- terms and values --------------------------------------------------------------------------------------

    def module(self, at: At) -> Module:
        """The module that a place is in."""
        return self.table.by_name[at.module]

    def term(self, at: At, index: int) -> Sequence[Any]:
        """A term of the module that ``at`` is in."""
        return self.table.by_name[at.module].summary.terms[index]

    def value(self, at: At, index: int) -> Value | None:
        """What a term denotes, given the call that is looked into."""
        evaluator = self.evaluator
        if at.call is not None:
            evaluator = self._evaluators.get(at.call) or self._bound(at.call)
        return evaluator.value(self.module(at), index)

    def _bound(self, call: Followed) -> Evaluator:
        term = self.term(call.at, call.term)
        shown = term if term[0] == terms.CALL and call.place is None else None
        given = environment_of(self.evaluator, call.function, self.module(call.at), shown)
        found = self._evaluators[call] = bound(self.evaluator, given)
        return found

    def last_name(self, at: At, index: int) -> str:
        """The last component of a name: ``execute`` of ``cursor.execute``, ``dedent`` whatever it was imported as."""
        term = self.term(at, index)
        if term[0] == terms.ATTRIBUTE:
            return str(term[2])
        if term[0] != terms.NAME:
            return ""
        dotted = str(term[1])
        if dotted.partition(".")[0] in self.table.tops:
            value = self.evaluator.resolve(dotted)
            if isinstance(value, (External, ClassRef)) and not home_of(value):
                dotted = value.name
        return dotted.rpartition(".")[2]

    def spelled(self, at: At, index: int) -> str:
        """The dotted path that a term is written as; what it begins with may be unknown: ``?.quote_name``."""
        term = self.term(at, index)
        if term[0] == terms.NAME:
            return str(term[1])
        if term[0] == terms.ATTRIBUTE:
            return f"{self.spelled(at, term[1])}.{term[2]}"
        if term[0] in (terms.CALL, terms.ITEM):
            return self.spelled(at, term[1])
        return "?"

    # --- places ------------------------------------------------------------------------------------------------

    def definitions(self, dotted: str, depth: int = 0) -> list[Place] | None:
        """The terms that a name of the project is bound to, None for the names of libraries."""
        if dotted.partition(".")[0] not in self.table.tops or depth > DEEPEST:
            return None
        module, rest = self.table.split(dotted)
        if module is None or not rest:
            return None
        first, _, member = rest.partition(".")
        assigned = module.summary.names.get(first)
        if assigned is None:
            starred = (self.definitions(f"{star}.{rest}", depth + 1) for star in module.summary.stars)
            return next((found for found in starred if found is not None), None)
        found: list[Place] = []
        for index in assigned:
            term = module.summary.terms[index]
            if term[0] == terms.NAME:
                found += self.definitions(f"{term[1]}.{member}" if member else term[1], depth + 1) or []
            elif member:
                found += self.members(self.evaluator.value(module, index), member) or []
            else:
                found.append((At(module.name), index))
        return found or None

    def members(self, value: Value | None, name: str) -> list[Place] | None:
        """The terms that an attribute of project objects or classes is given, None when one of them is not known."""
        found: list[Place] = []
        for option in options(value):
            assigned = None
            if isinstance(option, Instance):
                assigned = self._assigned(option.cls, name, of_object=True)
            elif isinstance(option, ClassRef):
                assigned = self._assigned(option, name, of_object=False)
            if assigned is None:
                return None
            found += assigned
        return found or None

    def _assigned(self, cls: ClassRef, name: str, *, of_object: bool) -> list[Place] | None:
        for base in self.evaluator.lineage(cls):
            if base.home is None:
                continue
            module = self.table.by_name[base.home[0]]
            summary = module.class_(base.home[1])
            assigned = list(summary.attributes.get(name, ()))
            if of_object:
                if assigned and self._is_field(base, module, assigned[-1]):
                    return None
                assigned = [*summary.instance.get(name, ()), *assigned]
            if assigned:
                return [(At(module.name), index) for index in assigned]
            if name in summary.methods:
                return None
        return None

    def _is_field(self, cls: ClassRef, module: Module, index: int) -> bool:
        """Whether a class-level annotation declares what objects are given, rather than a constant of the class."""
        term = module.summary.terms[index]
        if term[0] != terms.ANNOTATED or cls.home is None:
            return False
        summary = module.class_(cls.home[1])
        return bool(summary.decorators) or any(base != "object" for base in self.evaluator.library_bases(cls))

    def argument(self, at: At, function: int, position: int) -> Place | None:
        """What the call that is looked into gives to a parameter; None outside of one, or when it is not seen."""
        call = at.call
        if call is None or (call.function.module, call.function.index) != (at.module, function):
            return None
        if call.place is not None:
            return self.handed(call.at, call.term, call.place, (at.module, function), position)
        return self.passed(call.at, call.term, (at.module, function), position)

    def passed(self, at: At, index: int, function: tuple[str, int], position: int) -> Place | None:
        """What the call ``index`` gives to a parameter of the function it calls: an argument or the default."""
        home = self.table.by_name[function[0]]
        summary = home.function(function[1])
        name, _, default = summary.parameters[position]
        call = self.term(at, index)
        if call[0] != terms.CALL:
            return None
        place = position - (1 if takes_self(home, summary) else 0)
        if 0 <= place < len(call[2]):
            return at, call[2][place]
        for keyword, value in call[3]:
            if keyword == name:
                return at, value
        if not default or any(keyword in (terms.STAR, terms.DOUBLE_STAR) for keyword, _ in call[3]):
            return None
        return At(home.name), default

    def handed(self, at: At, index: int, place: int, function: tuple[str, int], position: int) -> Place | None:
        """What a function gets that the call ``index`` is handed at ``place``: what follows it, as far as it does.

        Where less follows than it needs, or the names say so, it is called with something else first:
        ``transaction(write, row)`` calls ``write(cursor, row)``.
        """
        home = self.table.by_name[function[0]]
        summary = home.function(function[1])
        name, _, default = summary.parameters[position]
        call = self.term(at, index)
        named = dict(call[3])
        if name in named:
            return at, named[name]
        own = 1 if takes_self(home, summary) else 0
        given = call[2][place + 1 :]
        needed = [parameter for parameter in summary.parameters[own:] if not parameter[2] and parameter[0] not in named]
        shift = max(0, len(needed) - len(given))
        if not shift:
            names = [self._own_name(at, part) for part in given]
            wanted = [parameter[0] for parameter in summary.parameters[own:]]
            shift = int(_matches(names, wanted[1:]) > _matches(names, wanted))
        where = position - own - shift
        if 0 <= where < len(given):
            return at, given[where]
        is_open = terms.STAR in named or terms.DOUBLE_STAR in named
        return (At(home.name), default) if default and where >= 0 and not is_open else None

    def _own_name(self, at: At, index: int) -> str:
        """The name of a parameter that is passed on."""
        term = self.term(at, index)
        if term[0] != terms.PARAMETER:
            return ""
        return str(self.module(at).function(term[1]).parameters[term[2]][0])

    def is_stub(self, callee: Value) -> bool:
        """Whether a function of the project has no body of its own: abstract, or of a protocol."""
        if not isinstance(callee, FunctionRef):
            return False
        function = self.table.by_name[callee.module].function(callee.index)
        return not function.outputs and all(self._is_raised(callee.module, site[SITE_TERM]) for site in function.sites)

    def _is_raised(self, module: str, index: int) -> bool:
        return self.last_name(At(module), self.term(At(module), index)[1]) in ("NotImplementedError", "NotImplemented")

    def looked_into(self, at: At, index: int, callee: Value | None) -> Iterator[tuple[At, Sequence[int]]]:
        """The results of the project functions that a call runs: where to read them, and their terms.

        Nothing when one of the functions is not known, when it is a generator, or when it is reached through itself.
        """
        found = []
        for option in options(callee):
            inner = option.value if isinstance(option, Awaitable) else option
            if not isinstance(inner, FunctionRef):
                return
            function = self.table.by_name[inner.module].function(inner.index)
            call = Followed(inner, index, at, 1 + (at.call.depth if at.call is not None else 0))
            again = at.call is not None and at.call.is_into((inner.module, inner.index))
            if function.is_generator or again or call.depth > DEEPEST:
                return
            if function.outputs:
                found.append((At(inner.module, call), [row[0] for row in function.outputs]))
                continue
            filled_in = self.overrides(inner) if self.is_stub(inner) else []
            if not filled_in:
                return
            for other in filled_in:
                home = self.table.by_name[other.module]
                outputs = [row[0] for row in home.function(other.index).outputs]
                if not outputs:
                    return
                found.append((At(other.module, Followed(other, index, at, call.depth)), outputs))
        yield from found

    def overrides(self, function: FunctionRef) -> list[FunctionRef]:
        """The methods by which subclasses of the receiver's class replace a method, in the order of modules."""
        receiver = function.receiver
        cls = receiver.cls if isinstance(receiver, Instance) else receiver
        if not isinstance(cls, ClassRef):
            return []
        name = self.table.by_name[function.module].function(function.index).name
        found: dict[tuple[str, int], FunctionRef] = {}
        for other in self._subclasses.get(cls.name, ()):
            method = self.evaluator.method(other, name)
            if method is not None and (method[0].name, method[1]) != (function.module, function.index):
                node = (method[0].name, method[1])
                found.setdefault(node, FunctionRef(*node, Instance(other)))
        return list(found.values())

    def filled_in_by(self, node: tuple[str, int]) -> Iterator[tuple[str, int]]:
        """The abstract methods of base classes that a method stands for when it is called on one of them."""
        module = self.table.by_name[node[0]]
        function = module.function(node[1])
        if function.kind != "method" or function.class_index < 0:
            return
        for base in self.evaluator.lineage(class_ref(module, function.class_index))[1:]:
            if base.home is not None:
                index = self.table.by_name[base.home[0]].class_(base.home[1]).methods.get(function.name)
                if index is not None and self.is_stub(FunctionRef(base.home[0], index)):
                    yield base.home[0], index

    @cached_property
    def _subclasses(self) -> dict[str, list[ClassRef]]:
        """The project classes that derive from each class."""
        found: dict[str, list[ClassRef]] = {}
        for name in sorted(self.table.by_name):
            for index, klass in enumerate(self.table.by_name[name].summary.classes):
                cls = ClassRef(f"{name}.{klass.qualname}", (name, index))
                for base in self.evaluator.lineage(cls)[1:] if klass.bases else ():
                    found.setdefault(base.name, []).append(cls)
        return found

    def yielded(self, at: At, index: int, callee: Value | None) -> Iterator[tuple[At, Sequence[int]]]:
        """What a call of generator functions of the project yields: where to read it, and the terms."""
        found = []
        for option in options(callee):
            if not isinstance(option, FunctionRef):
                return
            function = self.table.by_name[option.module].function(option.index)
            again = at.call is not None and at.call.is_into((option.module, option.index))
            depth = 1 + (at.call.depth if at.call is not None else 0)
            if not function.yields or again or depth > DEEPEST:
                return
            found.append((At(option.module, Followed(option, index, at, depth)), [row[0] for row in function.yields]))
        yield from found


def _matches(names: Sequence[str], wanted: Sequence[str]) -> int:
    return sum(name == other for name, other in zip(names, wanted, strict=False))


def home_of(callee: External | ClassRef) -> tuple[str, int] | None:
    """Where a class of the project is defined."""
    return callee.home if isinstance(callee, ClassRef) else None
