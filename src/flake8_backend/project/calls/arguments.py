"""What a call is made with, wherever it is given: in the call, by a partial, to the function that makes the call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flake8_backend.project.values import Partial
from flake8_backend.semantic import terms
from flake8_backend.semantic.terms import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flake8_backend.project.modules import Module, ModuleTable
    from flake8_backend.project.values import Value


@dataclass(frozen=True, slots=True)
class Given:
    """One argument: its term, and the module it stands in."""

    module: Module
    term: int

    @property
    def parts(self) -> Sequence[Any]:
        """The term itself."""
        return self.module.summary.terms[self.term]


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a call. ``spread`` are mappings given as ``**options`` of which not every key is known.

    ``is_open``: some positional arguments come from ``*rest``.
    """

    positional: tuple[Given, ...]
    named: Mapping[str, Given]
    spread: tuple[Given, ...] = ()
    is_open: bool = False

    def get(self, position: int | None, name: str) -> Given | None:
        """The argument of a parameter; None when it is not passed by its position or name."""
        if name in self.named:
            return self.named[name]
        return self.positional[position] if position is not None and position < len(self.positional) else None

    def after(self, other: Arguments) -> Arguments:
        """These, behind those of a partial."""
        return Arguments(
            (*other.positional, *self.positional),
            {**other.named, **self.named},
            (*other.spread, *self.spread),
            self.is_open or other.is_open,
        )

    def behind(self, position: int, *, keywords: bool) -> Arguments:
        """Those that stand behind a position, for the callable that stands there."""
        return Arguments(
            self.positional[position + 1 :],
            self.named if keywords else {},
            self.spread if keywords else (),
            self.is_open,
        )


def of_call(module: Module, term: Sequence[Any]) -> Arguments:
    """The arguments that are written in a call."""
    named: dict[str, Given] = {}
    spread: list[Given] = []
    is_open = False
    for name, index in term[3]:
        if name == terms.STAR:
            is_open = True
        elif name == terms.DOUBLE_STAR:
            further = keys_of(module, module.summary.terms[index], named)
            spread += [Given(module, index)] if further is None else further
        else:
            named[name] = Given(module, index)
    return Arguments(tuple(Given(module, index) for index in term[2]), named, tuple(spread), is_open)


def keys_of(module: Module, term: Sequence[Any], named: dict[str, Given]) -> list[Given] | None:
    """Adds the keys of a mapping that is written out to ``named``; gives what brings further ones.

    None for a term that is no such mapping, or one that something unknown was put into.
    """
    if term[0] != terms.DISPLAY or term[1] != "dict" or len(term[2]) < 2 * term[3]:
        return None
    rest = []
    table = module.summary.terms
    for key, value in zip(term[2][::2], term[2][1::2], strict=True):
        if table[key][0] == terms.CONSTANT:
            named.setdefault(str(table[key][1]), Given(module, value))
        else:
            rest.append(Given(module, value if key == UNKNOWN else key))
    return rest


def of_callee(table: ModuleTable, callee: Value, own: Arguments) -> Arguments:
    """The arguments with which ``callee`` runs when it is called with ``own``: a partial brings some."""
    while isinstance(callee, Partial):
        module = table.by_name[callee.module]
        own = own.after(of_call(module, module.summary.terms[callee.term]).behind(0, keywords=True))
        callee = callee.function
    return own
