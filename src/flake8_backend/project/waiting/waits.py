"""How long calls wait: what bounds them in the call itself, in the object they go to, around it, for the project."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flake8_backend.project.calls import arguments
from flake8_backend.project.calls.acts import Leaf
from flake8_backend.project.calls.candidates import Candidates
from flake8_backend.project.evaluation import stubs
from flake8_backend.project.running.reached import handlers_of
from flake8_backend.project.values import External, FunctionRef, Instance, Partial, options
from flake8_backend.project.waiting import origins
from flake8_backend.project.waiting.guards import Guards
from flake8_backend.project.waiting.lasting import is_meant_to_last, is_over
from flake8_backend.project.waiting.limits import SOCKET_DEFAULT, Limit, Limits, bounds_of, guards_of
from flake8_backend.project.waiting.senders import Senders
from flake8_backend.project.waiting.uses import calls_on, receiver_makings
from flake8_backend.semantic import scopes, terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from flake8_backend.knowledge.facts import CallFact, Timeout
    from flake8_backend.project.calls.acts import Node
    from flake8_backend.project.calls.arguments import Arguments
    from flake8_backend.project.calls.callsites import CallSite
    from flake8_backend.project.modules import Module
    from flake8_backend.project.solution import Solution
    from flake8_backend.project.values import Value
    from flake8_backend.project.views.siteview import SiteView
    from flake8_backend.project.views.view import FunctionView

# roles of calls that wait for another machine; the others wait for a thread, a process or a lock of this one
REMOTE = frozenset({"http-request", "connect", "constructor", "remote", "rpc", "mail", "api"})
LOCAL = frozenset({"wait", "queue", "spawn", "task-wait"})
LATER = "later"  # of callables that are given in another guise
_MODULE_BODY = 0
_SECONDS = re.compile(
    r"(?!.*(CACHE|SESSION|LOCK|LOGIN|TOKEN|IDLE))[A-Z0-9_]*TIMEOUT[A-Z0-9_]*(?<!_MS)(?<!_MILLISECONDS)"
)
_LONGEST = 300


def is_remote(fact: CallFact) -> bool:
    """Whether a call waits for another machine; of a call that a user describes, its effects tell."""
    return fact.role in REMOTE or (not fact.role and "net" in fact.effects)


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait without an end.

    ``target`` is the library call, ``parameter`` what would bound it, or the guard where the call has none
    (``is_guard``). ``passed`` says that something is passed for the parameter, which holds no limit. ``written`` is
    how a limit of ``<seconds>`` is written; empty where none can be added to the call. ``position`` is that of the
    argument when it is passed by one. ``handler`` is the handler that waits, for waits that only matter in one.
    """

    target: str
    parameter: str
    role: str
    written: str = ""
    unit: str = "s"
    passed: bool = False
    position: int | None = None
    is_guard: bool = False
    handler: Node | None = None


