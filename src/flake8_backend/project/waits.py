"""How long calls wait: what bounds them, in the call itself, around it, or for the whole project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flake8_backend.knowledge.facts import CallFact, Timeout
from flake8_backend.project.values import Constant, External, Instance, Items, Value, options
from flake8_backend.semantic import terms

if TYPE_CHECKING:
    from flake8_backend.project.view import SiteView

GUARD = "timeout-guard"
SOCKET_DEFAULT = "socket-default"
# roles of calls that wait for another machine; the others wait for a thread, a process or a lock of this one
REMOTE = frozenset({"http-request", "connect", "constructor", "remote", "rpc", "mail", "api"})
LOCAL = frozenset({"wait", "queue", "spawn", "task-wait"})


@dataclass(frozen=True, slots=True)
class Wait:
    """A call's wait: its target by name, the parameter that would bound it, and whether ``None`` was passed for it."""

    target: str
    parameter: str
    role: str
    explicit: bool
    is_socket_default: bool


def endless_wait(site: SiteView) -> Wait | None:
    """The wait of a call that nothing in the call bounds; ``None`` when it is bounded or not known."""
    leaf = site.leaf
    if leaf is None:
        return None
    bounds = [timeout for timeout in leaf.fact.timeouts if timeout.bounds_silent_peer and timeout.where is None]
    keywords = site.keywords
    if not bounds or terms.STAR in keywords:
        return None
    passed = [(timeout, site.argument(timeout.pos, timeout.param)) for timeout in bounds]
    if terms.DOUBLE_STAR in keywords and not any(index for _, index in passed):
        return _in_spread(site, leaf.fact, bounds, keywords[terms.DOUBLE_STAR], leaf.name)
    explicit = False
    for timeout, index in passed:
        if index:
            if not _is_endless(site.function.value(index), timeout):
                return None
            explicit = True
    if not explicit and not _waits_by_default(leaf.fact, bounds):
        return None
    return _wait(leaf.name, leaf.fact, bounds, explicit=explicit)


def _wait(name: str, fact: CallFact, bounds: list[Timeout], *, explicit: bool) -> Wait:
    socket_default = any(timeout.default == SOCKET_DEFAULT for timeout in bounds)
    return Wait(name, bounds[0].param, fact.role, explicit, socket_default)


def _in_spread(site: SiteView, fact: CallFact, bounds: list[Timeout], spread: int, name: str) -> Wait | None:
    """``get(url, **options)`` with a dictionary written in the same function."""
    term = site.function.term(spread)
    if term[0] != terms.DISPLAY or term[1] != "dict" or not _waits_by_default(fact, bounds):
        return None
    keys = [site.function.term(part) for part in term[2][::2]]
    if any(key[0] != terms.CONSTANT for key in keys) or len(keys) < term[3]:
        return None
    wanted = {timeout.param for timeout in bounds}
    if any(key[1] in wanted for key in keys):
        return None
    return _wait(name, fact, bounds, explicit=False)


def _waits_by_default(fact: CallFact, bounds: list[Timeout]) -> bool:
    return fact.default_wait == "forever" and not any(timeout.was for timeout in bounds)


def _is_endless(value: Value | None, timeout: Timeout) -> bool:
    """Whether a value passed as a timeout is none: ``None``, ``(3, None)``, an object that was made with ``None``."""
    if isinstance(value, Constant):
        return value.value is None
    if isinstance(value, Items) and timeout.kind == "per-op":
        return len(value.items) == 2 and value.items[1] == Constant(None)
    return False


def is_guarded(site: SiteView) -> bool:
    """Whether something around the call ends the wait: ``async with timeout(…)``, ``wait_for(call)``."""
    outer = site.outer
    while outer is not None:
        if outer.leaf is not None and outer.leaf.fact.role == GUARD:
            return True
        outer = outer.outer
    return any(_is_guard(site, index) for index in site.function.managers_around(site.block))


def _is_guard(site: SiteView, index: int) -> bool:
    """Whether a ``with`` item is a deadline that is not ``None``."""
    function = site.function
    term = function.term(index)
    if term[0] != terms.CALL:
        return False
    for value in options(function.value(term[1])):
        leaf = function.solution.effects.leaf(value)
        if leaf is not None and leaf.fact.role == GUARD:
            passed = [*term[2][:1], *(argument for _, argument in term[3])]
            return not any(function.value(argument) == Constant(None) for argument in passed)
    return False


def bounds_itself(site: SiteView) -> bool:
    """Whether the object called is a subclass of the library's that does its own sending."""
    for callee in site.callees:
        receiver = callee.receiver if isinstance(callee, External) else None
        if isinstance(receiver, Instance) and receiver.cls.home is not None:
            return True
    return False
