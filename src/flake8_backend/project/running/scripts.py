"""Which functions only ever run in a script: from ``if __name__ == "__main__"`` or a command of a command line.

Nobody else waits on the loop of a script. One that starts a server is none.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.calls.leaves import Leaf, Node
from flake8_backend.project.evaluation.classes import class_ref
from flake8_backend.project.values import ClassRef, FunctionRef, options
from flake8_backend.semantic import scopes, terms
from flake8_backend.semantic.outline import MAIN
from flake8_backend.semantic.summary import BLOCK_KIND, BLOCK_PARENT, SITE_BLOCK, SITE_TERM

if TYPE_CHECKING:
    from flake8_backend.project.calls.effects import Effects
    from flake8_backend.project.evaluate import Evaluator
    from flake8_backend.project.running.contexts import Contexts

_COMMAND = "management-command"
_SERVER = "server"
_PROTOCOLS = frozenset({"typing.Protocol", "typing_extensions.Protocol"})
_PASSIVE = frozenset({"abc", "typing", "typing_extensions", "object", "builtins", "enum"})  # bases that call nothing
_Use = tuple[Node, int]  # a function, and the term that it calls or hands over


class Scripts:
    """Script functions of a project, found on demand from their callers."""

    def __init__(self, evaluator: Evaluator, effects: Effects, contexts: Contexts) -> None:
        self._evaluator = evaluator
        self._table = evaluator.table
        self._effects = effects
        self._contexts = contexts
        self._known: dict[Node, bool] = {}
        self._starts: dict[Node, bool] = {}
        self._used_by: dict[Node, list[Node]] = {}

    def holds(self, node: Node) -> bool:
        """Whether nothing but a script reaches the function."""
        known = self._known.get(node)
        if known is None:
            known = self._known[node] = self._is_only_reached_from_starts(node)
        return known

    def _is_only_reached_from_starts(self, node: Node) -> bool:
        """Whether every way back from a function, from user to user, ends where a script starts."""
        seen = {node}
        pending = [node]
        is_started = False  # functions that only call each other are not
        while pending:
            current = pending.pop()
            if self._known.get(current) or self._is_start(current):
                is_started = True
                continue
            users = () if current in self._known else self._users(current)
            if not users:
                return False
            pending += [user for user in users if user not in seen]
            seen.update(users)
        return is_started

    # --- where scripts start -----------------------------------------------------------------------------------

    def _is_start(self, node: Node) -> bool:
        known = self._starts.get(node)
        if known is None:
            begins = self._is_command(node) or node in self._from_main(node[0])
            known = self._starts[node] = begins and not self._serves(node)
        return known

    def _is_command(self, node: Node) -> bool:
        return _COMMAND in self._contexts.kinds(node)

    def _from_main(self, name: str) -> frozenset[Node]:
        """What the module starts when it is run: called there, or handed to what runs it."""
        module = self._table.by_name[name]
        if MAIN not in module.summary.traits or not module.summary.functions:
            return frozenset()
        body = module.function(0)
        found: set[Node] = set()
        for site in body.sites:
            if _is_in_main(body.blocks, site[SITE_BLOCK]):
                term = module.summary.terms[site[SITE_TERM]]
                for index in (term[1], *term[2]):
                    inner = module.summary.terms[index]
                    value = self._evaluator.value(module, inner[1] if inner[0] == terms.CALL else index)
                    found.update(_function(option) for option in options(value) if isinstance(option, FunctionRef))
        return frozenset(found)

    def _serves(self, node: Node) -> bool:
        """Whether a server is started in the function or in what it calls."""
        seen: set[Node] = set()
        pending = [node]
        while pending:
            current = pending.pop()
            if current in seen:
                continue
            seen.add(current)
            for act in self._effects.acts.of(current):
                for doing in act.options:
                    if any(isinstance(item, Leaf) and item.fact.role == _SERVER for item in doing):
                        return True
            pending += [edge.target for edge in self._effects.edges(current)]
        return False

    # --- who calls ---------------------------------------------------------------------------------------------

    def _users(self, node: Node) -> list[Node]:
        """The functions that call this one or hand it on; none where a framework does."""
        if node not in self._used_by:
            name = self._table.by_name[node[0]].function(node[1]).name
            users = {user for user, term in self._uses.get(name, ()) if self._means(user, term, node)}
            self._used_by[node] = [] if self._is_used_by_others(node) else sorted(users)
        return self._used_by[node]

    def _is_used_by_others(self, node: Node) -> bool:
        """Whether a framework or the language itself may call a function."""
        module = self._table.by_name[node[0]]
        function = module.function(node[1])
        if function.name.startswith("__") or self._contexts.handler(node) is not None or self._contexts.kinds(node):
            return True
        if function.class_index < 0 or function.kind != "method":
            return False
        if self._evaluator.is_property(module, node[1]):
            return True
        bases = self._evaluator.library_bases(class_ref(module, function.class_index))
        return any(base.partition(".")[0] not in _PASSIVE for base in bases)

    def _means(self, user: Node, term: int, node: Node) -> bool:
        """Whether a term of ``user`` may be the function ``node``; what is not known may be anything of that name."""
        value = self._evaluator.value(self._table.by_name[user[0]], term)
        if value is None:
            return True
        found = [_function(option) for option in options(value) if isinstance(option, FunctionRef)]
        return node in found or any(self._stands_for(option, node) for option in found)

    def _stands_for(self, method: Node, node: Node) -> bool:
        """Whether ``node`` may answer for a method of the same name: it overrides it, or a protocol asks for it."""
        owner, own = (self._class_of(each) for each in (method, node))
        if owner is None or own is None:
            return False
        return owner in self._evaluator.lineage(own) or not _PROTOCOLS.isdisjoint(self._evaluator.library_bases(owner))

    def _class_of(self, node: Node) -> ClassRef | None:
        module = self._table.by_name[node[0]]
        index = module.function(node[1]).class_index
        return class_ref(module, index) if index >= 0 else None

    @cached_property
    def _uses(self) -> dict[str, list[_Use]]:
        """Calls and functions handed over, by the last part of the name."""
        found: dict[str, list[_Use]] = {}
        for module in self._table:
            for index, function in enumerate(module.summary.functions):
                for site in function.sites:
                    term = module.summary.terms[site[SITE_TERM]]
                    for used in (term[1], *term[2], *(value for _, value in term[3])):
                        name = module.last_name(used)
                        if name:
                            found.setdefault(name, []).append(((module.name, index), used))
        return found


def _function(value: FunctionRef) -> Node:
    return value.module, value.index


def _is_in_main(blocks: Any, block: int) -> bool:
    while block >= 0:
        if blocks[block][BLOCK_KIND] == scopes.MAIN:
            return True
        block = blocks[block][BLOCK_PARENT]
    return False
