"""Where terms are read: a module, and the calls that lead into the function that they stand in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from flake8_backend.project.modules import Module
    from flake8_backend.project.values import FunctionRef
    from flake8_backend.semantic.summary import FunctionSummary


@dataclass(frozen=True, slots=True)
class Followed:
    """A call that is looked into: the function with its receiver, and the call's term where that was read.

    ``place`` is where the function stands among the arguments, when the call is handed it with what it is to be given.
    """

    function: FunctionRef
    term: int
    at: At
    depth: int = 1
    place: int | None = None
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # calls within calls are keys of many tables: each is hashed once
        object.__setattr__(self, "_hash", hash((self.function, self.term, self.at, self.depth, self.place)))

    def __hash__(self) -> int:
        return self._hash

    def is_into(self, node: tuple[str, int]) -> bool:
        """Whether this call, or one that it was reached through, runs the function."""
        call: Followed | None = self
        while call is not None:
            if (call.function.module, call.function.index) == node:
                return True
            call = call.at.call
        return False


@dataclass(frozen=True, slots=True)
class At:
    """Where a term is read: its module, and the call that gives the function's parameters their values, if any."""

    module: str
    call: Followed | None = None

    def outermost(self) -> At:
        """The place that is not looked into from another one."""
        at = self
        while at.call is not None:
            at = at.call.at
        return at

    def called_by(self, call: Followed) -> At:
        """The same place with the outermost function called by ``call``."""
        if self.call is None:
            return At(self.module, call)
        return At(self.module, replace(self.call, at=self.call.at.called_by(call)))

    @property
    def depth(self) -> int:
        """How many calls lead here."""
        return 0 if self.call is None else 1 + self.call.at.depth


Place = tuple[At, int]


def takes_self(module: Module, function: FunctionSummary) -> bool:
    """Whether the first parameter of a function is the object or class that it is called on."""
    if function.kind != "method":
        return False
    decorators = (module.summary.terms[decorator] for decorator in function.decorators)
    return not any(term[0] == terms.NAME and term[1] == "builtins.staticmethod" for term in decorators)
