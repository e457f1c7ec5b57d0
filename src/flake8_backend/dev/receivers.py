"""How many receivers get a type: method calls that packs could know, and what stands in the way of the others.

A call counts when its method's name is that of a method which blocks or talks to a database or the network, unless
the containers and texts of the language have a method of that name as well: those calls say little.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from flake8_backend.config import Options
from flake8_backend.project.files.discovery import discover
from flake8_backend.project.files.roots import find_root
from flake8_backend.project.project import Project
from flake8_backend.project.values import External, FunctionRef, Instance, Value
from flake8_backend.semantic import terms
from flake8_backend.semantic.summary import SITE_TERM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution

EFFECTS = frozenset({"blocks", "db-read", "db-write", "net"})
_OF_THE_LANGUAGE = frozenset(name for cls in (dict, list, str, set, tuple, bytes) for name in dir(cls))
# terms that are read from another term, by where that one stands in them
_INNER = {
    terms.ATTRIBUTE: 1,
    terms.CALL: 1,
    terms.AWAIT: 1,
    terms.ELEMENT: 1,
    terms.ENTER: 1,
    terms.ITEM: 1,
    terms.UNPACK: 2,
}
_KINDS = {
    terms.NAME: "a name",
    terms.PARAMETER: "a parameter",
    terms.ATTRIBUTE: "an attribute",
    terms.CALL: "a call",
    terms.ELEMENT: "an element",
    terms.ITEM: "an item",
    terms.UNPACK: "a part of a tuple",
    terms.BINARY: "an operation",
    terms.UNION: "several values",
}


@dataclass
class Receivers:
    """The count for one folder; ``causes`` are the first unknown things behind receivers without a type."""

    total: int = 0
    typed: int = 0
    causes: Counter[str] = field(default_factory=Counter)
    places: dict[str, str] = field(default_factory=dict)

    def add(self, cause: str | None, place: str) -> None:
        """Count one receiver: typed where there is no cause."""
        self.total += 1
        if cause is None:
            self.typed += 1
            return
        self.causes[cause] += 1
        self.places.setdefault(cause, place)


def count(folder: Path) -> Receivers:
    """Go through all modules below a folder, tests left out."""
    options = Options(use_cache=False)
    by_root: dict[Path, list[Path]] = defaultdict(list)
    for path in discover([folder], lambda _root: options.exclusion).files:
        by_root[find_root(path)].append(path)
    found = Receivers()
    for root in sorted(by_root):
        solution = Project.open(root, options).solution
        for module, call, receiver in _calls(solution):
            cause = _cause(solution, module, receiver)
            found.add(cause, f"{(root / module.path).relative_to(folder).as_posix()}:{call[4]}")
    return found


def _calls(solution: Solution) -> Iterator[tuple[Module, Sequence[Any], int]]:
    knowledge = solution.knowledge
    facts = {name: knowledge.call(name) for name in knowledge.calls_with("effects")}
    wanted = {name for name, fact in facts.items() if fact is not None and not EFFECTS.isdisjoint(fact.effects)}
    names = knowledge.last_names(wanted) - _OF_THE_LANGUAGE
    for module in solution.table:
        if solution.contexts.is_test(module):
            continue
        for function in module.summary.functions:
            for site in function.sites:
                call = module.summary.terms[site[SITE_TERM]]
                callee = module.summary.terms[call[1]]
                if callee[0] == terms.ATTRIBUTE and callee[2] in names:
                    yield module, call, callee[1]


def _cause(solution: Solution, module: Module, receiver: int) -> str | None:
    """The first thing behind a receiver that is unknown; ``None`` where the receiver is known."""
    evaluator = solution.evaluator
    table = module.summary.terms
    if table[receiver][0] == terms.SUPER or _is_known(evaluator.value(module, receiver)):
        return None
    while True:
        term = table[receiver]
        inner = term[_INNER[term[0]]] if term[0] in _INNER else 0
        owner = evaluator.value(module, inner) if inner else None
        if not inner or _is_known(owner):
            return _told(solution, module, term, owner)
        receiver = inner


def _is_known(value: Value | None) -> bool:
    """Whether a value has a type; what calling a library's method gives has none without a fact."""
    return value is not None and not (isinstance(value, External) and value.receiver is not None)


def _told(solution: Solution, module: Module, term: Sequence[Any], owner: Value | None) -> str:
    if term[0] == terms.PARAMETER:
        function = module.function(term[1])
        annotated = "an annotated" if function.parameters[term[2]][1] else "a bare"
        return f"{annotated} parameter"
    kind = _KINDS.get(term[0], "something else")
    if isinstance(owner, FunctionRef):
        home = solution.table.by_name[owner.module]
        return f"{kind} of {home.name}.{home.function(owner.index).qualname}"
    name = owner.cls.name if isinstance(owner, Instance) else getattr(owner, "name", "")
    member = f".{term[2]}" if term[0] == terms.ATTRIBUTE else ""
    return f"{kind} of {name}{member}" if name else kind


def report(folder: Path, *, size: int) -> str:
    """What the command prints: the share with a type, then the commonest causes with one place of each."""
    found = count(folder.resolve())
    share = f"{100 * found.typed / found.total:.1f} %" if found.total else "none"
    lines = [f"{found.total} receivers, {found.typed} with a type: {share}"]
    causes = sorted(found.causes.items(), key=lambda item: (-item[1], item[0]))
    lines += [f"{number:5} {cause} ({found.places[cause]})" for cause, number in causes[:size]]
    return "\n".join(lines) + "\n"
