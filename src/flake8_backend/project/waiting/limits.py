"""Whether the arguments of a call end its wait: what is passed for its timeouts, and what holds when nothing is."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from flake8_backend.project.calls.arguments import Arguments, Given, keys_of, of_call
from flake8_backend.project.waiting import origins
from flake8_backend.semantic import terms
from flake8_backend.semantic.terms import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flake8_backend.knowledge.facts import CallFact, Timeout
    from flake8_backend.project.calls.effects import Effects
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.modules import Module

SOCKET_DEFAULT = "socket-default"
AROUND = "around"  # a timeout whose ``param`` is the guard to put around the call
_TEXTUAL = frozenset({"connect", "constructor"})  # roles of calls that may take a connection string
_REQUESTED_PHASES = 2  # (connect, read)


class Limit(Enum):
    """What ends a wait. PASSED: whatever the caller gives; DEFAULT: what holds when nothing is given."""

    NONE = "none"
    SOME = "some"
    PASSED = "passed"
    DEFAULT = "default"


class Limits:
    """Judges calls by their arguments. ``waits_by_default`` tells whether a fact's call has no limit of its own."""

    def __init__(
        self,
        evaluator: Evaluator,
        effects: Effects,
        waits_by_default: Callable[[CallFact, Sequence[Timeout]], bool],
    ) -> None:
        self._evaluator = evaluator
        self._effects = effects
        self._waits_by_default = waits_by_default

    def of_call(self, fact: CallFact, bounds: Sequence[Timeout], arguments: Arguments) -> Limit:
        """What the arguments say: NONE when a limit is taken away, DEFAULT when they say nothing."""
        said = [(timeout, self._said(fact, timeout, arguments)) for timeout in bounds]
        if any(limit is Limit.SOME for timeout, limit in said if timeout.kind in ("total", "wait")):
            return Limit.SOME
        # a limit for reading counts more than one for every phase
        for kinds in (("read",), ("per-op",), ("total", "wait")):
            for timeout, limit in said:
                if timeout.kind in kinds and limit is not Limit.DEFAULT:
                    return limit
        if any(timeout.demanded and limit is Limit.SOME for timeout, limit in said):
            return Limit.SOME
        if self._may_say_more(fact, bounds, arguments):
            return Limit.PASSED if self._passes_on(arguments) else Limit.SOME
        return Limit.DEFAULT

    def is_endless(self, fact: CallFact, bounds: Sequence[Timeout], arguments: Arguments) -> bool:
        """Whether a call surely waits for ever."""
        limit = self.of_call(fact, bounds, arguments)
        return limit is Limit.NONE or (limit is Limit.DEFAULT and self._waits_by_default(fact, bounds))

    def _said(self, fact: CallFact, timeout: Timeout, arguments: Arguments) -> Limit:
        given = arguments.get(timeout.pos, timeout.param)
        if given is None:
            return Limit.DEFAULT
        limit = self.of_value(given, timeout)
        # None for a parameter that is None anyway takes nothing away from the other ones
        is_no_change = timeout.default == "none" and fact.default_wait == "bounded"
        return Limit.DEFAULT if limit is Limit.NONE and is_no_change else limit

    @staticmethod
    def _passes_on(arguments: Arguments) -> bool:
        """Whether all that is unknown are the function's own ``*args`` and ``**kwargs``."""
        return all(given.term == UNKNOWN for given in arguments.spread)

    def _may_say_more(self, fact: CallFact, bounds: Sequence[Timeout], arguments: Arguments) -> bool:
        if any(self._may_hold(given, bounds) for given in arguments.spread):
            return True
        if arguments.is_open and any(timeout.pos is not None for timeout in bounds):
            return True
        words = [timeout.param for timeout in bounds if "_" in timeout.param]
        if fact.role not in _TEXTUAL or not words:
            return False
        texts = [self._text(given) for given in (*arguments.positional, *arguments.named.values())]
        return any(word in text for word in words for text in texts)

    def _may_hold(self, given: Given, bounds: Sequence[Timeout]) -> bool:
        """Whether ``**options`` may have a limit among its keys: not when all that make it write other keys out."""
        made = origins.literals(self._evaluator, given.module, given.term)
        names = {timeout.param for timeout in bounds}
        return not made or any(self._is_open_mapping(module, term, names) for module, term in made)

    @staticmethod
    def _is_open_mapping(module: Module, term: Sequence[Any], names: set[str]) -> bool:
        named: dict[str, Given] = {}
        return keys_of(module, term, named) != [] or not names.isdisjoint(named)

    def _text(self, given: Given) -> str:
        """What is known of a text: a connection string may hold the limit."""
        table = given.module.summary.terms
        term = given.parts
        if term[0] == terms.STRING:
            return " ".join(str(table[part[0]][1]) for part in term[1] if table[part[0]][0] == terms.CONSTANT)
        found = origins.literals(self._evaluator, given.module, given.term) or []
        return " ".join(str(literal[1]) for _, literal in found if literal[0] == terms.CONSTANT)

    # --- values ------------------------------------------------------------------------------------------------

    def of_value(self, given: Given, timeout: Timeout) -> Limit:
        """What a value that is passed as a timeout says; what is not known counts as a limit."""
        term = given.parts
        if term[0] == terms.PARAMETER:
            return self._of_parameter(given, timeout)
        found = origins.literals(self._evaluator, given.module, given.term)
        if not found:
            return Limit.SOME
        limits = {self._of_literal(module, literal, timeout) for module, literal in found}
        return limits.pop() if len(limits) == 1 else Limit.SOME

    def _of_parameter(self, given: Given, timeout: Timeout) -> Limit:
        """A parameter stands for what callers pass, unless its default is a limit."""
        _, function, position = given.parts
        default = given.module.function(function).parameters[position][2]
        limit = self.of_value(Given(given.module, default), timeout) if default else Limit.NONE
        return Limit.SOME if limit is Limit.SOME else Limit.PASSED

    def _of_literal(self, module: Module, term: Sequence[Any], timeout: Timeout) -> Limit:
        if term[0] == terms.CONSTANT:
            return self._of_constant(term[1], timeout)
        if term[0] == terms.DISPLAY:
            is_pair = term[1] == "tuple" and len(term[2]) == _REQUESTED_PHASES and timeout.kind == "per-op"
            return self.of_value(Given(module, term[2][1]), timeout) if is_pair else Limit.SOME
        return self._of_object(module, term)

    @staticmethod
    def _of_constant(value: Any, timeout: Timeout) -> Limit:
        if value is None:
            return {"": Limit.NONE, "default": Limit.DEFAULT}.get(timeout.when_none, Limit.SOME)
        is_none = any(value == other and type(value) is type(other) for other in timeout.unlimited)
        return Limit.NONE if is_none else Limit.SOME

    def _of_object(self, module: Module, term: Sequence[Any]) -> Limit:
        """``ClientTimeout(connect=5)``: an object that holds limits, or does not."""
        leaves = [self._effects.leaf(callee) for callee in self._effects.targets(module, term)]
        for leaf in leaves:
            if leaf is None or leaf.fact.role != "timeout-setting" or not leaf.fact.timeouts:
                return Limit.SOME
            if not self.is_endless(leaf.fact, bounds_of(leaf.fact), of_call(module, term)):
                return Limit.SOME
        return Limit.NONE if leaves else Limit.SOME


def bounds_of(fact: CallFact) -> list[Timeout]:
    """The parameters of a call that end the wait for a peer that says nothing."""
    return [
        timeout
        for timeout in fact.timeouts
        if timeout.where is None and (timeout.bounds_silent_peer or timeout.demanded) and timeout.demanded is not False
    ]


def guards_of(fact: CallFact) -> list[Timeout]:
    """The guards that end the wait of a call without a parameter for it."""
    return [timeout for timeout in fact.timeouts if timeout.where == AROUND]