class Waits:
    """The endless waits of a project's functions."""

    def __init__(self, solution: Solution) -> None:
        self._solution = solution
        self._effects = solution.effects
        self._limits = Limits(solution.evaluator, solution.effects, self._waits_by_default)
        self._senders = Senders(solution, self._limits)
        self._guards = Guards(self._limits)

    def of(self, function: FunctionView) -> Iterator[tuple[SiteView, Wait]]:
        """The calls of a function that wait for ever, with what would bound them."""
        for index in self._candidates.of(function.module, function.summary):
            site = function.sites[index]
            wait = self.at(site)
            if wait is not None:
                yield site, wait

    @cached_property
    def _candidates(self) -> Candidates:
        knowledge = self._solution.knowledge
        calls = [*knowledge.calls_with("timeouts"), *knowledge.calls_with("hands_on")]
        names = knowledge.last_names(name for name in calls if _may_wait(knowledge.call(name)))
        makers = knowledge.last_names(knowledge.calls_with("role", "partial"))
        return Candidates(self._solution.table, names | self._stub_methods, makers)

    @cached_property
    def _stub_methods(self) -> frozenset[str]:
        """Names that may be methods of a generated client: whatever is called and written like a class."""
        if not self._solution.knowledge.markers_of_kind("client-stub"):
            return frozenset()
        return frozenset(name for name in self._solution.call_sites.by_name if name[:1].isupper())

    def at(self, site: SiteView) -> Wait | None:
        """The wait of one call; None when something bounds it or it is not known."""
        leaf = site.leaf or self._remote(site)
        if leaf is None:
            wait = self._adapted(site)
        elif leaf.fact.hands_on is not None:
            wait = self._handed_on(site, leaf)
        elif leaf.fact.timeouts:
            callee = site.callees[0] if site.callees else External(leaf.name)
            wait = _with_place(self._of_callee(site, leaf, callee, site.arguments), site, leaf.fact)
        else:
            return None
        return None if wait is None or is_over(site) or self._guards.holds(site) else wait

    def _remote(self, site: SiteView) -> Leaf | None:
        """A call of a generated client of which the channel is not known."""
        if not self._stub_methods or any(isinstance(callee, FunctionRef) for callee in site.callees):
            return None
        evaluator = self._solution.evaluator
        callee = site.function.term(site.term[1])
        if callee[0] == terms.ATTRIBUTE:
            owner, name = evaluator.value(site.function.module, callee[1]), callee[2]
        elif callee[0] == terms.NAME:
            head, _, name = callee[1].rpartition(".")
            owner = evaluator.resolve(head)
        else:
            return None
        fact = stubs.rpc(evaluator, owner, name) if isinstance(owner, Instance) else None
        return Leaf(fact.name, fact) if fact is not None else None

    def _handed_on(self, site: SiteView, carrier: Leaf) -> Wait | None:
        """``to_thread(requests.get, url)``: the callable waits in another thread, with what stands behind it."""
        own = site.arguments
        position, leaf, callee = self._callable_in(own)
        if leaf is None or callee is None or carrier.fact.hands_on == LATER:
            return None
        if leaf.fact.role in LOCAL and not site.is_awaited:
            return None
        keywords = carrier.fact.hands_on == "all"
        wait = self._of_callee(site, leaf, callee, own.behind(position, keywords=keywords))
        can_pass = keywords and (wait is None or not wait.passed)
        return wait if wait is None or can_pass else replace(wait, written="")

    def _callable_in(self, given: Arguments) -> tuple[int, Leaf | None, Value | None]:
        """The first library call with a timeout among positional arguments, and its place."""
        for position, argument in enumerate(given.positional):
            callees = list(options(self._solution.evaluator.value(argument.module, argument.term)))
            if len(callees) == 1 and isinstance(callees[0], (External, Partial)):
                leaf = self._effects.leaf(callees[0])
                return position, leaf if leaf is not None and leaf.fact.timeouts else None, callees[0]
        return 0, None, None

    def _adapted(self, site: SiteView) -> Wait | None:
        """``sync_to_async(requests.get)(url)``: the callable in another guise."""
        module = site.function.module
        made = site.function.term(site.term[1])
        if made[0] != terms.CALL:
            return None
        leaves = [self._effects.leaf(callee) for callee in self._effects.targets(module, made)]
        if not leaves or any(leaf is None or leaf.fact.hands_on != LATER for leaf in leaves):
            return None
        _, leaf, callee = self._callable_in(arguments.of_call(module, made))
        return self._of_callee(site, leaf, callee, site.arguments) if leaf is not None and callee is not None else None

    def _of_callee(self, site: SiteView, leaf: Leaf, callee: Value, own: Arguments) -> Wait | None:
        fact = leaf.fact
        guards = guards_of(fact)
        bounds = guards or bounds_of(fact)
        handler = self._handlers.get(site.function.node) if self._is_local(fact, bounds) else None
        if handler is None and not self._is_remote(fact, bounds):
            return None
        if fact.streams or (fact.role == "rpc" and site.is_iterated):
            return None
        if guards and not self._is_answer(site, callee):
            return None
        given = arguments.of_callee(self._solution.table, callee, own)
        limit = Limit.DEFAULT if guards else self._limits.of_call(fact, bounds, given)
        if limit is Limit.DEFAULT:
            is_bound = not self._waits_by_default(fact, bounds)
            if is_bound or self._senders.bound(site.function.module, site.term, callee, fact):
                return None
        elif limit is not Limit.NONE or is_meant_to_last(site, leaf, given):
            return None
        if fact.role in ("constructor", "connect") and self._is_bound_per_call(site, fact):
            return None
        first = bounds[0]
        written = "" if guards else first.written
        name = _called(site) if leaf.name.endswith(".__call__") else leaf.name
        return Wait(
            name,
            first.param,
            fact.role,
            written=written,
            unit=first.unit,
            passed=limit is Limit.NONE,
            is_guard=bool(guards),
            handler=handler,
        )

    def _is_answer(self, site: SiteView, callee: Value) -> bool:
        """Whether what is read comes over a connection that the project opened, and is no endless conversation.

        A stream that a server is given, or that of a child process, has nobody who was asked for something.
        """
        if not isinstance(callee, External) or not isinstance(callee.receiver, Instance):
            return True
        if any(loop.kind == scopes.WHILE for loop in site.loops):
            return False
        made = receiver_makings(self._solution, site.function.node, site.term)
        return bool(made) and all(self._opens(module, term) for module, term in made or ())

    def _opens(self, module: Module, term: Sequence[Any]) -> bool:
        leaves = [self._effects.leaf(callee) for callee in self._effects.targets(module, term)]
        return bool(leaves) and all(leaf is not None and leaf.fact.role == "connect" for leaf in leaves)

    @staticmethod
    def _is_remote(fact: CallFact, bounds: Sequence[Timeout]) -> bool:
        """Whether a call waits for another machine, wherever it stands."""
        return bool(bounds) and (is_remote(fact) or any(timeout.demanded for timeout in bounds))

    def _is_local(self, fact: CallFact, bounds: Sequence[Timeout]) -> bool:
        """Whether a call waits for something in this machine, which matters while a request is served."""
        remote = self._is_remote(fact, bounds)
        return bool(bounds) and not remote and fact.role in LOCAL and "blocks" in fact.effects

    def _is_bound_per_call(self, site: SiteView, fact: CallFact) -> bool:
        """Whether every call that goes to the object made here brings a limit of its own."""
        used = [
            self._limits.of_call(call.leaf.fact, bounds_of(call.leaf.fact), call.arguments) is Limit.SOME
            for call in calls_on(site)
            if call.leaf is not None and call.leaf.fact.inherits_from == fact.name and bounds_of(call.leaf.fact)
        ]
        return bool(used) and all(used)

    @cached_property
    def _handlers(self) -> Mapping[Node, Node]:
        return handlers_of(self._solution.table, self._effects, self._solution.contexts)

    def constant_of(self, function: FunctionView) -> str | None:
        """The one global name of the module that says how many seconds to wait, for code that runs after it is set."""
        if function.index == _MODULE_BODY or function.summary.kind == "class":
            return None
        taken = {name for name, _, _ in function.summary.parameters}
        module = function.module
        found = [
            name
            for name, bound in sorted(module.summary.names.items())
            if _SECONDS.fullmatch(name) and name not in taken and len(bound) == 1 and self._is_number(module, bound[0])
        ]
        return found[0] if len(found) == 1 else None

    def _is_number(self, module: Module, index: int) -> bool:
        """Whether a term is a number of seconds that somebody would wait for an answer."""
        found = origins.literals(self._solution.evaluator, module, index) or []
        value: Any = found[0][1][1] if len(found) == 1 and found[0][1][0] == terms.CONSTANT else None
        return type(value) in (int, float) and 0 < value <= _LONGEST

    # --- for the project ---------------------------------------------------------------------------------------

    def _waits_by_default(self, fact: CallFact, bounds: Sequence[Timeout]) -> bool:
        """Whether a call without any limit waits for ever, in the version that the project runs with."""
        for timeout in bounds:
            for older in timeout.was:
                is_older = self._solution.versions.of(fact.name.partition(".")[0]).is_before(older.until)
                if is_older is not False:
                    return is_older is True and older.default == "none"
        if any(timeout.default == SOCKET_DEFAULT for timeout in bounds) and self.has_socket_default:
            return False
        return fact.default_wait == "forever"

    @cached_property
    def has_socket_default(self) -> bool:
        """Whether importing some module of the project gives every new socket a limit."""
        knowledge = self._solution.knowledge
        setters = {
            name
            for name in knowledge.calls_with("role", "timeout-setting")
            for fact in [knowledge.call(name)]
            if fact is not None and any(timeout.where == SOCKET_DEFAULT for timeout in fact.timeouts)
        }
        sites = self._solution.call_sites.named(sorted({name.rpartition(".")[2] for name in setters}))
        return any(self._sets_socket_default(site) for site in sites if site.function == _MODULE_BODY)

    def _sets_socket_default(self, site: CallSite) -> bool:
        module = self._solution.table.by_name[site.module]
        call = module.summary.terms[site.term]
        for callee in self._effects.targets(module, call):
            leaf = self._effects.leaf(callee)
            for timeout in leaf.fact.timeouts if leaf is not None else ():
                given = arguments.of_call(module, call).get(timeout.pos, timeout.param)
                if timeout.where == SOCKET_DEFAULT and given is not None:
                    return self._limits.of_value(given, timeout) is not Limit.NONE
        return False


def _may_wait(fact: CallFact | None) -> bool:
    """Whether a call of this kind is ever reported, or hands on a callable that may be."""
    if fact is None or fact.hands_on is not None:
        return fact is not None
    bounds = guards_of(fact) or bounds_of(fact)
    return bool(bounds) and (is_remote(fact) or fact.role in LOCAL or any(timeout.demanded for timeout in bounds))


def _with_place(wait: Wait | None, site: SiteView, fact: CallFact) -> Wait | None:
    """Where in the call the fix has to write: at a position, or nowhere when a mapping brings the parameter."""
    if wait is None or not wait.passed or wait.parameter in site.keywords:
        return wait
    position = next((timeout.pos for timeout in fact.timeouts if timeout.param == wait.parameter), None)
    if position is not None and position < len(site.arguments.positional):
        return replace(wait, position=position)
    return replace(wait, written="") if wait.parameter in site.arguments.named else wait


def _called(site: SiteView) -> str:
    """What a call without a name of its own is called by: ``Charge`` in ``stub.Charge(request)``."""
    callee = site.function.term(site.term[1])
    return str(callee[2]) if callee[0] == terms.ATTRIBUTE else str(callee[1]).rpartition(".")[2]
