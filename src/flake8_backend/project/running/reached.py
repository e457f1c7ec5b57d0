"""Which functions run while a request is served, and for which handler."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from flake8_backend.project.calls.effects import Edge
from flake8_backend.semantic.summary import AWAITED, SITE_FLAGS, SITE_OUTER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flake8_backend.project.calls.acts import Act, Node
    from flake8_backend.project.calls.effects import Effects
    from flake8_backend.project.modules import ModuleTable
    from flake8_backend.project.running.contexts import Contexts
    from flake8_backend.semantic.summary import FunctionSummary


def handlers_of(table: ModuleTable, effects: Effects, contexts: Contexts) -> Mapping[Node, Node]:
    """Every function that runs within a request, with the handler from which the way to it is shortest.

    What only gets work to another thread, task or process and does not wait for it is no part of the request.
    """
    queue: deque[Node] = deque()
    found: dict[Node, Node] = {}
    for name in sorted(table.by_name):
        for index in range(len(table.by_name[name].summary.functions)):
            handler = contexts.handler((name, index))
            if handler is not None and not handler.is_websocket:
                found[name, index] = (name, index)
                queue.append((name, index))
    while queue:
        node = queue.popleft()
        function = table.by_name[node[0]].function(node[1])
        for act in effects.acts.of(node):
            for target in () if act.is_rare else _waited_for(act, function):
                if target not in found:
                    found[target] = found[node]
                    queue.append(target)
    return found


def _waited_for(act: Act, function: FunctionSummary) -> Iterator[Node]:
    """The functions whose bodies an act runs and waits for."""
    for doing in act.options:
        for item in doing:
            if isinstance(item, Edge) and (not (item.offloaded or item.pending) or _is_awaited(act, function)):
                yield item.target


def _is_awaited(act: Act, function: FunctionSummary) -> bool:
    """Whether the call is awaited, itself or as an argument of one that is: ``await gather(first(), second())``."""
    index = act.site
    while index >= 0:
        site = function.sites[index]
        if site[SITE_FLAGS] & AWAITED:
            return True
        index = site[SITE_OUTER]
    return False
